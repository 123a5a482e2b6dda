"""Laws of trained MCA adapters, checked inside ComfyUI (inside_trained.py), and the same weights in diffusers."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from humandiffusion.adapters.mca_adapter import McaAdapter
from humandiffusion.adapters.mca_io import load_mca_adapter, save_mca_adapter
from humandiffusion.adapters.mca_layout import McaLayout
from humandiffusion.encoders.load import load_encoder
from humandiffusion.mca.diffusers_attention import align
from humandiffusion.mca.feature_rows import RegionFeatures
from humandiffusion.mca.regions import Region, region_rows
from humandiffusion.pose.semantic_pose import SemanticPose

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
INSIDE = Path(__file__).with_name("inside_trained.py")
LAWS = re.findall(r"^def (law_\w+)", INSIDE.read_text("utf-8"), re.M)


@pytest.fixture(scope="session")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with adapters of random weights for the small SD 1.5: of a drawn part encoder, and of the builtin."""
    torch.manual_seed(5)
    layout = McaLayout("sd15", 768, (320,) * 7, (320, 320), 32, "drawn-1", width=64, heads=4)
    folder = tmp_path_factory.mktemp("trained")
    save_mca_adapter(folder / "mine.safetensors", McaAdapter(layout))
    encoder = load_encoder()
    layout = replace(layout, feature_dim=encoder.dim, encoder_id=encoder.encoder_id)
    save_mca_adapter(folder / "builtin.safetensors", McaAdapter(layout))
    return folder


@pytest.fixture(scope="session")
def results(run_laws: Callable[..., dict[str, str]], random_sd: Path, mine: Path) -> dict[str, str]:
    return run_laws(INSIDE, random_sd, mine)


@pytest.mark.parametrize("law", LAWS)
def test_inside_comfyui(results: dict[str, str], law: str) -> None:
    assert results[law] == "", results[law]


def test_the_same_file_gives_the_same_pictures_in_diffusers(
    results: dict[str, str], random_sd: Path, mine: Path
) -> None:
    """Relative to what the adapter changes; both compute in float32, in another order."""
    from sd_diffusers import euler, unet_of

    assert results["law_diffusers_can_repeat_it"] == ""
    recorded = torch.load(mine / "record.pt", weights_only=True)
    adapter, _ = load_mca_adapter(mine / "mine.safetensors")
    unet = unet_of(random_sd / "sd15.safetensors")
    told = [RegionFeatures(f, c.float(), 768) for f, c in zip(recorded["features"], recorded["counts"], strict=True)]
    pose, size = SemanticPose(recorded["labels"]), tuple(recorded["noise"].shape[-2:])
    regions = [Region(pose, adapter=adapter, features=one) for one in told]
    rows = [region_rows([region], size, lambda start, end: True, 77) for region in regions]
    with torch.no_grad(), align(unet, *rows):
        for count in (1, 4):
            ours = euler(unet, recorded["noise"], recorded["sigmas"][count], recorded["prompts"])
            theirs, plain = recorded["worn"][count], recorded["plain"][count]
            change = (theirs - plain).abs().max()
            assert change > 0.05 * plain.abs().max()
            assert (ours - theirs).abs().max() < 1e-4 * change, (count, float((ours - theirs).abs().max() / change))
