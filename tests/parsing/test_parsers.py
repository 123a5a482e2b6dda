"""From photos to maps: sizes, batches, edges; for the builtin parser and for a SegFormer."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parsing.doubt import resolve_doubt
from humandiffusion.parsing.edges import settle
from humandiffusion.parsing.fitting import fit_photos, inner_size
from humandiffusion.parsing.load import load_parser
from humandiffusion.parsing.segformer import Preprocessing, load_segformer
from humandiffusion.parts import FACE, FOOTWEAR, OUTER, SKIN, TOP
from humandiffusion.pose.crosswalks import crosswalk

ATR, FASHN = crosswalk("atr").labels, crosswalk("fashn").labels


@pytest.mark.parametrize("size", [(96, 64), (50, 77), (3, 1), (1, 400), (512, 300)])
def test_a_map_has_the_size_of_its_photo(parser_file: Path, size: tuple[int, int]) -> None:
    pose = load_parser(parser_file).parse(torch.rand(1, 3, *size))
    assert (pose.height, pose.width) == size
    assert pose.soft is not None and bool(pose.soft.isfinite().all())
    assert torch.allclose(pose.soft.sum(1), torch.ones(1, *size), atol=1e-4)
    assert torch.equal(pose.soft.argmax(1).to(torch.uint8), pose.labels)


def test_a_batch_is_as_its_photos_one_by_one(parser_file: Path, segformer_folder: Callable[..., Path]) -> None:
    photos = torch.rand(3, 3, 90, 60, generator=torch.Generator().manual_seed(1))
    for parser in (load_parser(parser_file), load_parser(segformer_folder(ATR))):
        together = parser.shares(photos)
        alone = torch.cat([parser.shares(photo[None]) for photo in photos])
        assert torch.allclose(together, alone, atol=1e-4)


def test_a_mirrored_photo_gets_the_mirrored_map(parser_file: Path) -> None:
    parser, photo = load_parser(parser_file), torch.rand(1, 3, 384, 256)
    straight, mirrored = parser.parse(photo).soft, parser.parse(photo.flip(3)).soft
    assert straight is not None and mirrored is not None
    assert torch.allclose(straight, mirrored.flip(3), atol=1e-4)


def test_photos_keep_their_shape() -> None:
    for height, width in ((1536, 1024), (300, 900), (64, 64), (2000, 500)):
        h, w = inner_size(height, width, 256 * 384)
        assert abs(h * w / (256 * 384) - 1) < 0.03 and abs(h / w / (height / width) - 1) < 0.03
    seen, size = fit_photos(torch.rand(1, 3, 500, 333), 256 * 384, 32)
    assert seen.shape[2] % 32 == seen.shape[3] % 32 == 0
    assert 0 <= seen.shape[2] - size[0] < 32 and 0 <= seen.shape[3] - size[1] < 32


def test_doubt_inside_a_garment_goes_and_at_its_edge_stays() -> None:
    shares = torch.zeros(1, 24, 20, 20)
    shares[:, TOP], shares[:, OUTER] = 0.6, 0.4
    shares[:, :, :, 10:] = 0.0
    shares[:, FACE, :, 10:] = 1.0
    soft = settle(shares, (40, 40)).soft
    assert soft is not None
    assert bool((soft[:, TOP, :, :12] == 1).all()) and bool((soft[:, OUTER] == 0).all())
    assert 0 < float(soft[0, FACE, 20, 19]) < 1


def test_a_doubt_between_garments_goes_to_the_one_that_the_photo_shows_more_of() -> None:
    shares = torch.zeros(1, 24, 10, 10)
    shares[:, OUTER], shares[:, TOP], shares[:, FACE, 0] = 0.8, 0.2, 0.5
    shares[:, OUTER, 5], shares[:, TOP, 5] = 0.45, 0.55
    resolved = resolve_doubt(shares)
    assert bool((resolved.argmax(1)[:, 1:] == OUTER).all())
    assert torch.allclose(resolved.sum(1), shares.sum(1)) and torch.equal(resolved[:, FACE], shares[:, FACE])
    nothing = torch.zeros(1, 24, 4, 4)
    assert torch.equal(resolve_doubt(nothing), nothing)


def test_what_is_no_photo_is_refused(parser_file: Path) -> None:
    parser = load_parser(parser_file)
    for wrong in (torch.rand(3, 9, 9), torch.rand(1, 4, 9, 9), torch.zeros(1, 3, 9, 9).byte(), torch.rand(0, 3, 9, 9)):
        with pytest.raises(InputError, match="image: got"):
            parser.parse(wrong)


@pytest.mark.parametrize("labels", [ATR, FASHN], ids=["atr", "fashn"])
def test_a_segformer_speaks_in_our_parts(segformer_folder: Callable[..., Path], labels: tuple[str, ...]) -> None:
    parser = load_parser(segformer_folder(labels))
    shares = parser.shares(torch.rand(2, 3, 96, 64))
    assert torch.allclose(shares.sum(1), torch.ones_like(shares[:, 0]), atol=1e-4)
    known = {crosswalk("atr" if labels is ATR else "fashn").parts[i] for i in range(len(labels))}
    silent = sorted(set(range(24)) - known)
    assert bool((shares[:, silent] == 0).all()) and {SKIN, FOOTWEAR} <= known or labels is FASHN
    pose = parser.parse(torch.rand(2, 3, 96, 64))
    assert pose.labels.shape == (2, 96, 64) and set(pose.labels.unique().tolist()) <= known


def test_a_segformers_classes_may_stand_in_any_order(segformer_folder: Callable[..., Path]) -> None:
    turned = [*ATR[5:], *ATR[:5]]
    parser = load_segformer(segformer_folder(turned))
    assert [parser.crosswalk.parts[turned.index(name)] for name in ATR] == list(crosswalk("atr").parts)


def test_a_segformer_sees_photos_as_its_folder_says(segformer_folder: Callable[..., Path]) -> None:
    said = {"size": {"height": 576, "width": 384}, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}
    assert load_segformer(segformer_folder(FASHN, **said)).preprocessing == Preprocessing(
        576 * 384, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
    )
    assert load_segformer(segformer_folder(FASHN, size=512)).preprocessing.area == 512 * 512


def test_folders_that_are_no_human_parsers_are_refused(segformer_folder: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="classes"):
        load_parser(segformer_folder(["cat", "dog"]))
    folder = segformer_folder(ATR)
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:3000])
    with pytest.raises(InputError, match="cannot be read"):
        load_parser(folder)
    weights.rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="safetensors"):
        load_parser(folder)
    (folder / "config.json").write_text('{"model_type": "unet"}')
    with pytest.raises(InputError, match="unet"):
        load_parser(folder)
    (folder / "config.json").write_text("[")
    with pytest.raises(InputError, match=r"config\.json"):
        load_parser(folder)
    with pytest.raises(InputError, match=r"config\.json"):
        load_parser(tmp_path)


def test_nothing_is_downloaded_and_transformers_is_asked_for_by_name(
    segformer_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = segformer_folder(ATR)
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(InputError, match="transformers"):
        load_parser(folder)
