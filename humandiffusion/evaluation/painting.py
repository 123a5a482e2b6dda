"""The pictures that are judged, made as the command line makes them, kept as files, and found again."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ..cli.common import appearing_whole
from ..describe import describe
from ..models.unet import Mode
from ..pose.semantic_pose import SemanticPose
from ..sampling import seeded_generator
from ..smr.features import PartFeatures, retrieve
from ..training.data.files import content_key
from .asking import Ask
from .pictures import plain_name, read_picture, save_picture

if TYPE_CHECKING:
    from ..pipeline import HumanDiffusionPipeline

    Load = Callable[[], HumanDiffusionPipeline]
else:
    Load = Callable

# Between the seeds of two pictures of one map.
TURN = 500_000


@dataclass(frozen=True)
class Use:
    """How a model is used: SMR's `blend` (0 the phrase's own feature, 1 the memory's), MAA's `mode`, the sampling."""

    steps: int = 20
    guidance: float = 2.0
    blend: float = 1.0
    mode: Mode = "region"


@dataclass(frozen=True)
class Painted:
    """A set's pictures: `paths[turn][i]` answers ask i with the seed of that turn; `seconds` each batch took, over its
    number of pictures."""

    paths: list[list[Path]]
    seconds: list[float]

    def read(self, turn: int, labels: Sequence[Tensor]) -> list[Tensor]:
        """The pictures [3, H, W] of one turn, at their maps' sizes. Raises InputError."""
        pairs = zip(self.paths[turn], labels, strict=True)
        return [read_picture(path, (one.shape[0], one.shape[1])) for path, one in pairs]


def paint(
    pipeline: "HumanDiffusionPipeline",
    asks: Sequence[Ask],
    labels: Sequence[Tensor],
    *,
    use: Use,
    seeds: Sequence[int],
    batch: int = 4,
) -> Iterator[tuple[int, Tensor]]:
    """Yield (number of the ask, picture [3, H, W]) batch by batch; maps [h, w] are fitted to the model's grid."""
    for first in range(0, len(asks), batch):
        some = slice(first, first + batch)
        done = pipeline(
            [_features(pipeline, ask.text, use) for ask in asks[some]],
            [SemanticPose(labels=one[None]) for one in labels[some]],
            num_inference_steps=use.steps,
            guidance_scale=use.guidance,
            generator=[seeded_generator(seed) for seed in seeds[some]],
            mode=use.mode,
            output_type="pt",
        )
        # 8 bits a channel, as files have.
        pictures = (done.images.float().cpu().clamp(0, 1) * 255).round() / 255
        yield from enumerate(pictures, start=first)


def paint_files(
    load: Load,
    asks: Sequence[Ask],
    labels: Sequence[Tensor],
    folder: Path,
    *,
    use: Use,
    seed: int,
    turns: int = 1,
    batch: int = 4,
    done: Callable[[int], None] | None = None,
) -> Painted:
    """`turns` pictures of each ask as `folder`/<id>-<seed>.png; those that are there already of the same words and maps
    stay, and if all are, no model is loaded.

    What is missing is made in the batches in which it would have been made at first, because a picture's last bit may
    hang on those beside it. `done` is told how many more are there.
    """
    paths, seconds = [], []
    for turn in range(turns):
        seeds = [seed + TURN * turn + number for number in range(len(asks))]
        names = [folder / f"{plain_name(ask.photo_id)}-{one}.png" for ask, one in zip(asks, seeds, strict=True)]
        paths.append(names)
        for first in range(0, len(asks), batch):
            some = slice(first, first + batch)
            clock = folder / f".{plain_name(asks[first].photo_id)}-{seeds[first]}-{len(names[some])}.json"
            asked = _key(asks[some], labels[some])
            if not (_noted(clock).get("asked") == asked and all(path.is_file() for path in names[some])):
                clock.unlink(missing_ok=True)
                pipeline = load()
                began = time.perf_counter()
                made = list(paint(pipeline, asks[some], labels[some], use=use, seeds=seeds[some], batch=batch))
                spent = (time.perf_counter() - began) / len(made)
                for path, (_, picture) in zip(names[some], made, strict=True):
                    save_picture(picture, path)
                with appearing_whole(clock) as beside:
                    beside.write_text(json.dumps({"asked": asked, "seconds": round(spent, 3)}), encoding="utf-8")
            seconds.append(float(_noted(clock)["seconds"]))
            if done is not None:
                done(len(names[some]))
    return Painted(paths, [value for value in seconds if value > 0])


def _features(pipeline: "HumanDiffusionPipeline", text: str, use: Use) -> PartFeatures:
    prompts = describe(text, pipeline.encoder)
    if not any(part.phrase.strip() for part in prompts.parts):
        return pipeline.retrieve(text)
    return retrieve(pipeline.encoder, pipeline.memory.memory, prompts, blend=use.blend)


def _key(asks: Sequence[Ask], labels: Sequence[Tensor]) -> str:
    """A name for what was asked: a photo more in the set deals other colours to all, another parser sees other maps."""
    return content_key(*(ask.text for ask in asks), *(bytes(map_.contiguous().numpy()) for map_ in labels))


def _noted(clock: Path) -> dict[str, Any]:
    try:
        found = json.loads(clock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
