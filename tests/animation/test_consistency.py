import pytest
import torch

from humandiffusion.animation.consistency import part_changes
from humandiffusion.encoders.builtin import load_encoder
from humandiffusion.errors import InputError
from humandiffusion.parts import PANTS, RING, TOP


def film(*tops: tuple[float, float, float], step: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames of a top in these colours over grey pants, `step` pixels further right in each."""
    labels = torch.zeros(len(tops), 64, 64, dtype=torch.uint8)
    images = torch.full((len(tops), 3, 64, 64), 0.9)
    for i, top in enumerate(tops):
        x = 4 + i * step
        labels[i, 8:30, x : x + 24], labels[i, 30:58, x : x + 24] = TOP, PANTS
        images[i, :, 8:30, x : x + 24] = torch.tensor(top)[:, None, None]
        images[i, :, 30:58, x : x + 24] = 0.4
    labels[0, 8, 4] = RING
    return images, labels


def test_a_part_that_only_moves_does_not_change() -> None:
    for change in part_changes(load_encoder("builtin"), *film((0.7, 0.1, 0.1), (0.7, 0.1, 0.1), step=9)).values():
        assert change.feature < 0.02 and change.colour < 0.5 and change.cloth < 0.01


def test_a_part_changes_by_itself_and_the_more_the_more_it_does() -> None:
    red, dark, blue = (0.7, 0.1, 0.1), (0.55, 0.1, 0.1), (0.1, 0.2, 0.7)
    little, much = (part_changes(load_encoder("builtin"), *film(red, other)) for other in (dark, blue))
    for figure in ("feature", "colour", "cloth"):
        assert getattr(much[TOP], figure) > getattr(little[TOP], figure) > getattr(little[PANTS], figure)
    assert little[PANTS].colour == 0


def test_small_parts_and_those_of_one_frame_alone_say_nothing() -> None:
    assert set(part_changes(load_encoder("builtin"), *film((0.7, 0.1, 0.1), (0.7, 0.1, 0.1)))) == {TOP, PANTS}
    assert part_changes(load_encoder("builtin"), *film((0.7, 0.1, 0.1))) == {}
    images, labels = film((0.7, 0.1, 0.1), (0.7, 0.1, 0.1))
    with pytest.raises(InputError, match="labels"):
        part_changes(load_encoder("builtin"), images, labels[:1])
