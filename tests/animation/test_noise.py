import pytest
import torch

from humandiffusion.animation.noise import WAYS, frame_noise
from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, PANTS, TOP
from humandiffusion.pose.geometry import fit
from humandiffusion.pose.occupancy import occupancy
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.sampling import starting_noise

SHAPE = (3, 4, 32, 24)


def walk(steps: tuple[int, ...] = (0, 3, 9)) -> SemanticPose:
    """A top above pants, that moves to the right by `steps` cells of a latent of half the map's size."""
    labels = torch.full((len(steps), 64, 48), BACKGROUND, dtype=torch.uint8)
    for frame, step in zip(labels, steps, strict=True):
        frame[10:30, 4 + 2 * step : 18 + 2 * step] = TOP
        frame[30:60, 4 + 2 * step : 18 + 2 * step] = PANTS
    return SemanticPose(labels)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_starts_from_ksamplers_noise_of_the_seed(way: str) -> None:
    assert torch.equal(frame_noise(5, SHAPE, walk(), way)[0], starting_noise(5, SHAPE)[0])


def test_independent_noise_is_ksamplers_and_shared_is_its_first_frame() -> None:
    assert torch.equal(frame_noise(5, SHAPE, walk(), "independent"), starting_noise(5, SHAPE))
    shared = frame_noise(5, SHAPE, way="shared")
    assert all(torch.equal(frame, starting_noise(5, SHAPE)[0]) for frame in shared)


def test_a_parts_noise_moves_with_it_and_the_backgrounds_stays() -> None:
    noise = frame_noise(5, SHAPE, walk(), "moved")
    for frame, step in ((1, 3), (2, 9)):
        assert torch.equal(noise[frame][:, 5:30, 2 + step : 9 + step], noise[0][:, 5:30, 2:9])
        assert torch.equal(noise[frame][:, :5], noise[0][:, :5])
        assert torch.equal(noise[frame][:, :, 18:][:, 30:], noise[0][:, :, 18:][:, 30:])


def test_no_frame_has_the_same_number_twice() -> None:
    """So that it is as white as any noise: also where a part uncovers the place whose noise it took along."""
    for frame in frame_noise(5, SHAPE, walk(), "moved"):
        assert all(len(channel.unique()) == channel.numel() for channel in frame)


def test_moved_noise_is_normal() -> None:
    noise = frame_noise(1, (2, 4, 128, 96), SemanticPose(walk((0, 5)).labels.repeat(1, 4, 4)), "moved")
    assert abs(float(noise[1].mean())) < 0.02 and abs(float(noise[1].std()) - 1) < 0.02


def test_a_still_person_has_the_same_noise_in_all_frames() -> None:
    noise = frame_noise(5, SHAPE, walk((2, 2, 2)), "moved")
    assert torch.equal(noise[1], noise[0]) and torch.equal(noise[2], noise[0])


def test_a_part_that_appears_later_keeps_its_noise_from_then_on() -> None:
    labels = walk((0, 0, 4)).labels
    labels[0][labels[0] == TOP] = BACKGROUND
    noise = frame_noise(5, SHAPE, SemanticPose(labels), "moved")
    assert torch.equal(noise[2][:, 5:15, 6:13], noise[1][:, 5:15, 2:9])


@pytest.mark.parametrize(("size", "scale"), [((144, 112), 8), ((192, 128), 2), ((176, 128), 2), ((96, 56), 8)])
def test_parts_and_noise_move_together_where_the_map_is_laid_into_another_shape(
    size: tuple[int, int], scale: int
) -> None:
    """The cells that a sampler gives to a part are those whose noise moves; `scale` is its pixels to a cell."""
    labels = torch.full((2, 384, 256), BACKGROUND, dtype=torch.uint8)
    labels[0, 64:192, 16:96] = TOP
    labels[1, 64:192, 144:224] = TOP
    pose = SemanticPose(labels)
    first, last = frame_noise(5, (2, 4, *size), pose, "moved", pixels=scale)
    seen = occupancy(fit(pose, (size[0] * scale, size[1] * scale)), size).argmax(1) == TOP
    middles = [here.nonzero().float().median(0).values for here in seen]
    down, right = (middles[1] - middles[0]).round().int().tolist()
    moved = seen[1] & seen[0].roll((down, right), (0, 1))
    assert down == 0 and right > 20 and moved.sum() > 0.95 * seen[1].sum()
    assert torch.equal(last[:, moved], first.roll(right, 2)[:, moved])
    assert torch.equal(last[:, ~seen.any(0)], first[:, ~seen.any(0)]), "the background's stays"


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="3 frames"):
        frame_noise(1, SHAPE, walk((0, 1)), "moved")
    with pytest.raises(InputError, match="moved, shared, independent"):
        frame_noise(1, SHAPE, walk(), "woven")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"\[B, C, h, w\]"):
        frame_noise(1, (1, 4, 2, 8, 8), walk(), "moved")
