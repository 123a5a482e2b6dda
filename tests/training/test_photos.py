import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.errors import InputError
from humandiffusion.training.photos import PhotoSet, is_held_out
from humandiffusion.training.xkcd import held_out_colours, training_colours, xkcd_colours


def folder(root: Path, count: int = 30) -> Path:
    for name in ("images", "parsing"):
        (root / name).mkdir(parents=True)
    for i in range(count):
        labels = np.zeros((48, 32), np.uint8)
        labels[8:40, 10:22] = 1
        Image.fromarray(np.full((48, 32, 3), i, np.uint8)).save(root / "images" / f"{i}.jpg")
        Image.fromarray(labels).save(root / "parsing" / f"{i}.png")
    (root / "index.json").write_text(json.dumps({"records": [{"id": str(i)} for i in range(count)]}))
    return root


def test_held_out_and_training_photos_never_meet(tmp_path: Path):
    root = folder(tmp_path)
    train, kept = PhotoSet(root), PhotoSet(root, held_out=True)
    assert set(train.ids) | set(kept.ids) == {str(i) for i in range(30)}
    assert not set(train.ids) & set(kept.ids)
    assert all(
        is_held_out(i) == (int(hashlib.sha256(i.encode()).hexdigest(), 16) % 10 == 0) for i in train.ids + kept.ids
    )


def test_a_photo_and_its_map_come_as_they_are(tmp_path: Path):
    photos = PhotoSet(folder(tmp_path))
    image, labels = photos.image(photos.ids[0]), photos.labels(photos.ids[0])
    assert image.shape == (3, 48, 32) and image.dtype == torch.uint8
    assert labels.shape == (48, 32) and labels.unique().tolist() == [0, 1]
    assert photos.fine(photos.ids[0]) is None


def test_a_folder_without_an_index_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="index.json"):
        PhotoSet(tmp_path)


def test_every_tenth_colour_name_is_kept_out_of_training():
    pytest.importorskip("matplotlib")
    names = sorted(xkcd_colours())
    assert len(names) == 949 and list(held_out_colours()) == names[9::10]
    assert not set(held_out_colours()) & set(training_colours())
    assert len(training_colours()) + len(held_out_colours()) == 949
