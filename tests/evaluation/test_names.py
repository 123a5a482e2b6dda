"""Files of an evaluation are told apart by all that they hang on."""

from pathlib import Path

import pytest

from humandiffusion.encoders.builtin import BUILTIN as BUILTIN_ENCODER
from humandiffusion.encoders.builtin import BuiltinPartEncoder, EncoderConfig, save_encoder
from humandiffusion.evaluation.candidates import Candidate
from humandiffusion.evaluation.judges import load_judges
from humandiffusion.evaluation.pictures import plain_name
from humandiffusion.models.io import load_denoiser
from humandiffusion.parsing.io import BUILTIN as BUILTIN_PARSER
from humandiffusion.safetensors_io import write_tensors


def test_no_two_ids_share_a_name_and_plain_ones_stay() -> None:
    ids = ["a/b", "a_b", "a b", "a:b", "a.b", "WOMEN-Dresses-id_00000080-01_1_front"]
    assert len({plain_name(one) for one in ids}) == len(ids)
    assert plain_name(ids[-1]) == ids[-1] and "/" not in plain_name("a/b")


def test_a_model_put_together_of_a_run_is_of_its_encoder(tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    run, other = tmp_path / "run", tmp_path / "other.safetensors"
    write_tensors(run / "unet.safetensors", load_denoiser().unet.state_dict())
    second = save_encoder(BuiltinPartEncoder(EncoderConfig()), other)
    made = [Candidate("one", str(run), str(encoder)).file(tmp_path) for encoder in ("builtin", other)]
    assert made[0].model != made[1].model
    assert load_denoiser(Path(made[1].model)).metadata["encoder_id"] == second
    assert load_denoiser(Path(made[0].model)).metadata["encoder_id"] != second


def test_our_own_judges_are_told_by_what_they_are_not_by_what_they_are_called() -> None:
    judges = load_judges(parser=str(BUILTIN_PARSER), encoder=str(BUILTIN_ENCODER), features="encoder")
    assert sum("trained on the same photos as the model" in note for note in judges.notes) == 2
