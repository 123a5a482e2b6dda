"""A region: one map and what each of its parts is to look like, as it travels to the denoiser."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ..errors import InputError
from ..pose.semantic_pose import SemanticPose
from .coverage import join_coverages, region_coverage
from .feature_rows import FeatureRows, RegionFeatures, map_occupancy, territories
from .region_attention import RegionRows
from .sites import SCALE_NAMES

Active = Callable[[float, float], bool]


@dataclass(frozen=True, eq=False)
class RegionPart:
    """What is said of one part: `tokens` [T, D] of its phrase, each standing for `repeats` [T] tokens; T may be 0.

    `image` [T', D] are its image tokens, if it has any. `weight` (0 or more) is its emphasis; it counts from `start` to
    `end`, shares of the run.
    """

    part: int
    tokens: Tensor
    repeats: Tensor
    image: Tensor | None = None
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True, eq=False)
class Region:
    """One map with its parts and how strongly they hold.

    `texts`: what is said of the parts, once for each picture of the batch or once for all. `strength` (0 or more)
    counts every part, `scales` the coarse, middle and fine scale; `start` and `end` are shares of the run. `remain` in
    0..1: how much of the prompt a part leaves inside it. `exclusive`: each cell belongs to one part, also of the other
    regions that hold with this one. `feather`: how
    soft borders are, in pixels. `adapter` tells whose the image tokens are, or who reads the `features`, and
    `image_strength` how much these count. `any_shape`: pictures need not have the map's proportions; it is fitted in.
    Raises InputError for anything out of range.
    """

    pose: SemanticPose
    texts: tuple[tuple[RegionPart, ...], ...] = ()
    strength: float = 1.0
    scales: tuple[float, float, float] = (1.0, 1.0, 1.0)
    start: float = 0.0
    end: float = 1.0
    remain: float = 0.3
    exclusive: bool = False
    feather: float = 0.0
    adapter: object | None = None
    image_strength: float = 1.0
    features: RegionFeatures | None = None
    any_shape: bool = False
    _coverage: dict[tuple[int, int], Tensor] = field(default_factory=dict, init=False, repr=False)
    _occupancy: dict[tuple[int, int], Tensor] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        named = {"strength": self.strength, "feather": self.feather, "image_strength": self.image_strength}
        for name, value in {**named, **dict(zip(SCALE_NAMES, self.scales, strict=True))}.items():
            if not 0 <= value < math.inf:
                raise InputError(f"{name}: got {value}, wanted a number of 0 or more")
        if not 0 <= self.start <= self.end <= 1:
            raise InputError(f"start and end: got {self.start} to {self.end}, wanted 0 <= start <= end <= 1")
        if not 0 <= self.remain <= 1:
            raise InputError(f"prompt_inside: got {self.remain}, wanted 0 (nothing remains) to 1 (all)")

    @property
    def parts(self) -> tuple[int, ...]:
        """The parts of which anything is said, sorted."""
        return tuple(sorted({told.part for text in self.texts for told in text}))

    @property
    def batch(self) -> int:
        """For how many pictures it holds; 1 for any number."""
        return max(self.pose.batch, len(self.texts), *((len(self.features.features),) if self.features else ()))

    def coverage(self, size: tuple[int, int]) -> Tensor:
        """`region_coverage` of its parts at the latent's size, made once."""
        if size not in self._coverage:
            self._coverage[size] = region_coverage(self.pose, self.parts, size, self.feather)
        return self._coverage[size]

    def occupancy(self, size: tuple[int, int]) -> Tensor:
        """`map_occupancy` of the whole map at the latent's size, made once."""
        if size not in self._occupancy:
            self._occupancy[size] = map_occupancy(self.pose, size)
        return self._occupancy[size]

    def counts(self, told: RegionPart, active: Active) -> bool:
        """Whether a part has any effect now."""
        weight = told.weight * self.strength * max(self.scales)
        return weight > 0 and active(self.start, self.end) and active(told.start, told.end)


def check_batches(regions: Sequence[Region]) -> int:
    """For how many pictures the regions hold together. Raises InputError if they disagree."""
    batches = [size for region in regions for size in (region.pose.batch, len(region.texts))]
    batches += [len(region.features.features) for region in regions if region.features is not None]
    many = sorted(set(batches) - {0, 1})
    if len(many) > 1:
        raise InputError(f"pose: got maps and descriptions for {many} pictures, wanted the same number, or one for all")
    return many[0] if many else 1


@dataclass(frozen=True, eq=False)
class AlignedRows:
    """Rows of all parts' text tokens (None only outside ComfyUI), for each adapter rows of their image tokens, and of
    each map with features the rows that a trained adapter reads.
    """

    text: RegionRows | None
    images: Mapping[object, RegionRows]
    features: tuple[FeatureRows, ...] = ()

    @property
    def latent(self) -> tuple[int, int]:
        """(h, w) of the latent that they are made for."""
        made_for = self.text.coverage if self.text is not None else next((x.occupancy for x in self.features), None)
        if made_for is None:
            raise InputError("rows: got neither words nor features, wanted one of them; give None for nothing")
        return made_for.shape[-2], made_for.shape[-1]


def region_rows(regions: Sequence[Region], size: tuple[int, int], active: Active, length: int) -> AlignedRows | None:
    """Regions at a latent's `size` = (h, w) and the moment at which `active(start, end)` holds; None if nothing counts.

    One row for each picture of the batch, or one for all. `length`: how many tokens the prompt has. Raises InputError.
    """
    rows = [_counting(regions, row, active) for row in range(check_batches(regions))]
    features = _feature_rows(regions, size, active, len(rows))
    if not any(rows) and not features:
        return None
    coverage = join_coverages([region.coverage(size) for region in regions]).expand(len(rows), -1, -1, -1)
    gain, remain = torch.zeros(*coverage.shape[:2], len(SCALE_NAMES)), torch.ones(*coverage.shape[:2])
    looks = torch.zeros(*coverage.shape[:2], 1)
    for row, counting in enumerate(rows):
        for channel, region, told in counting:
            gain[row, channel] = torch.tensor(region.scales) * region.strength * told.weight
            looks[row, channel] = region.image_strength
            # Where no phrase takes its place, the prompt stays.
            remain[row, channel] = region.remain if len(told.tokens) else 1.0

    width = next(_token_widths(regions))
    hard = (any(region.exclusive for region in regions),) * len(rows)

    def aligned(of: _TokensOf, gain: Tensor) -> RegionRows:
        return RegionRows(*_tokens(rows, of, width), coverage, gain, remain, hard, (length,) * len(rows))

    adapters = dict.fromkeys(
        region.adapter for region in regions if region.adapter is not None and region.features is None
    )
    images = {adapter: aligned(_image_tokens(adapter), gain * looks) for adapter in adapters}
    return AlignedRows(aligned(_text_tokens, gain), images, features)


_Counting = tuple[int, Region, RegionPart]  # a channel of the joint coverage, and whose it is
_TokensOf = Callable[[Region, RegionPart], tuple[Tensor, Tensor]]


def _counting(regions: Sequence[Region], row: int, active: Active) -> list[_Counting]:
    """The parts that count now, for one picture."""
    counting, first = [], 1
    for region in regions:
        channels = {part: first + i for i, part in enumerate(region.parts)}
        first += len(channels)
        text = region.texts[row % len(region.texts)] if region.texts else ()
        counting += [(channels[told.part], region, told) for told in text if region.counts(told, active)]
    return counting


def _text_tokens(region: Region, told: RegionPart) -> tuple[Tensor, Tensor]:
    return told.tokens, told.repeats


def _image_tokens(adapter: object) -> _TokensOf:
    def tokens(region: Region, told: RegionPart) -> tuple[Tensor, Tensor]:
        if region.adapter is not adapter or told.image is None:
            return told.tokens[:0], told.repeats[:0]
        return told.image, torch.ones(len(told.image))

    return tokens


def _token_widths(regions: Sequence[Region]) -> Iterator[int]:
    yield from (told.tokens.shape[1] for region in regions for text in region.texts for told in text)
    yield from (region.features.context_width for region in regions if region.features is not None)


def _feature_rows(
    regions: Sequence[Region], size: tuple[int, int], active: Active, count: int
) -> tuple[FeatureRows, ...]:
    """Of each region that a trained adapter reads and that counts now."""
    rows = []
    for region in regions:
        gain = torch.tensor(region.scales) * region.strength * region.image_strength
        if region.features is not None and bool(gain.any()) and active(region.start, region.end):
            shares = region.occupancy(size)
            told = (region.features.features, region.features.at(active), shares, shares[:, :1], gain[None])
            rows.append(FeatureRows(region.adapter, *(x.expand(count, *x.shape[1:]) for x in told)))
    shared = territories([one.occupancy for one in rows]) if rows else []
    return tuple(replace(one, territory=territory) for one, territory in zip(rows, shared, strict=True))


def _tokens(rows: Sequence[Sequence[_Counting]], of: _TokensOf, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens [B, K, D], owners [B, K] and repeats [B, K] of all parts, rows padded to the longest."""
    filled = []
    for row in rows:
        parts = [(channel, *of(region, told)) for channel, region, told in row]
        filled.append(
            (
                torch.cat([torch.zeros(0, width), *(tokens.float() for _, tokens, _ in parts)]),
                torch.tensor([channel for channel, tokens, _ in parts for _ in tokens], dtype=torch.long),
                torch.cat([torch.zeros(0), *(repeats.float() for _, _, repeats in parts)]),
            )
        )
    tokens, owner, repeats = (pad_sequence(list(column), batch_first=True) for column in zip(*filled, strict=True))
    return tokens, owner, repeats
