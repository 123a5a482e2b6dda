"""Does the part encoder bring a phrase and the garment it describes together? On garments of photos never trained on.

    python benchmarks/encoder.py --data shared/data/ccp --json encoder.json

A crop's text is the nearest of the 949 XKCD colour names to its median Lab colour and its label in the photo set, as in
"charcoal grey blazer"; a text's right answers are the crops with that text. Beside it the coarse captions of the photo
set ("a black vest"), and colour names that no training ever saw.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

from common import Figures, report, start

WANTED = {
    "recall5_text_to_image": ">= 0.58",
    "unseen_names_delta_e": "median Lab distance from the name's colour to that of the nearest crop",
    "seen_names_delta_e": "the same for names trained on",
    "nearest_possible_delta_e": "the same if the nearest crop by colour were always found",
    "unseen_names_basic": "names whose nearest of the 11 basic colours is right",
}
# A region smaller than this is a few threads of a strap or the arm of a pair of glasses.
MIN_PIXELS = 300
PROBE = "shirt"


@dataclass(frozen=True)
class Crops:
    """Crops [N, 3, S, S], masks [N, 1, S, S] and the two texts of each."""

    images: object
    masks: object
    fine: list[str]
    coarse: list[str]


def main() -> None:
    """Cut, encode, rank; print and write the figures."""
    args = _arguments()
    from humandiffusion.encoders.builtin import load_encoder

    began = time.perf_counter()
    encoder = load_encoder(args.encoder)
    figures: Figures = {"open_seconds": time.perf_counter() - began}
    crops = _cut(args.data)
    vectors = encoder.encode_image(crops.images, crops.masks)
    figures |= _recalls(encoder, vectors, crops.fine, "")
    figures |= _recalls(encoder, vectors, crops.coarse, "_coarse")
    figures |= _colour_names(encoder, args.data)
    figures["encoder_id"] = encoder.encoder_id
    report(f"Part encoder on {len(crops.fine)} held-out crops", figures, WANTED, args.json)


def _recalls(encoder, images, crop_texts: list[str], suffix: str) -> Figures:
    from humandiffusion.evaluation.recall import recall_at, same_text

    texts = sorted(set(crop_texts))
    scores, right = encoder.encode_text(texts) @ images.T, same_text(texts, crop_texts)
    figures: Figures = {f"crops{suffix}": len(crop_texts), f"texts{suffix}": len(texts)}
    for k in (1, 5):
        figures[f"recall{k}_text_to_image{suffix}"] = recall_at(scores, right, k)
        figures[f"recall{k}_image_to_text{suffix}"] = recall_at(scores.T, right.T, k)
    # A text is answered at random by k crops; several right ones make that easier.
    figures[f"chance5_text_to_image{suffix}"] = min(1.0, 5 * float(right.sum(1).float().mean()) / len(crop_texts))
    return figures


def _cut(data: Path) -> Crops:
    import torch

    from humandiffusion.colour import median_lab, nearest_names
    from humandiffusion.encoders.builtin import CROP_SIZE
    from humandiffusion.encoders.crops import cut_mask
    from humandiffusion.parts import GARMENTS, PART_NAMES
    from humandiffusion.training.ccp import CCP_PARTS
    from humandiffusion.training.photos import PhotoSet
    from humandiffusion.training.xkcd import xkcd_colours

    photos, names = PhotoSet(data, held_out=True), xkcd_colours()
    captions = _caption_colours(data / "index.json")
    cuts, texts, coarse = [], [], []
    for photo_id in photos.ids:
        image, labels, fine = photos.image(photo_id).float() / 255, photos.labels(photo_id), photos.fine(photo_id)
        for part in sorted(set(labels.unique().tolist()) & set(GARMENTS)):
            inside = labels == part
            kinds = [None] if fine is None else fine[inside].unique().tolist()
            for kind in kinds:
                region = inside if kind is None else inside & (fine == kind)
                label = PART_NAMES[part] if kind is None else photos.fine_labels[kind]
                # A label of another part is the soft border between the two.
                if int(region.sum()) < MIN_PIXELS or CCP_PARTS.get(label, part) != part:
                    continue
                lab = median_lab(image, region)[None]
                cuts.append(cut_mask(image, region, CROP_SIZE))
                texts.append(f"{nearest_names(lab, names)[0][0]} {label}")
                coarse.append(f"a {captions.get((photo_id, label), 'plain')} {label}")
    images, masks = zip(*cuts, strict=True)
    return Crops(torch.stack(images), torch.stack(masks), texts, coarse)


def _caption_colours(index: Path) -> dict[tuple[str, str], str]:
    """(photo id, label) -> the colour that the photo set's own caption gives it."""
    records = json.loads(index.read_text(encoding="utf-8"))["records"]
    return {(r["id"], item["label"]): item["colour"] for r in records for item in r.get("items", ())}


def _colour_names(encoder, data: Path) -> Figures:
    """A bank of one garment in every XKCD colour: does a name find a crop of that colour?"""
    import torch

    from humandiffusion.colour import median_lab, srgb_to_lab
    from humandiffusion.encoders.builtin import CROP_SIZE
    from humandiffusion.encoders.crops import cut_mask
    from humandiffusion.evaluation.colours import BASIC_NAMES, name_colour
    from humandiffusion.parts import TOP
    from humandiffusion.training.photos import PhotoSet
    from humandiffusion.training.recolour import recolour
    from humandiffusion.training.xkcd import held_out_colours, xkcd_colours

    photos = PhotoSet(data, held_out=True)
    chosen = max(photos.ids, key=lambda i: int((photos.labels(i) == TOP).sum()))
    image, region = photos.image(chosen).float() / 255, photos.labels(chosen) == TOP
    crop, mask = cut_mask(image, region, CROP_SIZE)
    inside, names = mask[0] > 0.5, xkcd_colours()
    bank = [recolour(crop, inside, tuple(c / 255 for c in rgb)) for rgb in names.values()]
    shown = torch.stack([median_lab(one, inside) for one in bank])
    vectors = encoder.encode_image(torch.stack(bank), mask.expand(len(bank), -1, -1, -1))

    meant = srgb_to_lab(torch.tensor(list(names.values()), dtype=torch.float32) / 255)
    found = (encoder.encode_text([f"{name} {PROBE}" for name in names]) @ vectors.T).argmax(1)
    off = (shown[found] - meant).norm(dim=1)
    unseen = torch.tensor([name in held_out_colours() for name in names])

    basics = encoder.encode_text([f"{name} {PROBE}" for name in BASIC_NAMES])
    said = (encoder.encode_text([f"{name} {PROBE}" for name in held_out_colours()]) @ basics.T).argmax(1).tolist()
    right = [BASIC_NAMES[i] == name_colour(lab) for i, lab in zip(said, meant[unseen], strict=True)]
    of_image = (vectors @ basics.T).argmax(1).tolist()
    seen_right = [BASIC_NAMES[i] == name_colour(lab) for i, lab in zip(of_image, shown, strict=True)]
    return {
        "unseen_names": int(unseen.sum()),
        "unseen_names_delta_e": float(off[unseen].median()),
        "seen_names_delta_e": float(off[~unseen].median()),
        "nearest_possible_delta_e": float(torch.cdist(meant[unseen], shown).amin(1).median()),
        "unseen_names_basic": sum(right) / len(right),
        "crops_basic": sum(seen_right) / len(seen_right),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/, parsing/ and index.json")
    parser.add_argument("--encoder", default="builtin", help="a file instead of the one that ships")
    parser.add_argument("--json", type=Path, help="where the figures go")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, needs=("torch", "PIL", "matplotlib"))
