"""Keypoints of several people and what they wear become a map, each person a dressed figure with an id of their own."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import torch

from ..errors import InputError
from .completion import complete
from .figure import draw_figure
from .garments import Garment
from .keypoints_io import KeypointFrame
from .semantic_pose import Keypoints, SemanticPose

_logger = logging.getLogger(__name__)


def pose_from_keypoints(
    frames: Sequence[KeypointFrame],
    garments: Sequence[Garment],
    size: tuple[int, int] | None = None,
    *,
    build: str = "average",
) -> SemanticPose:
    """Draw the people of each frame, all dressed alike, at `size` = (height, width), the first frame's canvas if None.

    Who stands lower in the picture is in front. Person ids count from 1 in the order of the frame, also past people
    who could not be drawn; keypoints ride along as they came. Raises InputError if the canvas is not known, or nobody
    in any frame has enough points to be drawn.
    """
    size = size or _canvas(frames)
    people = [frame.on(size) for frame in frames]
    drawn = [_draw_frame(group, garments, size, build) for group in people]
    if not any(count for _, _, count in drawn):
        raise InputError(
            "keypoints: got nobody of whom a shoulder, a hip, or head and neck are known, wanted at least one person"
        )
    for i, (group, (_, _, count)) in enumerate(zip(people, drawn, strict=True)):
        if count < len(group):
            _logger.warning(
                "Frame %d: %d of %d people have too few points to draw.", i + 1, len(group) - count, len(group)
            )
    return SemanticPose(
        torch.stack([labels for labels, _, _ in drawn]),
        person=torch.stack([person for _, person, _ in drawn]),
        keypoints=tuple(people),
    )


def _canvas(frames: Sequence[KeypointFrame]) -> tuple[int, int]:
    known = [frame.size for frame in frames if frame.size is not None]
    if not known:
        raise InputError("size: the keypoints do not say how large their picture is; give width and height")
    return known[0]


def _draw_frame(
    people: Sequence[Keypoints], garments: Sequence[Garment], size: tuple[int, int], build: str
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Labels and person ids [H, W] uint8, and how many could be drawn."""
    labels = torch.zeros(size, dtype=torch.uint8)
    person = torch.zeros_like(labels)
    whole = [(complete(someone, size), i + 1) for i, someone in enumerate(people)]
    drawable = [(someone, number) for someone, number in whole if someone is not None]
    count = 0
    for someone, number in sorted(drawable, key=lambda pair: _lowest(pair[0])):
        try:
            figure = draw_figure(someone, _in_hand(garments, someone), size, build=build).labels[0]
        except InputError:  # all points in one place
            continue
        labels = torch.where(figure > 0, figure, labels)
        person = torch.where(figure > 0, torch.tensor(number, dtype=torch.uint8), person)
        count += 1
    return labels, person, count


def _in_hand(garments: Sequence[Garment], someone: Keypoints) -> list[Garment]:
    """A bag of which nobody said where it is hangs on the side from which the body leans away."""
    shoulders, hips = someone.body[[2, 5], 0].mean(), someone.body[[8, 11], 0].mean()
    facing = someone.body[5, 0] >= someone.body[2, 0]
    side = "left" if bool((shoulders < hips) == facing) else "right"
    return [replace(g, style=side) if g.shape == "handbag" and not g.style else g for g in garments]


def _lowest(someone: Keypoints) -> float:
    body = someone.body
    return float(body[body[:, 2] > 0, 1].max())
