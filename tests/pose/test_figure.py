"""The parametric figure: dressed as asked, where the keypoints are."""

import pytest
import torch

from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, DRESS, FACE, FOOTWEAR, HAIR, NECKWEAR, OUTER, PANTS, SKIN, SKIRT, TOP
from humandiffusion.pose.figure import Stance, draw_figure
from humandiffusion.pose.garments import Garment, cut, cut_names
from humandiffusion.pose.geometry import mirror
from humandiffusion.pose.semantic_pose import Keypoints, SemanticPose
from humandiffusion.pose.skeleton import pose_keypoints

SIZE = (384, 256)
STANDING = {
    "right": {"upper_arm": 12, "forearm": 6, "thigh": 4},
    "left": {"upper_arm": 12, "forearm": 6, "thigh": 4},
}


def wear(*garments: Garment, keypoints: Keypoints | None = None, size=SIZE, **options) -> SemanticPose:
    return draw_figure(keypoints or pose_keypoints(STANDING, size), garments, size, **options)


def lowest(pose: SemanticPose, part: int) -> int:
    return int((pose.labels[0] == part).nonzero()[:, 0].max())


def area(pose: SemanticPose, part: int) -> int:
    return int((pose.labels[0] == part).sum())


@pytest.mark.parametrize("name", cut_names())
def test_every_cut_shows_its_part(name: str) -> None:
    garment = cut(name)
    others = [cut(other) for other in ("hair-short", "shorts", "shoes") if cut(other).part != garment.part]
    assert area(wear(*others, garment), garment.part) > 8


@pytest.mark.parametrize("view", ["front", "back"])
def test_a_bare_figure_is_skin_and_face_only(view: str) -> None:
    labels = wear(keypoints=pose_keypoints({**STANDING, "view": view}, SIZE)).labels
    wanted = {BACKGROUND, SKIN} if view == "back" else {BACKGROUND, SKIN, FACE}
    assert set(labels.unique().tolist()) == wanted


def test_the_same_call_draws_the_same_map() -> None:
    assert torch.equal(wear(cut("dress")).labels, wear(cut("dress")).labels)


@pytest.mark.parametrize(("name", "part"), [("dress", DRESS), ("skirt", SKIRT), ("coat", OUTER), ("jeans", PANTS)])
def test_a_longer_hem_ends_lower(name: str, part: int) -> None:
    hems = [lowest(wear(cut(name, hem=hem)), part) for hem in (1.3, 1.7, 2.1, 2.6)]
    assert hems == sorted(hems) and hems[-1] - hems[0] > 60


def test_a_longer_sleeve_leaves_less_skin() -> None:
    bare = [area(wear(cut("t-shirt", sleeve=sleeve)), SKIN) for sleeve in (0.2, 0.5, 0.8, 1.0)]
    assert bare == sorted(bare, reverse=True) and bare[0] - bare[-1] > 400


def test_a_deeper_neckline_shows_more_skin() -> None:
    shown = [area(wear(cut("blouse", neck_depth=depth)), SKIN) for depth in (0.0, 0.15, 0.35)]
    assert shown == sorted(shown) and shown[-1] > shown[0] + 20


def test_an_open_coat_shows_what_is_under_it_and_a_closed_one_does_not() -> None:
    opened = wear(cut("t-shirt"), cut("coat"))
    closed = wear(cut("t-shirt"), cut("coat", gap=0.0, gap_hem=0.0, neck_depth=0.0))
    assert area(opened, TOP) > 10 * max(area(closed, TOP), 1)


def test_a_tucked_top_lies_under_the_trousers() -> None:
    jeans = cut("jeans")
    assert lowest(wear(cut("blouse", hem=0.95), jeans), TOP) < lowest(wear(cut("blouse", hem=1.05), jeans), TOP)


def test_the_person_fills_nine_tenths_and_has_a_persons_proportions() -> None:
    pose = wear(cut("hair-short"), cut("t-shirt"), cut("jeans"), cut("shoes"))
    rows = (pose.labels[0] > 0).any(1).nonzero()[:, 0]
    height = int(rows.max() - rows.min()) + 1
    assert 0.9 < height / SIZE[0] < 0.96
    head = ((pose.labels[0] == FACE) | (pose.labels[0] == HAIR)).any(1).sum() / height
    # With the upper throat, which parsed photos call face.
    assert 0.13 < head < 0.18
    assert 0.22 < (pose.labels[0] > 0).any(0).sum() / height < 0.4


def test_it_is_one_piece_without_crumbs() -> None:
    pose = wear(cut("hair-short"), cut("t-shirt"), cut("jeans"), cut("shoes"), size=(192, 128))
    person = (pose.labels > 0).float()
    # Grown from the chest, all of the person is reached.
    reached = torch.zeros_like(person)
    reached[0, 55, 64] = person[0, 55, 64]
    before = 0.0
    while reached.sum() > before:
        before = float(reached.sum())
        reached = torch.nn.functional.max_pool2d(reached, 3, 1, 1) * person
    assert before == person.sum() > 0


def test_a_larger_map_shows_the_same_figure() -> None:
    garments = [cut(name) for name in ("hair-bob", "dress", "shoes")]
    small, large = wear(*garments), wear(*garments, size=(768, 512))
    halved = large.labels[:, ::2, ::2]
    # Outlines are a pixel off at most.
    assert (halved != small.labels).float().mean() < 0.02


def test_it_stands_where_the_keypoints_are() -> None:
    points = pose_keypoints(STANDING, SIZE)
    moved = Keypoints(points.body + torch.tensor([20.0, 0.0, 0.0]))
    at_home, away = (wear(cut("dress"), keypoints=k).labels[0] > 0 for k in (points, moved))
    assert torch.allclose(
        (at_home.nonzero().float().mean(0) + torch.tensor([0.0, 20.0])), away.nonzero().float().mean(0), atol=1.0
    )
    pose = wear(cut("hair-short"), cut("t-shirt"), cut("jeans"), cut("shoes"), keypoints=points)
    assert pose.keypoints is not None and pose.keypoints[0][0] is points
    x, y = (int(v) for v in points.body[0, :2])
    assert pose.labels[0, y, x] == FACE
    for ankle in (10, 13):
        x, y = (int(v) for v in points.body[ankle, :2])
        assert pose.labels[0, y + 10, x] == FOOTWEAR


def test_a_mirrored_skeleton_draws_a_mirrored_figure() -> None:
    leaning = {**STANDING, "right": {"upper_arm": 60, "forearm": 100}, "turn": 0.3}
    pose = wear(cut("hair-short"), cut("t-shirt"), cut("jeans"), keypoints=pose_keypoints(leaning, SIZE))
    other = mirror(pose)
    assert other.keypoints is not None
    drawn = wear(cut("hair-short"), cut("t-shirt"), cut("jeans"), keypoints=other.keypoints[0][0])
    # The unsteadiness of the outlines is not mirrored.
    assert (drawn.labels != other.labels).float().mean() < 0.02


def test_from_behind_there_is_no_face_and_no_tie() -> None:
    points = pose_keypoints({**STANDING, "view": "back"}, SIZE)
    pose = wear(cut("hair-bob"), cut("shirt"), cut("tie"), cut("glasses"), cut("scarf"), keypoints=points)
    assert set(pose.labels.unique().tolist()) == {BACKGROUND, SKIN, HAIR, TOP, NECKWEAR}


def test_a_missing_limb_is_left_out_and_the_rest_is_drawn() -> None:
    points = pose_keypoints(STANDING, SIZE)
    body = points.body.clone()
    body[[4, 9, 10, 12, 13], 2] = 0
    pose = wear(cut("t-shirt"), cut("jeans"), cut("shoes"), cut("skirt"), keypoints=Keypoints(body))
    assert area(pose, TOP) > 1000 and area(pose, FOOTWEAR) == 0


def test_hands_in_pockets_are_not_seen() -> None:
    def hands(layer: str) -> int:
        sleeved = (cut("sweater"), cut("jeans"), cut("shoes"), cut("hair-short"))
        return area(wear(*sleeved, stance=Stance(arms=(layer, layer))), SKIN)

    assert hands("pocket") < hands("front") / 2


@pytest.mark.parametrize("missing", [2, 5, 8, 11])
def test_without_shoulders_or_hips_it_refuses(missing: int) -> None:
    body = pose_keypoints(STANDING, SIZE).body.clone()
    body[missing, 2] = 0
    with pytest.raises(InputError, match="shoulder|hip"):
        wear(keypoints=Keypoints(body))


@pytest.mark.parametrize("place", [float("nan"), float("inf"), 1e30])
def test_a_point_that_is_nowhere_is_refused_unless_it_is_missing(place: float) -> None:
    body = pose_keypoints(STANDING, SIZE).body.clone()
    body[4, 0] = place
    with pytest.raises(InputError, match="right wrist"):
        wear(keypoints=Keypoints(body))
    body[4, 2] = 0
    assert area(wear(keypoints=Keypoints(body)), FACE) > 0


@pytest.mark.parametrize("seed", range(6))
def test_no_keypoints_however_odd_break_it(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    body = torch.rand(18, 3, generator=generator) * torch.tensor([90.0, 130.0, 1.0]) - 15
    body[:, 2] = (torch.rand(18, generator=generator) > 0.3).float()
    body[[2, 5, 8, 11], 2] = 1
    pose = draw_figure(Keypoints(body), [cut(name) for name in cut_names()], (96, 64))
    assert pose.labels.shape == (1, 96, 64)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: cut("toga"),
        lambda: cut("dress", lenght=2.0),
        lambda: cut("dress", hem=99.0),
        lambda: cut("dress", part="hovercraft"),
        lambda: cut("hair-bob", style="mohawk"),
        lambda: Garment(part=0, shape="bodice"),
        lambda: Garment(part=TOP, shape="sphere"),
        lambda: Stance(arms=("front", "up")),
        lambda: wear(build="marble"),
        lambda: wear(size=(0, 4), keypoints=Keypoints(torch.ones(18, 3))),
        lambda: wear(keypoints=Keypoints(torch.ones(18, 3))),
        lambda: pose_keypoints({"view": "above"}, SIZE),
    ],
)
def test_what_is_unknown_is_refused(wrong) -> None:
    with pytest.raises(InputError):
        wrong()
