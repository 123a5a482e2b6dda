"""Tiny pipelines of diffusers with random weights, as folders. Nothing in them was ever trained."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

WIDTH = 16


def write_sd15(
    folder: Path, *, width: int = WIDTH, prediction: str = "epsilon", channels: tuple[int, int] = (16, 32)
) -> Path:
    """A StableDiffusionPipeline whose text is `width` wide and whose U-Net has two levels."""
    torch.manual_seed(0)
    StableDiffusionPipeline(
        **_shared(prediction),
        unet=_unet(width, channels),
        tokenizer=_tokenizer(folder),
        text_encoder=CLIPTextModel(_text(width)),
        safety_checker=None,
        feature_extractor=None,
    ).save_pretrained(folder)
    return folder


def write_sdxl(folder: Path) -> Path:
    """A StableDiffusionXLPipeline with two text encoders, each of half the width."""
    torch.manual_seed(0)
    half = WIDTH // 2
    more = {"addition_embed_type": "text_time", "addition_time_embed_dim": 4}
    more |= {"projection_class_embeddings_input_dim": half + 6 * 4}
    tokenizer = _tokenizer(folder)
    StableDiffusionXLPipeline(
        **_shared("epsilon"),
        unet=_unet(WIDTH, (16, 32), transformer_layers_per_block=2, **more),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        text_encoder=CLIPTextModel(_text(half)),
        text_encoder_2=CLIPTextModelWithProjection(_text(half)),
    ).save_pretrained(folder)
    return folder


def _unet(width: int, channels: tuple[int, int], **more: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        **{"sample_size": 16, "layers_per_block": 1, "block_out_channels": channels, "cross_attention_dim": width},
        **{"norm_num_groups": 8, "attention_head_dim": 4, **more},
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    )


def _shared(prediction: str) -> dict[str, Any]:
    widths = {"block_out_channels": (4, 4, 4, 4), "norm_num_groups": 1, "layers_per_block": 1}
    down, up = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4
    return {
        "vae": AutoencoderKL(down_block_types=down, up_block_types=up, **widths),
        "scheduler": DDIMScheduler(steps_offset=1, clip_sample=False, prediction_type=prediction),
    }


def _text(width: int) -> CLIPTextConfig:
    sizes = {"hidden_size": width, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    return CLIPTextConfig(vocab_size=190, projection_dim=width, bos_token_id=188, eos_token_id=189, **sizes)


def _tokenizer(folder: Path) -> CLIPTokenizer:
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(i) for i in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)
