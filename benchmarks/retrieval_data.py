"""Rows for a memory of a million garments, made of a few hundred photos: for `retrieval.py`.

    python benchmarks/retrieval_data.py --data shared/data/ccp --out rows.safetensors --rows 1000000

A row is the builtin encoder's feature of an augmented part crop (mirrored, turned, zoomed, another light and hue), laid
into `--dim` dimensions by a fixed matrix with orthonormal columns, plus isotropic Gaussian noise of `--noise` of the
feature's length, made a unit vector. There are `--views` different crops, dealt evenly over the 12 parts that most
photos show; each serves rows / views times with noise of its own. Queries are made likewise of the held-out photos. So
rows crowd around what garments look like, as a real memory's do; random vectors, which have no neighbours, would not.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from common import start

PARTS_ASKED = 12
QUERIES_A_PART = 64
MIN_PIXELS = 150
BATCH, BLOCK = 256, 65536


def main() -> None:
    """Write the file."""
    args = _arguments()
    import torch
    from tqdm import tqdm

    from humandiffusion.encoders.builtin import load_encoder
    from humandiffusion.safetensors_io import write_tensors

    generator = torch.Generator().manual_seed(args.seed)
    encoder = load_encoder()
    crops, asked = cut(args.data, held_out=False), cut(args.data, held_out=True)
    parts = sorted(sorted(crops.keys() & asked.keys(), key=lambda part: -len(crops[part].images))[:PARTS_ASKED])
    lift = torch.linalg.qr(torch.randn(args.dim, encoder.dim, generator=generator)).Q
    vectors, labels, queries, of_part = [], [], [], []
    for number, part in enumerate(tqdm(parts, desc="parts")):
        count = args.rows * (number + 1) // len(parts) - args.rows * number // len(parts)
        seen = views(crops[part], encoder, min(args.views // len(parts), count), generator)
        vectors.append(noisy(seen[torch.arange(count) % len(seen)], lift, args.noise, generator))
        labels.append(torch.full((count,), part, dtype=torch.uint8))
        queries.append(noisy(views(asked[part], encoder, QUERIES_A_PART, generator), lift, args.noise, generator))
        of_part.append(torch.full((QUERIES_A_PART,), part))
    tensors = {
        "vectors": torch.cat(vectors),
        "part": torch.cat(labels),
        "queries": torch.cat(queries).float(),
        "query_parts": torch.cat(of_part),
    }
    about = {"views": str(args.views), "noise": str(args.noise), "seed": str(args.seed)}
    write_tensors(args.out, tensors, about)
    print(f"{len(tensors['vectors'])} rows and {len(tensors['queries'])} queries of {len(parts)} parts: {args.out}")


@dataclass(frozen=True)
class Crops:
    """Crops [N, 3, S, S] and masks [N, 1, S, S] of one part."""

    images: object
    masks: object


def cut(data: Path, held_out: bool) -> dict[int, Crops]:
    """The crops of every part of body and clothes but faces."""
    import torch

    from humandiffusion.encoders.builtin import CROP_SIZE
    from humandiffusion.encoders.crops import cut_mask
    from humandiffusion.parts import BACKGROUND, FACE
    from humandiffusion.training.photos import PhotoSet

    photos, found = PhotoSet(data, held_out=held_out), {}
    for photo_id in photos.ids:
        image, labels = photos.image(photo_id).float() / 255, photos.labels(photo_id)
        for part, count in enumerate(labels.flatten().long().bincount().tolist()):
            if count >= MIN_PIXELS and part not in (BACKGROUND, FACE):
                found.setdefault(part, []).append(cut_mask(image, labels == part, CROP_SIZE))
    return {part: Crops(*map(torch.stack, zip(*of_part, strict=True))) for part, of_part in found.items()}


def views(crops: Crops, encoder, count: int, generator):
    """Features [count, D] of augmented crops, every crop as often as any other."""
    import torch

    order = torch.arange(count) % len(crops.images)
    seen = []
    for some in order.split(BATCH):
        images, masks = augmented(crops.images[some], crops.masks[some], generator)
        seen.append(encoder.encode_image(images, masks))
    return torch.cat(seen)


def augmented(images, masks, generator):
    """Mirrored half the time, turned up to 12 degrees, zoomed by 0.8 to 1.25; gain, gamma and a hue of its own."""
    import math

    import torch
    import torch.nn.functional as F

    count = len(images)

    def drawn(low: float, high: float):
        return torch.empty(count, 1, 1, 1).uniform_(low, high, generator=generator)

    angle, zoom = drawn(-12, 12).flatten() * math.pi / 180, drawn(0.8, 1.25).flatten()
    mirror = torch.randint(0, 2, (count,), generator=generator) * 2 - 1
    cos, sin, none = angle.cos() / zoom, angle.sin() / zoom, torch.zeros(count)
    place = torch.stack((cos * mirror, -sin, none, sin * mirror, cos, none), 1).reshape(count, 2, 3)
    grid = F.affine_grid(place, list(images.shape), align_corners=False)
    masks = F.grid_sample(masks, grid, align_corners=False)
    masks = masks.clamp_min(torch.finfo(masks.dtype).tiny)
    lit = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    turn = drawn(-math.pi, math.pi) * (drawn(0, 1) < 0.5)
    lit = (_hue(lit, turn) * drawn(0.7, 1.3)).clamp(1e-4, 1) ** drawn(0.75, 1.35)
    return lit * masks + (1 - masks), masks


def _hue(images, turn):
    """Colours [N, 3, H, W] turned by `turn` [N, 1, 1, 1] radians around the grey axis."""
    import torch

    third, cos, sin = 1 / 3, turn.cos(), turn.sin()
    grey, root = third * (1 - cos), (third**0.5) * sin
    red, green, blue = images.unbind(1)
    mixed = [
        (cos + grey)[:, 0] * one + (grey - root)[:, 0] * two + (grey + root)[:, 0] * three
        for one, two, three in ((red, green, blue), (green, blue, red), (blue, red, green))
    ]
    return torch.stack(mixed, 1).clamp(0, 1)


def noisy(features, lift, noise: float, generator):
    """Unit vectors [N, dim], fp16: features [N, D] laid into dim dimensions by `lift` [dim, D], and noise."""
    import torch
    import torch.nn.functional as F

    out = torch.empty(len(features), len(lift), dtype=torch.float16)
    for at in range(0, len(features), BLOCK):
        laid = features[at : at + BLOCK] @ lift.T
        laid = laid + torch.randn(laid.shape, generator=generator) * (noise / len(lift) ** 0.5)
        out[at : at + BLOCK] = F.normalize(laid, dim=1).half()
    return out


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors to write")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--views", type=int, default=96_000, help="different crops to encode (default %(default)s)")
    parser.add_argument("--noise", type=float, default=0.3, help="length of the noise over the feature's")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL"))
