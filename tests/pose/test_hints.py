"""Hints for ControlNets: drawn where the map's borders are, at the size asked for, as each model knows them."""

import sys
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from humandiffusion.errors import InputError
from humandiffusion.parts import BAG, FACE, PANTS, SKIN, TOP
from humandiffusion.pose.geometry import mirror
from humandiffusion.pose.hints import ADE_BAG, ADE_PERSON, BACKGROUNDS, KINDS, control_hint, size_for
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import Keypoints, SemanticPose

LINES = ("soft edge", "line art", "scribble")
PRESETS = ("standing-trousers", "walking-skirt", "sitting-trousers")


def on_borders(labels: Tensor) -> Tensor:
    """[H, W] bool: pixels beside one of another part."""
    padded = F.pad(labels[None, None].float(), (1, 1, 1, 1), mode="replicate")[0, 0].to(labels)
    neighbours = [padded[1:-1, 2:], padded[1:-1, :-2], padded[2:, 1:-1], padded[:-2, 1:-1]]
    return torch.stack([labels != other for other in neighbours]).any(0)


def grown(mask: Tensor, radius: int) -> Tensor:
    return F.max_pool2d(mask.float()[None, None], 2 * radius + 1, 1, radius)[0, 0] > 0


def lit(pose: SemanticPose, kind: str, size: tuple[int, int] | None = None, **options: float) -> Tensor:
    return control_hint(pose, kind, size, **options)[0, ..., 0]


def box(*parts: tuple[int, slice, slice], size: tuple[int, int] = (96, 64)) -> SemanticPose:
    labels = torch.zeros(1, *size, dtype=torch.uint8)
    for part, rows, columns in parts:
        labels[0, rows, columns] = part
    return SemanticPose(labels)


@pytest.mark.parametrize("name", PRESETS)
def test_every_line_lies_on_a_border_and_every_border_has_a_line(name) -> None:
    pose = load_preset(name)
    borders = on_borders(pose.labels[0])
    lines = lit(pose, "line art", line_width=1.5) > 0.3
    assert not (lines & ~grown(borders, 2)).any()
    # Pinholes that drawing leaves in the map have none.
    assert (borders & ~grown(lines, 2)).sum() <= 0.01 * borders.sum()


@pytest.mark.parametrize("scale", [2, 4])
def test_lines_are_drawn_at_the_size_asked_for_without_the_maps_staircase(scale) -> None:
    y, x = torch.meshgrid(torch.arange(96), torch.arange(64), indexing="ij")
    pose = SemanticPose((y + 0.5 > 30 + (x + 0.5) / 7).to(torch.uint8)[None])
    lines = lit(pose, "line art", (96 * scale, 64 * scale), line_width=2.0)
    rows = torch.arange(96 * scale)[:, None] + 0.5
    middle = (lines * rows).sum(0) / lines.sum(0)
    true = (30 + (torch.arange(64 * scale) + 0.5) / scale / 7) * scale
    assert (middle - true).abs().max() < 0.5 * scale
    assert (middle - true).diff().abs().max() < 0.25, "no step"
    # As thin as at the map's own size.
    assert (lines.sum(0) - 2).abs().max() < 0.5


@pytest.mark.parametrize("name", PRESETS)
def test_the_segmentation_covers_what_the_map_covers(name) -> None:
    pose = load_preset(name)
    picture = control_hint(pose, "segmentation")[0]
    person = (picture > 0).any(-1)
    assert not ((person != (pose.labels[0] > 0)) & ~grown(on_borders(pose.labels[0]), 1)).any()
    area = float((pose.labels[0] > 0).sum())
    assert abs(float(person.sum()) - area) < 0.01 * area
    large = control_hint(pose, "segmentation", (1152, 768))[0]
    assert abs(float((large > 0).any(-1).sum()) / 9 - area) < 0.01 * area


def test_the_segmentation_has_exactly_the_colours_of_ade20k() -> None:
    pose = load_preset("walking-skirt")
    assert pose.present()[0, BAG]
    for name, colour in BACKGROUNDS.items():
        picture = control_hint(pose, "segmentation", (150, 101), background=name)[0] * 255
        found = {tuple(pixel) for pixel in picture.round().int().view(-1, 3).tolist()}
        assert found == {ADE_PERSON, ADE_BAG, colour}
        assert torch.equal(picture.round(), picture)
    assert ADE_PERSON == (150, 5, 61)


def test_the_outline_is_brightest_inner_borders_weaker_skin_on_skin_weakest() -> None:
    pose = box(
        (FACE, slice(10, 26), slice(16, 48)),
        (SKIN, slice(26, 40), slice(16, 48)),
        (TOP, slice(40, 60), slice(16, 48)),
        (PANTS, slice(60, 86), slice(16, 48)),
    )
    soft = lit(pose, "soft edge", (384, 256), line_width=8.0)
    outline, flesh, collar, waist = (soft[row - 6 : row + 6, 128].max() for row in (40, 104, 160, 240))
    assert outline > 0.95
    assert 0.2 < flesh < collar - 0.1
    assert abs(collar - waist) < 0.05 and collar < outline - 0.2
    # A soft line fades out, it has no edge.
    assert (soft.diff(dim=0).abs() < 0.25).all()


def test_a_scribble_has_no_half_tones_and_is_thick() -> None:
    pose = load_preset("standing-trousers")
    scribble, art = lit(pose, "scribble", (768, 512)), lit(pose, "line art", (768, 512))
    assert set(scribble.unique().tolist()) == {0.0, 1.0}
    assert scribble.sum() > 2.5 * art.sum()
    assert ((art > 0) & (art < 1)).any(), "line art is anti-aliased"


@pytest.mark.parametrize("kind", LINES)
def test_the_line_width_is_the_one_asked_for_and_else_follows_the_size(kind) -> None:
    pose = box((TOP, slice(20, 80), slice(-32, None)))
    wide, wider = (lit(pose, kind, (384, 256), line_width=width)[200].sum() for width in (6.0, 12.0))
    assert 5 < wide < 8 and 1.7 < wider / wide < 2.2
    small, large = (lit(pose, kind, size)[size[0] // 2].sum() for size in ((768, 512), (1536, 1024)))
    assert 1.8 < large / small < 2.2


@pytest.mark.parametrize("kind", [*LINES, "segmentation"])
def test_an_empty_map_is_black(kind) -> None:
    assert torch.equal(control_hint(box(), kind, (64, 48)), torch.zeros(1, 64, 48, 3))


@pytest.mark.parametrize("kind", LINES)
def test_the_pictures_own_edge_is_no_line(kind) -> None:
    assert not control_hint(box((TOP, slice(None), slice(None))), kind).any()
    half = lit(box((TOP, slice(48, None), slice(None))), kind, (192, 128))
    assert half[90:103].any(0).all(), "the line runs to the edges"
    assert not half[112:].any() and not half[:80].any()


@pytest.mark.parametrize("kind", [*LINES, "segmentation"])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (37, 53), (129, 65), (300, 40)])
def test_any_size_gives_finite_values_in_range(kind, size) -> None:
    for pose in (load_preset("walking-skirt", (96, 64)), SemanticPose(torch.ones(1, 1, 1, dtype=torch.uint8))):
        for width in (0.0, 0.01, 30.0):
            picture = control_hint(pose, kind, size, line_width=width)
            assert picture.shape == (1, *size, 3) and picture.dtype == torch.float32
            assert picture.isfinite().all() and picture.min() >= 0 and picture.max() <= 1


@pytest.mark.parametrize("kind", [*LINES, "segmentation"])
def test_a_batch_equals_its_singles(kind) -> None:
    poses = [load_preset(name, (96, 64)) for name in PRESETS]
    together = control_hint(SemanticPose.stack(poses), kind, (120, 88))
    assert torch.equal(together, torch.cat([control_hint(pose, kind, (120, 88)) for pose in poses]))


@pytest.mark.parametrize("kind", LINES)
def test_a_mirrored_map_gives_the_mirrored_hint(kind) -> None:
    pose = load_preset("standing-coat")
    straight, mirrored = control_hint(pose, kind, (768, 512)), control_hint(mirror(pose), kind, (768, 512))
    assert (straight.flip(2) - mirrored).abs().mean() < 0.05 * straight.mean()


@pytest.mark.parametrize("kind", [*LINES, "segmentation"])
def test_a_map_of_another_aspect_ratio_is_fitted_not_squashed(kind) -> None:
    pose = load_preset("standing-dress", (96, 64))
    wide = control_hint(pose, kind, (192, 256), line_width=3.0)
    assert torch.equal(wide[:, :, 64:192], control_hint(pose, kind, (192, 128), line_width=3.0))


def test_the_size_follows_the_map_where_it_is_not_given() -> None:
    pose = box()
    assert size_for(pose, 0, 0) == (96, 64)
    assert size_for(pose, 512, 0) == (768, 512)
    assert size_for(pose, 0, 768) == (768, 512)
    assert size_for(pose, 640, 480) == (480, 640)
    assert control_hint(pose, "line art").shape == (1, 96, 64, 3)


def test_a_thin_part_and_a_single_pixel_show() -> None:
    for part in (box((TOP, slice(10, 80), slice(30, 31))), box((TOP, slice(40, 41), slice(30, 31)))):
        for kind in ("soft edge", "line art"):
            assert lit(part, kind, (768, 512)).max() > 0.5


def test_pinholes_of_the_background_are_not_drawn_gaps_are() -> None:
    around = (TOP, slice(20, 80), slice(10, 54))
    hole, gap = (0, slice(50, 51), slice(30, 32)), (0, slice(40, 60), slice(30, 33))
    for kind in (*LINES, "segmentation"):
        assert torch.equal(control_hint(box(around, hole), kind), control_hint(box(around), kind))
    assert lit(box(around, gap), "line art")[36:64, 26:37].max() > 0.9
    # Borders that meet at a pinhole still meet.
    split = box((TOP, slice(20, 50), slice(10, 54)), (PANTS, slice(50, 80), slice(10, 54)), hole)
    assert (lit(split, "line art", (192, 128))[96:104, 24:104].amax(0) > 0.5).all()


def test_where_two_people_touch_their_outline_shows() -> None:
    alone = box((TOP, slice(20, 80), slice(10, 54)))
    person = torch.ones_like(alone.labels)
    person[:, :, 32:] = 2
    assert not lit(alone, "soft edge")[40:60, 28:36].any()
    assert lit(replace(alone, person=person), "soft edge", (384, 256), line_width=8.0)[200, 120:136].max() > 0.95


def test_what_came_in_is_unchanged() -> None:
    pose = box((TOP, slice(20, 80), slice(10, 54)), (0, slice(50, 51), slice(30, 31)))
    before = pose.labels.clone()
    for kind in (*LINES, "segmentation"):
        control_hint(pose, kind)
    assert torch.equal(pose.labels, before)


def test_a_wrong_word_or_size_is_refused_with_what_is_wanted() -> None:
    for options, said in (
        ({"kind": "canny"}, "kind: .*soft edge"),
        ({"kind": "segmentation", "background": "sea"}, "background: .*wall"),
        ({"kind": "line art", "size": (0, 5)}, "size: .*at least 1x1"),
        ({"kind": "line art", "line_width": -1.0}, "line_width: "),
        ({"kind": "line art", "line_width": float("nan")}, "line_width: "),
    ):
        with pytest.raises(InputError, match=said):
            control_hint(box(), **options)


def test_a_skeleton_of_a_map_without_keypoints_is_refused_with_what_to_do() -> None:
    nobody = SemanticPose(box().labels, keypoints=((Keypoints(torch.zeros(18, 3)),),))
    for pose in (box(), nobody, replace(nobody, keypoints=((),))):
        with pytest.raises(InputError, match="without keypoints.*Load Pose"):
            control_hint(pose, "skeleton")


def test_without_controlnet_aux_one_line_says_what_to_install_and_where(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "controlnet_aux", None)
    with pytest.raises(InputError, match="-m pip install controlnet_aux matplotlib") as caught:
        control_hint(load_preset("standing-dress"), "skeleton")
    assert sys.executable in str(caught.value) and "\n" not in str(caught.value)
    assert set(KINDS) == {*LINES, "segmentation", "skeleton"}
