"""Starting noise for the frames of a film: of each frame its own, of all the same, or moved along with the parts.

Cloth keeps its folds and prints where its noise stays with it. Whatever the way, each frame's noise is white and normal
on its own: a sampler cannot tell it from any other.
"""

from typing import Literal, get_args

import torch
from torch import Tensor

from ..errors import InputError
from ..parts import BACKGROUND
from ..pose.geometry import fit
from ..pose.occupancy import occupancy
from ..pose.semantic_pose import SemanticPose
from ..sampling import seeded_generator

Way = Literal["moved", "shared", "independent"]
WAYS: tuple[str, ...] = get_args(Way)


def frame_noise(
    seed: int, shape: tuple[int, ...], pose: SemanticPose | None = None, way: Way = "moved", *, pixels: int = 2
) -> Tensor:
    """Noise [B, C, h, w] float32 on the CPU for B frames.

    `independent` is KSampler's noise for the seed. `shared` gives its first frame to all. `moved` starts from that too
    and lets the noise of each part of `pose` (one map for each frame, or one for all) follow the part's middle, in
    whole cells of the latent, because anything finer would blur it; the background's stays, and what a part uncovers
    gets noise of its own. `pixels` of the picture to one cell of the latent (2 of the native model's, 8 of Stable
    Diffusion's) lay the map as the sampler does. Raises InputError for a seed out of range, an unknown way, or counts
    that do not fit.
    """
    if way not in WAYS:
        raise InputError(f"way: got {way!r}, wanted one of {', '.join(WAYS)}")
    if len(shape) != 4:
        raise InputError(f"latent: got shape {list(shape)}, wanted that of pictures, [B, C, h, w]")
    noise = torch.randn(shape, generator=seeded_generator(seed), dtype=torch.float32)
    if way == "independent":
        return noise
    if way == "shared" or pose is None:
        return noise[:1].expand(shape).clone()
    if pose.batch not in (1, shape[0]):
        raise InputError(f"pose: got {pose.batch} maps for {shape[0]} frames, wanted as many, or one for all")
    return _moved(noise[0], _labels(pose, (shape[2], shape[3]), pixels).expand(shape[0], -1, -1), seed)


def _labels(pose: SemanticPose, size: tuple[int, int], pixels: int) -> Tensor:
    """[B, h, w] long: the part that covers most of each cell, the map laid into the picture as samplers lay it."""
    fitted = (fit(pose.select(i), (size[0] * pixels, size[1] * pixels)) for i in range(pose.batch))
    return torch.cat([occupancy(one, size).argmax(1) for one in fitted])


def _moved(first: Tensor, labels: Tensor, seed: int) -> Tensor:
    """Each cell of a frame takes the noise of its part's own sheet, laid at the part's middle.

    In the first frame all sheets show `first`. No two cells of a frame read the same number: those of one part read
    different cells of its sheet (its edges meet, so it never ends), and sheets share none.
    """
    sheets: dict[int, Tensor] = {}
    anchors: dict[int, Tensor] = {}
    frames = []
    for number, here in enumerate(labels):
        frame = first.clone()
        for part in here.unique().tolist():
            inside = here == part
            middle = torch.zeros(2) if part == BACKGROUND else inside.nonzero().float().median(0).values
            if part not in sheets:
                sheets[part], anchors[part] = _sheet(first, inside & (number == 0), part, seed), middle
            down, right = (middle - anchors[part]).round().int().tolist()
            frame[:, inside] = sheets[part].roll((down, right), (1, 2))[:, inside]
        frames.append(frame)
    return torch.stack(frames)


def _sheet(first: Tensor, inside: Tensor, part: int, seed: int) -> Tensor:
    """A part's noise [C, h, w]: `first` where it lies in the first frame, and around it numbers of its own."""
    generator = torch.Generator("cpu").manual_seed((seed + 1_000_003 * (part + 1)) % 2**63)
    return torch.where(inside, first, torch.randn(first.shape, generator=generator, dtype=first.dtype))
