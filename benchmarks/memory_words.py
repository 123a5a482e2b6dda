"""Do words find the right garment in the style memory, and does what SMR makes of them look like it?

    python benchmarks/memory_words.py --data shared/data/ccp --json memory_words.json

Two sets of questions: the garments of held-out photos as the photo set captions them ("black blazer"), and the same
kinds of garments in every basic colour. A hit is right if it is of the asked part and basic colour.

    found, share, first    in the memory: some of the 16 hits is right, share of the 16, the best one; in the search of
                           one part and of all parts, with the modality gap corrected (means) and not (none)
    seen                   the refreshed feature among crops of held-out photos, which the memory has never seen: share
                           of its 16 nearest, by plain cosine as the denoiser has it, that are right; by blend

`chance` is what a random row or crop of the asked part would give.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from common import Figures, report, start

TOP_OF = 16
MIN_PIXELS = 300
SCOPES, GAPS, BLENDS = ("part", "all"), ("means", "none"), (0.0, 0.5, 1.0)
WANTED = {
    "captions_found_part_means": "a right garment among the 16, held-out captions",
    "even_found_part_means": "the same where every colour is asked alike",
    "captions_seen_part_means_blend1": "as the pack does it; blend0 is the words alone",
}


def main() -> None:
    """Ask, look, print and write the figures."""
    args = _arguments()
    from humandiffusion.encoders.load import load_encoder
    from humandiffusion.smr.io import load_memory

    encoder, memory = load_encoder(args.encoder), load_memory(args.memory)
    memory.check_encoder(encoder.encoder_id)
    shown, gallery = known_rows(memory), crops(args.data, encoder)
    figures: Figures = {"rows": len(memory), "crops": len(gallery.looks)}
    for name, asks in (("captions", captions(args.data)), ("even", every_colour(captions(args.data)))):
        figures[f"{name}_questions"] = len(asks)
        figures |= {f"{name}_{key}": value for key, value in found(memory, encoder, asks, shown, args).items()}
        figures |= {f"{name}_{key}": value for key, value in seen(memory, encoder, asks, gallery, args).items()}
        figures[f"{name}_chance_memory"] = chance(asks, shown)
        figures[f"{name}_chance_crops"] = chance(asks, gallery.looks)
    report("Words and what the style memory makes of them", figures, WANTED, args.json)


Look = tuple[int, str]  # part and basic colour


@dataclass(frozen=True)
class Question:
    """A phrase and the look that it asks for."""

    phrase: str
    look: Look
    noun: str


@dataclass(frozen=True)
class Gallery:
    """Held-out crops: their vectors [N, D] and looks."""

    vectors: object
    looks: list[Look]


def basic_names() -> dict[str, str]:
    """Every colour of clothes that we have a word for -> the nearest of the eleven basic ones."""
    import torch

    from humandiffusion.colour import CLOTHES_COLOURS, srgb_to_lab
    from humandiffusion.evaluation.colours import name_colour

    return {name: name_colour(srgb_to_lab(torch.tensor(rgb) / 255)) for name, rgb in CLOTHES_COLOURS.items()}


def captions(data: Path) -> list[Question]:
    """The garments of held-out photos in the photo set's words; those of a colour that has no word with us are left."""
    import json

    from humandiffusion.parts import GARMENTS
    from humandiffusion.training.ccp import CCP_PARTS
    from humandiffusion.training.photos import is_held_out

    basic = basic_names()
    records = json.loads((data / "index.json").read_text(encoding="utf-8"))["records"]
    items = [item for record in records if is_held_out(str(record["id"])) for item in record.get("items", ())]
    return [
        Question(f"{item['colour']} {item['label']}", (CCP_PARTS[item["label"]], basic[item["colour"]]), item["label"])
        for item in items
        if CCP_PARTS.get(item["label"]) in GARMENTS and item["colour"] in basic
    ]


def every_colour(asked: list[Question]) -> list[Question]:
    """Each kind of garment that was asked, in each basic colour."""
    from humandiffusion.evaluation.colours import BASIC_NAMES

    kinds = sorted({(one.noun, one.look[0]) for one in asked})
    return [Question(f"{colour} {noun}", (part, colour), noun) for noun, part in kinds for colour in BASIC_NAMES]


def known_rows(memory) -> list[Look]:
    """Part and basic colour of every row, by its caption; no colour where it names none."""
    basic = basic_names()
    names = sorted(basic, key=len, reverse=True)
    colours = [next((basic[n] for n in names if caption.startswith(f"{n} ")), "") for caption in memory.captions]
    return list(zip(memory.part.tolist(), colours, strict=True))


def crops(data: Path, encoder) -> Gallery:
    """The garments of held-out photos, cut by the finest labels there are, and the colours measured on them."""
    import torch

    from humandiffusion.colour import median_lab
    from humandiffusion.encoders.crops import cut_mask
    from humandiffusion.evaluation.colours import name_colour
    from humandiffusion.parts import GARMENTS
    from humandiffusion.training.photos import PhotoSet

    photos, cuts, looks = PhotoSet(data, held_out=True), [], []
    for photo_id in photos.ids:
        image, labels, fine = photos.image(photo_id).float() / 255, photos.labels(photo_id), photos.fine(photo_id)
        for part in sorted(set(labels.unique().tolist()) & set(GARMENTS)):
            kinds = labels if fine is None else fine
            for kind in kinds[labels == part].unique().tolist():
                region = (labels == part) & (kinds == kind)
                if int(region.sum()) >= MIN_PIXELS:
                    cuts.append(cut_mask(image, region, encoder.crop_size))
                    looks.append((part, name_colour(median_lab(image, region))))
    images, masks = map(torch.stack, zip(*cuts, strict=True))
    return Gallery(encoder.encode_image(images, masks), looks)


def found(memory, encoder, asks: list[Question], shown: list[Look], args: argparse.Namespace) -> Figures:
    """Of the 16 hits in the memory: is one right, how many are, and is the best one."""
    import torch

    from humandiffusion.smr.query import query

    q, parts = encoder.encode_text([one.phrase for one in asks]), [one.look[0] for one in asks]
    figures: Figures = {}
    for scope in SCOPES:
        for gap in GAPS:
            centred = gap == "means"
            hits = query(memory, q, parts, modality="text", k=TOP_OF, scope=scope, centred=centred, device=args.device)
            pairs = zip(hits.rows.tolist(), asks, strict=True)
            right = torch.tensor([[row >= 0 and shown[row] == one.look for row in rows] for rows, one in pairs])
            figures[f"found_{scope}_{gap}"] = float(right.any(1).float().mean())
            figures[f"share_{scope}_{gap}"] = float(right.float().mean())
            figures[f"first_{scope}_{gap}"] = float(right[:, 0].float().mean())
    return figures


def seen(memory, encoder, asks: list[Question], gallery: Gallery, args: argparse.Namespace) -> Figures:
    """Of the 16 held-out crops nearest to the refreshed feature, the share that is right. One that no 16 crops show
    counts by as many as there are; one that none shows is not asked.
    """
    import torch

    from humandiffusion.smr.query import query
    from humandiffusion.smr.refresh import refresh

    looks = gallery.looks
    asks = [one for one in asks if one.look in looks]
    q, parts = encoder.encode_text([one.phrase for one in asks]), [one.look[0] for one in asks]
    possible = torch.tensor([min(looks.count(one.look), TOP_OF) for one in asks])
    figures: Figures = {}
    for scope in SCOPES:
        for gap in GAPS:
            centred = gap == "means"
            hits = query(memory, q, parts, modality="text", k=args.k, tau=args.tau, scope=scope, centred=centred)
            for blend in BLENDS:
                nearest = (refresh(memory, q, hits, blend) @ gallery.vectors.T).topk(TOP_OF).indices.tolist()
                pairs = zip(nearest, asks, strict=True)
                right = torch.tensor([sum(looks[row] == one.look for row in rows) for rows, one in pairs])
                figures[f"seen_{scope}_{gap}_blend{blend:g}"] = float((right / possible).mean())
    return figures


def chance(asks: list[Question], looks: list[Look]) -> float:
    """The share of the looks of the asked part that have the asked colour, over the questions about parts there are."""
    of_part = {part: [colour for other, colour in looks if other == part] for part, _ in looks}
    asked = [one.look for one in asks if one.look[0] in of_part]
    shares = [of_part[part].count(colour) / len(of_part[part]) for part, colour in asked]
    return sum(shares) / len(shares)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--k", type=int, default=4, help="rows that SMR mixes (default %(default)s)")
    parser.add_argument("--tau", type=float, default=0.05, help="of their weights (default %(default)s)")
    parser.add_argument("--device", default="cpu", help="where the search runs")
    for name in ("encoder", "memory"):
        parser.add_argument(f"--{name}", default="builtin", help="a file instead of the one that ships")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL"))
