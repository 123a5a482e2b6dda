"""Sample sheets of the parser: photos above, their own maps, and the parser's below."""

from pathlib import Path

import torch

from ..parsing.base import PersonParser
from ..pose.render import render
from ..pose.semantic_pose import SemanticPose
from .decoder_data import Photos
from .sheets import save_sheet

COLUMNS = 12


def parser_sheet(parser: PersonParser, photos: Photos, path: Path) -> None:
    """The first photos, as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = photos.images[:COLUMNS].float() / 255
    maps = [render(SemanticPose(labels)) for labels in (photos.labels[:COLUMNS], parser.parse(images).labels.cpu())]
    rows = [images, *(picture.movedim(-1, 1) for picture in maps)]
    save_sheet(torch.cat(rows, 2) * 2 - 1, path)
