"""The soft mask of one part: 1 on the part and a little around it, falling to 0, and exactly 0 beyond its reach."""

import math

import torch
from torch import Tensor

from ..errors import InputError
from ..parts import PART_NAMES
from ..pose.distances import distances
from ..pose.people import owners
from ..pose.semantic_pose import SemanticPose

# Lengths are told in pixels of a picture of this size, and are larger on larger pictures in proportion.
REFERENCE = (384, 256)
GROW, FEATHER = 4.0, 8.0


def part_mask(
    pose: SemanticPose | Tensor,
    part: int,
    *,
    grow: float = GROW,
    feather: float = FEATHER,
    hull: bool = False,
    size: tuple[int, int] | None = None,
    person: int = 0,
) -> Tensor:
    """A map, or labels [B, H, W] -> mask [B, H, W] float32 in 0..1; all 0 where a frame has no such part.

    1 up to `grow` pixels from the part, then falling smoothly to 0 at `grow + feather`, and exactly 0 from there on.
    Both are in pixels of a 256 x 384 picture, larger in proportion on one of `size` (height, width; without it the
    map's own). `hull` takes the part's convex hull in its place, so that gaps in it, as between two sleeves, are
    masked too. `person` is whose part it is, 0 for everybody's. Raises InputError for lengths below 0 or no numbers.
    """
    for name, value in (("grow", grow), ("feather", feather)):
        if not 0 <= value < math.inf:
            raise InputError(f"{name}: got {value}, wanted a number of pixels of 0 or more")
    labels = pose.labels if isinstance(pose, SemanticPose) else pose
    scale = length_scale(size or (labels.shape[1], labels.shape[2]))
    return torch.stack([_soft(shape, grow * scale, feather * scale, hull) for shape in part_shape(pose, part, person)])


def part_shape(pose: SemanticPose | Tensor, part: int, person: int = 0) -> Tensor:
    """[B, H, W] bool: where a map, or labels [B, H, W], has the part; that of one person only, counted from 1, unless
    `person` is 0. Labels alone are one person's."""
    pose = pose if isinstance(pose, SemanticPose) else SemanticPose(pose)
    shape = pose.labels == part
    return shape & (owners(pose).int() == person) if person else shape


def length_scale(size: tuple[int, int]) -> float:
    """How many pixels of a picture of `size` (height, width) one of a 256 x 384 picture is."""
    return math.sqrt(size[0] * size[1] / (REFERENCE[0] * REFERENCE[1]))


def require_part(pose: SemanticPose, part: int, name: str = "pose", person: int = 0) -> None:
    """Raises InputError, which says what there is, if no frame of the map has the part, or the person has not."""
    if bool(part_shape(pose, part, person).any()):
        return
    ids = owners(pose).int()
    people = torch.unique(ids[ids > 0]).tolist()
    if person and people and person not in people:
        known = ", ".join(map(str, people))
        raise InputError(f"person: got {person}, and {name} has {known}; wanted one of these, or 0 for everybody")
    there = torch.unique(pose.labels[ids == person] if person in people else pose.labels).tolist()
    whose = f" of person {person}" if person else ""
    wanted = ", ".join(pose.classes[i] for i in there)
    raise InputError(f"part: got {PART_NAMES[part]}{whose}, which is not in {name}; wanted one of {wanted}")


def _soft(shape: Tensor, grow: float, feather: float, hull: bool) -> Tensor:
    mask = torch.zeros(shape.shape)
    if not bool(shape.any()):
        return mask
    # Nothing further away is ever looked at, so that a small part of a large picture is quick.
    reach = math.ceil(grow + feather) + 1
    window = _window(shape, reach)
    near = shape[window].cpu()
    (far,) = distances((convex_hull(near) if hull else near)[None], reach)
    past = (far - grow) / feather if feather > 0 else (far > grow).float()
    past = past.clamp(0, 1)
    mask[window] = 1 - past * past * (3 - 2 * past)
    return mask


def convex_hull(shape: Tensor) -> Tensor:
    """[H, W] bool with at least one pixel -> all pixels whose centres lie inside the convex hull of its centres."""
    rows, columns = shape.nonzero().unbind(1)
    # Of each row only its ends can be corners.
    first = torch.full((shape.shape[0],), shape.shape[1]).scatter_reduce(0, rows, columns, "amin")
    last = torch.full((shape.shape[0],), -1).scatter_reduce(0, rows, columns, "amax")
    filled = (last >= 0).nonzero()[:, 0].tolist()
    left = _chain([(row, int(first[row])) for row in filled])
    right = _chain([(row, -int(last[row])) for row in filled])
    y = torch.arange(filled[0], filled[-1] + 1)
    start, end = _along(left, y), -_along(right, y)
    x = torch.arange(shape.shape[1])
    inside = torch.zeros_like(shape)
    slack = 1e-4
    inside[y] = (x[None] >= start[:, None] - slack) & (x[None] <= end[:, None] + slack)
    return inside


def _chain(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of (row, column) points by row, those on the hull's side of small columns (Andrew's monotone chain, 1979)."""
    chain: list[tuple[int, int]] = []
    for row, column in points:
        while len(chain) > 1:
            (r0, c0), (r1, c1) = chain[-2:]
            if (r1 - r0) * (column - c0) > (c1 - c0) * (row - r0):
                break
            chain.pop()
        chain.append((row, column))
    return chain


def _along(chain: list[tuple[int, int]], rows: Tensor) -> Tensor:
    """The column of a chain of corners at each of its rows."""
    corners = torch.tensor(chain, dtype=torch.float64)
    if len(chain) == 1:
        return corners[0, 1].expand(len(rows))
    y = rows.double()
    after = torch.searchsorted(corners[:, 0].contiguous(), y).clamp(1, len(chain) - 1)
    (r0, c0), (r1, c1) = corners[after - 1].unbind(1), corners[after].unbind(1)
    return c0 + (c1 - c0) * (y - r0) / (r1 - r0)


def _window(shape: Tensor, margin: int) -> tuple[slice, slice]:
    def span(filled: Tensor) -> slice:
        where = filled.nonzero()
        return slice(max(0, int(where[0]) - margin), int(where[-1]) + 1 + margin)

    return span(shape.any(1)), span(shape.any(0))
