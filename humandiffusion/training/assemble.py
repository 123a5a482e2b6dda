"""A finished denoiser and a finished picture decoder become one file that `generate` and ComfyUI load."""

import argparse
import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file

from ..encoders.builtin import load_encoder
from ..errors import InputError
from ..models.config import DenoiserConfig
from ..models.decoder import DecoderConfig
from ..models.io import config_from, load_denoiser, save_denoiser
from .metrics import read_metrics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `humandiffusion train assemble`."""
    parser.add_argument("--denoiser", type=Path, required=True, help="the --out folder of `train denoiser`")
    parser.add_argument("--decoder", type=Path, required=True, help="the --out folder of `train decoder`")
    parser.add_argument("--encoder", default="builtin", help="the part encoder that the denoiser was trained with")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")


def run(args: argparse.Namespace) -> None:
    """Write the file and read it once, so that what is written is known to load."""
    weights = [args.denoiser / "unet.safetensors", args.decoder / "decoder.safetensors"]
    for path in weights:
        if not path.is_file():
            raise InputError(f"{path}: there is no such file; wanted the --out folder of a run that has saved")
    encoder = load_encoder(args.encoder)
    rows = read_metrics(args.denoiser)
    recipe = {"step": int(rows[-1]["step"]), "seconds": round(float(rows[-1]["seconds"]), 1)} if rows else {}
    save_denoiser(
        args.out,
        config=config_of(weights[0], encoder.dim),
        decoder_config=DecoderConfig(),
        unet=load_file(weights[0]),
        decoder=load_file(weights[1]),
        encoder_id=encoder.encoder_id,
        recipe=recipe,
    )
    load_denoiser(args.out)


def config_of(path: Path, feature_dim: int) -> DenoiserConfig:
    """The sizes that a run of the denoiser wrote with its weights; without any, those of the code."""
    with safe_open(path, "pt") as file:
        told = (file.metadata() or {}).get("config")
    return config_from(DenoiserConfig, json.loads(told)) if told else DenoiserConfig(feature_dim=feature_dim)
