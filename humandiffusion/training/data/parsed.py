"""Maps for photos that have none: parsed once, kept by content, doubtful ones left out."""

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, PngImagePlugin
from torch import Tensor
from tqdm import tqdm

from ...parsing.base import SharesParser
from ...parsing.load import load_parser
from ...parts import BACKGROUND, NUM_PARTS
from ...pose.png import encode_png
from ..tagged_maps import DOUBTFUL_AT_MOST, tagged_maps
from ..tags import parts_of_tags
from .crew import Crew
from .files import content_key, read_photo
from .records import Record

PERSON_AT_LEAST = 0.02
"""Of the picture's pixels: whoever covers less is no person to learn from."""
_DOUBT = "humandiffusion doubt"
_BATCH = 4
_RULE = "1"  # of tagged_maps: what was kept under another is made anew


def parse_records(
    records: Sequence[Record], parser: str, folder: Path, crew: Crew
) -> tuple[dict[str, Path], list[tuple[str, str]]]:
    """Maps of `records` in `folder`, by source, made there if they are not yet; and (source, reason) of what is left
    out: where the parser doubts more than `DOUBTFUL_AT_MOST` of the person, among the parts that the tags allow, or
    sees nobody.
    """
    net = load_parser(parser)
    keys = {record.source: _key(record, net.parser_id) for record in records}
    paths = {source: folder / f"{key}.png" for source, key in keys.items()}
    # A share of all, then what of it is to do: others may be at work already.
    todo = [record for record in crew.share(records) if not paths[record.source].is_file()]
    folder.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(todo), desc="maps", unit="photo", disable=not crew.leads or not todo) as bar:
        for some in _alike(todo):
            _parse(net, some, paths)
            bar.update(len(some))
    crew.wait()
    left_out = [(record.source, reason) for record in records if (reason := _fault(paths[record.source]))]
    without = {source for source, _ in left_out}
    return {source: path for source, path in paths.items() if source not in without}, left_out


def _parse(net: SharesParser, records: Sequence[Record], paths: dict[str, Path]) -> None:
    images = torch.stack([read_photo(record.image) for record in records]).float() / 255
    maps, doubts = tagged_maps(net, images, torch.stack([_allowed(record) for record in records]))
    for record, labels, doubt in zip(records, maps, doubts.tolist(), strict=True):
        info = PngImagePlugin.PngInfo()
        info.add_text(_DOUBT, str(doubt))
        path = paths[record.source]
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        beside.write_bytes(encode_png(labels, "P", info))
        os.replace(beside, path)


def _fault(path: Path) -> str:
    """Why a map is not learnt from, in words; empty if it is."""
    with Image.open(path) as picture:
        picture.load()
        doubt, labels = float(picture.text[_DOUBT]), torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
    if float((labels != BACKGROUND).float().mean()) < PERSON_AT_LEAST:
        return "the parser sees nobody in it"
    if doubt > DOUBTFUL_AT_MOST:
        return f"the parser doubts {doubt:.0%} of the person, wanted {DOUBTFUL_AT_MOST:.0%} at most"
    return ""


def _allowed(record: Record) -> Tensor:
    return torch.ones(NUM_PARTS, dtype=torch.bool) if record.tags is None else parts_of_tags(record.tags)


def _key(record: Record, parser_id: str) -> str:
    tags = "" if record.tags is None else " ".join(sorted(record.tags))
    return content_key(record.image.read_bytes(), parser_id, "tags" if record.tags is not None else "", tags, _RULE)


def _alike(records: Sequence[Record]) -> Sequence[Sequence[Record]]:
    """Batches of photos of one size, in order."""
    batches: list[list[Record]] = []
    sizes: list[tuple[int, int]] = []
    for record in records:
        with Image.open(record.image) as picture:
            size = picture.size
        if batches and sizes[-1] == size and len(batches[-1]) < _BATCH:
            batches[-1].append(record)
        else:
            batches.append([record])
            sizes.append(size)
    return batches
