"""SemanticPose: where each body part and garment is, as a label map; keypoints, people, soft edges may ride along."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import InputError
from ..parts import PART_NAMES

# OpenPose's 18 body points, in its order; "right" is the person's own right.
KEYPOINT_NAMES: tuple[str, ...] = (
    "nose",
    "neck",
    "right shoulder",
    "right elbow",
    "right wrist",
    "left shoulder",
    "left elbow",
    "left wrist",
    "right hip",
    "right knee",
    "right ankle",
    "left hip",
    "left knee",
    "left ankle",
    "right eye",
    "left eye",
    "right ear",
    "left ear",
)


@dataclass(frozen=True, eq=False)
class Keypoints:
    """One person's points, rows of (x, y, confidence): map pixels from the top left corner; confidence 0 = missing.

    `body` [18, 3] in OpenPose order; `hands` [2, 21, 3] (left, right) and `face` [70, 3] as OpenPose has them, or None.
    """

    body: Tensor
    hands: Tensor | None = None
    face: Tensor | None = None

    def __post_init__(self) -> None:
        for name, shape in (("body", (18, 3)), ("hands", (2, 21, 3)), ("face", (70, 3))):
            points = getattr(self, name)
            if points is not None and tuple(points.shape) != shape:
                raise InputError(f"keypoints: got {name} of shape {list(points.shape)}, wanted {list(shape)}")


@dataclass(frozen=True, eq=False)
class SemanticPose:
    """Label maps of parts, B of one size.

    `labels` [B, H, W] uint8 indices into `classes`. `soft` [B, P, H, W] float shares (feathered edges) or None.
    `person` [B, H, W] uint8, 0 = nobody, or None. `keypoints`: for each map the people in it, or None. Both count the
    same people: id n is the n-th of the map's keypoints, if there are so many. Who is hidden has keypoints and no
    pixel; a person of whom no point is known has pixels, and points of confidence 0 or none at the end of the list.
    Raises InputError.
    """

    labels: Tensor
    soft: Tensor | None = None
    person: Tensor | None = None
    keypoints: tuple[tuple[Keypoints, ...], ...] | None = None
    classes: tuple[str, ...] = PART_NAMES

    def __post_init__(self) -> None:
        _check_map("labels", self.labels)
        if self.batch == 0 or self.height == 0 or self.width == 0:
            raise InputError(f"labels: got an empty map of shape {list(self.labels.shape)}, wanted at least one pixel")
        largest = int(self.labels.max())
        if largest >= len(self.classes):
            raise InputError(f"labels: got part {largest}, wanted 0 to {len(self.classes) - 1}; relabel the map")
        self._check_extras()

    def _check_extras(self) -> None:
        soft_shape = (self.batch, len(self.classes), self.height, self.width)
        if self.soft is not None and (tuple(self.soft.shape) != soft_shape or not self.soft.is_floating_point()):
            got = f"{self.soft.dtype} of shape {list(self.soft.shape)}"
            raise InputError(f"soft: got {got}, wanted float shares of shape {list(soft_shape)}")
        if self.person is not None:
            _check_map("person", self.person)
            if self.person.shape != self.labels.shape:
                raise InputError(
                    f"person: got shape {list(self.person.shape)}, wanted that of the labels, {list(self.labels.shape)}"
                )
        if self.keypoints is not None and len(self.keypoints) != self.batch:
            raise InputError(
                f"keypoints: got {len(self.keypoints)} lists of people for {self.batch} maps, wanted as many"
            )

    @property
    def batch(self) -> int:
        return self.labels.shape[0]

    @property
    def height(self) -> int:
        return self.labels.shape[1]

    @property
    def width(self) -> int:
        return self.labels.shape[2]

    def present(self) -> Tensor:
        """[B, P] bool: which parts each map has."""
        flat = self.labels.flatten(1).long()
        return torch.zeros(self.batch, len(self.classes), dtype=torch.bool, device=flat.device).scatter_(1, flat, True)

    def select(self, index: int) -> "SemanticPose":
        """One map of the batch, as a batch of one. A negative index counts from the end."""
        if not -self.batch <= index < self.batch:
            raise InputError(f"pose: got map {index}, wanted 0 to {self.batch - 1}")
        index %= self.batch
        return SemanticPose(
            self.labels[index : index + 1],
            None if self.soft is None else self.soft[index : index + 1],
            None if self.person is None else self.person[index : index + 1],
            None if self.keypoints is None else self.keypoints[index : index + 1],
            self.classes,
        )

    @staticmethod
    def stack(poses: Sequence["SemanticPose"]) -> "SemanticPose":
        """Poses of one size and class table become one batch. Of what only some have, the others get none: no people in
        their keypoints, nobody in `person`, the labels themselves as `soft`."""
        if not poses:
            raise InputError("poses: got none, wanted at least one")
        first = poses[0]
        for pose in poses[1:]:
            if (pose.height, pose.width) != (first.height, first.width):
                raise InputError(
                    f"poses: got maps of {first.width}x{first.height} and {pose.width}x{pose.height}, wanted one size; "
                    "resize or fit them first"
                )
            if pose.classes != first.classes:
                raise InputError("poses: got maps of different class tables, wanted one")
        return SemanticPose(
            torch.cat([pose.labels for pose in poses]),
            torch.cat([_soft(pose) for pose in poses]) if any(pose.soft is not None for pose in poses) else None,
            torch.cat([_person(pose) for pose in poses]) if any(pose.person is not None for pose in poses) else None,
            sum((_people(pose) for pose in poses), ()) if any(pose.keypoints is not None for pose in poses) else None,
            first.classes,
        )


def _check_map(name: str, values: Tensor) -> None:
    if values.dtype != torch.uint8 or values.ndim != 3:
        raise InputError(f"{name}: got {values.dtype} of shape {list(values.shape)}, wanted uint8 of shape [B, H, W]")


def _soft(pose: SemanticPose) -> Tensor:
    if pose.soft is not None:
        return pose.soft
    shares = torch.zeros(pose.batch, len(pose.classes), pose.height, pose.width, device=pose.labels.device)
    return shares.scatter_(1, pose.labels.long()[:, None], 1.0)


def _person(pose: SemanticPose) -> Tensor:
    return torch.zeros_like(pose.labels) if pose.person is None else pose.person


def _people(pose: SemanticPose) -> tuple[tuple[Keypoints, ...], ...]:
    return ((),) * pose.batch if pose.keypoints is None else pose.keypoints
