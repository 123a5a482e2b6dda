"""What does building a memory cost beyond the encoder's own work?

    python benchmarks/memory_build.py --data shared/data/ccp --json memory_build.json

All photos of the folder are built into a memory (their maps beside them, swatches, the mean of the faces), and the
encoder alone looks at the same crops, in turns: `ratio_to_forward` is the median of the wall times' ratios of a turn,
`cpu_ratio` that of the processor seconds. Both with the same threads; build threads besides, `--workers` of them.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common import Figures, report, start

WANTED = {"ratio_to_forward": "<= 1.3"}


def main() -> None:
    """Build and encode in turns; print and write the figures."""
    args = _arguments()
    import torch

    from humandiffusion.encoders.load import load_encoder
    from humandiffusion.smr.build import build_from_folder
    from humandiffusion.smr.pieces import BATCH

    torch.set_num_threads(args.threads)
    encoder = load_encoder(args.encoder)
    with tempfile.TemporaryDirectory() as scratch:
        folder = _folder(args.data, Path(scratch) / "photos", args.photos)
        images, masks = _crops(folder, encoder.crop_size)

        def build() -> None:
            build_from_folder(
                folder, Path(scratch) / "memory.safetensors", encoder, licence="for measuring", workers=args.workers
            )

        def forward() -> None:
            for crops, shares in zip(images.split(BATCH), masks.split(BATCH), strict=True):
                encoder.encode_image(crops, shares)

        encoder.encode_image(images[:BATCH], masks[:BATCH])
        turns = [(_timed(build), _timed(forward)) for _ in range(args.turns)]
    photos = sum(1 for _ in (args.data / "images").iterdir()) if args.photos is None else args.photos
    built = statistics.median(build[0] for build, _ in turns)
    figures: Figures = {
        "photos": photos,
        "crops": len(images),
        "photos_a_second": photos / built,
        "build_seconds": built,
        "forward_seconds": statistics.median(forward[0] for _, forward in turns),
        "ratio_to_forward": statistics.median(build[0] / forward[0] for build, forward in turns),
        "cpu_ratio": statistics.median(build[1] / forward[1] for build, forward in turns),
        "turns": args.turns,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
    report("Building a memory", figures, WANTED, args.json)


def _folder(data: Path, folder: Path, photos: int | None) -> Path:
    """The photos and their maps without the index, so that all of them count."""
    for name in ("images", "parsing"):
        (folder / name).mkdir(parents=True)
        for path in sorted((data / name).iterdir())[:photos]:
            shutil.copyfile(path, folder / name / path.name)
    return folder


def _crops(folder: Path, size: int) -> tuple["object", "object"]:
    """All crops and masks that a build of the folder encodes."""
    import torch

    from humandiffusion.smr.cutting import Cutter
    from humandiffusion.smr.photos import find_photos
    from humandiffusion.smr.preparing import Preparing

    found = find_photos(folder)
    preparing = Preparing(found.photos, Cutter(size, "", "", "none", "mean", 0, 0), None, None, 2)
    crops = [crop for photo in preparing.run(range(len(found.photos)), None) for crop in photo.crops]
    return torch.stack([crop for _, crop, _ in crops]), torch.stack([mask for *_, mask in crops])


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with images/ and parsing/")
    parser.add_argument("--photos", type=int, metavar="N", help="only the first N")
    parser.add_argument("--encoder", default="builtin", metavar="NAME", help="default %(default)s")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of the encoder (default %(default)s)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="build threads (default %(default)s)")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="default %(default)s")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures as one flat JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "safetensors", "PIL"))
