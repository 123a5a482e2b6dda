"""A label map's PNG is lossless; what is not one is refused in one line that names it."""

import os
import random
import struct
import zlib
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from humandiffusion.errors import InputError
from humandiffusion.parts import NUM_PARTS, PARTS, TOP
from humandiffusion.pose.files import load_keypoints, load_map_or_skeleton
from humandiffusion.pose.io import load_pose, save_pose
from humandiffusion.pose.palettes import OURS, TEXT2HUMAN
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.render import render
from humandiffusion.pose.semantic_pose import Keypoints, SemanticPose
from humandiffusion.pose.wardrobe import garments_for


@pytest.fixture
def labels() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 24, (1, 13, 9), generator=generator, dtype=torch.uint8)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as refused:
        load_pose(path)
    message = str(refused.value)
    assert str(path) in message and "\n" not in message
    return message


def test_round_trip_is_lossless(tmp_path: Path, labels: torch.Tensor) -> None:
    points = Keypoints(torch.rand(18, 3) * 99, hands=torch.rand(2, 21, 3), face=torch.rand(70, 3))
    pose = SemanticPose(labels, person=labels % 3, keypoints=((points, Keypoints(torch.zeros(18, 3))),))
    save_pose(pose, tmp_path / "map.png")
    loaded = load_pose(tmp_path / "map.png")
    assert torch.equal(loaded.labels, labels)
    assert loaded.person is not None and torch.equal(loaded.person, labels % 3)
    assert loaded.keypoints is not None and len(loaded.keypoints[0]) == 2
    first = loaded.keypoints[0][0]
    assert first.hands is not None and first.face is not None
    assert torch.equal(first.body, points.body)
    assert torch.equal(first.hands, points.hands) and torch.equal(first.face, points.face)
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_the_pixel_value_is_the_index_for_every_reader(tmp_path: Path, labels: torch.Tensor) -> None:
    save_pose(SemanticPose(labels), tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.mode == "P"
        assert np.array_equal(np.array(picture), labels[0].numpy())
        assert np.array(picture.convert("RGB"))[0, 0].tolist() == list(PARTS[labels[0, 0, 0]].colour)


def test_a_map_of_few_parts_is_lossless_too(tmp_path: Path) -> None:
    labels = torch.tensor([[[0, TOP, 0]]], dtype=torch.uint8)
    save_pose(SemanticPose(labels), tmp_path / "map.png")
    assert torch.equal(load_pose(tmp_path / "map.png").labels, labels)


@pytest.mark.parametrize("palette", [OURS, TEXT2HUMAN])
def test_colours_of_either_palette_are_read(tmp_path: Path, labels: torch.Tensor, palette) -> None:
    colours = np.array(palette, dtype=np.uint8)[labels[0].numpy()]
    Image.fromarray(colours).save(tmp_path / "colours.png")
    assert torch.equal(load_pose(tmp_path / "colours.png").labels, labels)
    opaque = np.concatenate([colours, np.full((*colours.shape[:2], 1), 255, np.uint8)], 2)
    Image.fromarray(opaque).save(tmp_path / "opaque.png")
    assert torch.equal(load_pose(tmp_path / "opaque.png").labels, labels)


def test_what_render_draws_load_reads(tmp_path: Path, labels: torch.Tensor) -> None:
    picture = (render(SemanticPose(labels))[0] * 255).round().to(torch.uint8).numpy()
    Image.fromarray(picture).save(tmp_path / "drawn.png")
    assert torch.equal(load_pose(tmp_path / "drawn.png").labels, labels)


def test_a_reordered_palette_is_read_by_its_colours(tmp_path: Path, labels: torch.Tensor) -> None:
    picture = Image.fromarray(23 - labels[0].numpy(), "P")
    picture.putpalette([channel for colour in reversed(OURS) for channel in colour])
    picture.save(tmp_path / "optimised.png")
    assert torch.equal(load_pose(tmp_path / "optimised.png").labels, labels)


def test_indices_with_a_foreign_palette_are_indices(tmp_path: Path, labels: torch.Tensor) -> None:
    picture = Image.fromarray(labels[0].numpy(), "P")
    picture.putpalette([(7 * i + 3) % 256 for i in range(72)])
    picture.save(tmp_path / "foreign.png")
    assert torch.equal(load_pose(tmp_path / "foreign.png").labels, labels)


def test_grey_indices_are_read_at_8_and_4_bits(tmp_path: Path, labels: torch.Tensor) -> None:
    Image.fromarray(labels[0].numpy()).save(tmp_path / "grey.png")
    assert torch.equal(load_pose(tmp_path / "grey.png").labels, labels)
    (tmp_path / "four.png").write_bytes(_png(depth=4, colour_type=0, rows=[b"\x0e\xf0"], width=3))
    assert load_pose(tmp_path / "four.png").labels.flatten().tolist() == [0, 14, 15]


def test_unknown_index_is_named_with_its_place(tmp_path: Path, labels: torch.Tensor) -> None:
    pixels = labels[0].numpy().copy()
    pixels[4, 2] = 77
    Image.fromarray(pixels).save(tmp_path / "map.png")
    message = refusal(tmp_path / "map.png")
    assert "77" in message and "x 2, y 4" in message


def test_unknown_colour_is_named_with_its_place(tmp_path: Path, labels: torch.Tensor) -> None:
    colours = np.array(OURS, dtype=np.uint8)[labels[0].numpy()]
    colours[3, 5] = (1, 2, 3)
    Image.fromarray(colours).save(tmp_path / "map.png")
    message = refusal(tmp_path / "map.png")
    assert "(1, 2, 3)" in message and "x 5, y 3" in message and "1 such" in message


def test_other_files_are_refused(tmp_path: Path, labels: torch.Tensor) -> None:
    save_pose(SemanticPose(labels.repeat(1, 9, 9)), tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "empty.png").write_bytes(b"")
    Image.new("RGB", (4, 4)).save(tmp_path / "photo.jpg")
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "deep_colour.png").write_bytes(_png(depth=16, colour_type=2, rows=[bytes(6)], width=1))
    Image.new("RGBA", (4, 4), (0, 0, 0, 128)).save(tmp_path / "clear.png")
    Image.new("1", (4, 4)).save(tmp_path / "mask.png")
    Image.new("LA", (4, 4)).save(tmp_path / "la.png")
    assert "damaged" in refusal(tmp_path / "half.png")
    assert "not a PNG" in refusal(tmp_path / "text.png")
    assert "not a PNG" in refusal(tmp_path / "empty.png")
    assert "not a PNG" in refusal(tmp_path / "photo.jpg")
    assert "16 bits" in refusal(tmp_path / "deep.png")
    assert "16 bits" in refusal(tmp_path / "deep_colour.png")
    assert "transparent" in refusal(tmp_path / "clear.png")
    assert "mode 1" in refusal(tmp_path / "mask.png")
    assert "mode LA" in refusal(tmp_path / "la.png")
    assert "cannot read" in refusal(tmp_path / "nothing.png")
    assert "cannot read" in refusal(tmp_path)


_MISSHAPEN = [
    "{",
    "null",
    "[1]",
    "[" * 100_000,
    '{"body": {}}',
    '[{"body": {}}]',
    '[{"body": null}]',
    '[{"body": [[1, 2]]}]',
    '[{"nose": 1}]',
    '[{"body": [[NaN, 1, 1]' + ", [1, 1, 1]" * 17 + "]}]",
    '[{"body": [[1e30, 1, 1]' + ", [1, 1, 1]" * 17 + "]}]",
    '[{"body": [[1' + "0" * 400 + ", 1, 1]" + ", [1, 1, 1]" * 17 + "]}]",
    "[" + ", ".join(['{"body": [[0, 0, 0]' + ", [0, 0, 0]" * 17 + "]}"] * 256) + "]",
]


@pytest.mark.parametrize("text", _MISSHAPEN, ids=lambda text: text[:20])
def test_bad_keypoints_are_refused(tmp_path: Path, text: str) -> None:
    assert "keypoints" in refusal(_with_chunk(tmp_path / "map.png", "humandiffusion:keypoints", text))


def test_keypoints_in_whole_numbers_are_read_as_floats(tmp_path: Path) -> None:
    body = str([[i, 2 * i, 1] for i in range(18)])
    pose = load_pose(_with_chunk(tmp_path / "map.png", "humandiffusion:keypoints", '[{"body": ' + body + "}]"))
    assert pose.keypoints is not None and pose.keypoints[0][0].body.dtype == torch.float32


@pytest.mark.parametrize("side", [13_000, 30_000, 5])
def test_person_ids_of_another_size_are_refused_before_they_are_decoded(tmp_path: Path, side: int) -> None:
    ids = b64encode(_png(depth=8, colour_type=0, rows=[], width=side, height=side)).decode("ascii")
    file = _with_chunk(tmp_path / "map.png", "humandiffusion:person", ids)
    message = refusal(file)
    assert "person ids" in message and "damaged" not in message and "truncated" not in message


@pytest.mark.parametrize("ids", ["?", "", "AAAA", b64encode(b"\x89PNG\r\n\x1a\n").decode("ascii")])
def test_bad_person_ids_are_refused(tmp_path: Path, ids: str) -> None:
    assert "person ids" in refusal(_with_chunk(tmp_path / "map.png", "humandiffusion:person", ids))


def _with_chunk(path: Path, name: str, text: str) -> Path:
    info = PngInfo()
    info.add_text(name, text)
    Image.new("L", (4, 4)).save(path, pnginfo=info)
    return path


def test_a_name_as_long_as_can_be_is_written_and_a_longer_one_refused(tmp_path: Path, labels: torch.Tensor) -> None:
    save_pose(SemanticPose(labels), tmp_path / f"{'m' * 251}.png")
    assert torch.equal(load_pose(tmp_path / f"{'m' * 251}.png").labels, labels)
    with pytest.raises(InputError, match="cannot write"):
        save_pose(SemanticPose(labels), tmp_path / f"{'m' * 252}.png")
    assert len(os.listdir(tmp_path)) == 1


def test_a_failed_save_leaves_nothing_and_keeps_what_was_there(tmp_path: Path, labels: torch.Tensor) -> None:
    with pytest.raises(InputError, match="cannot write"):
        save_pose(SemanticPose(labels), tmp_path / "no" / "map.png")
    with pytest.raises(InputError, match="batch of 2"):
        save_pose(SemanticPose(labels.repeat(2, 1, 1)), tmp_path / "map.png")
    assert os.listdir(tmp_path) == []
    (tmp_path / "map.png").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        save_pose(SemanticPose(labels), tmp_path / "map.png")
    assert os.listdir(tmp_path) == ["map.png"]


def _png(depth: int, colour_type: int, rows: list[bytes], width: int, height: int = 0) -> bytes:
    """A PNG that PIL does not write."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height or len(rows), depth, colour_type, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_palette_png_holds_the_colours_and_reads_back_with_people(tmp_path: Path) -> None:
    pose = load_preset("standing-trousers", (48, 32))
    save_pose(pose, tmp_path / "map.png", "palette PNG")
    assert Image.open(tmp_path / "map.png").mode == "RGB"
    again = load_pose(tmp_path / "map.png")
    assert torch.equal(again.labels, pose.labels)
    assert again.keypoints is not None and pose.keypoints is not None
    assert torch.equal(again.keypoints[0][0].body, pose.keypoints[0][0].body)


def test_openpose_json_holds_the_skeleton_and_needs_one(tmp_path: Path, labels: torch.Tensor) -> None:
    pose = load_preset("standing-trousers", (48, 32))
    save_pose(pose, tmp_path / "pose.json", "OpenPose JSON")
    (frame,) = load_keypoints(tmp_path / "pose.json")
    assert frame.size == (48, 32) and not frame.shares and pose.keypoints is not None
    assert torch.allclose(frame.people[0].body, pose.keypoints[0][0].body, atol=1e-3)
    drawn = load_map_or_skeleton(tmp_path / "pose.json", garments_for(None))
    assert drawn.labels.shape == (1, 48, 32) and drawn.labels.any()
    with pytest.raises(InputError, match="keypoints"):
        save_pose(SemanticPose(labels), tmp_path / "none.json", "OpenPose JSON")
    with pytest.raises(InputError, match="format"):
        save_pose(pose, tmp_path / "none.json", "GIF")
    assert [path.name for path in tmp_path.iterdir()] == ["pose.json"]


def test_2000_random_or_damaged_pngs_give_a_map_or_a_clear_error(tmp_path: Path) -> None:
    chance, outcomes = random.Random(7), {"map": 0, "error": 0}
    pose = load_preset("standing-trousers", (24, 16))
    whole = []
    for form in ("indexed PNG", "palette PNG"):
        save_pose(pose, tmp_path / "whole.png", form)
        whole.append((tmp_path / "whole.png").read_bytes())
    (tmp_path / "whole.png").unlink()
    for _ in range(2000):
        (tmp_path / "map.png").write_bytes(_damaged(chance.choice(whole), chance))
        try:
            read = load_pose(tmp_path / "map.png")
        except InputError as error:
            assert "\n" not in str(error) and "map.png" in str(error)
            outcomes["error"] += 1
            continue
        assert read.labels.dtype == torch.uint8 and int(read.labels.max()) < NUM_PARTS
        outcomes["map"] += 1
    assert min(outcomes.values()) > 100, outcomes
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """A PNG with bytes changed, lost or added, its checksums made right again half of the time; or a random one."""
    kind = chance.randrange(6)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        return content[: chance.randrange(len(content))]
    if kind == 2:
        depth, colour = chance.choice([(8, 0), (4, 0), (2, 0), (1, 0), (8, 2), (16, 0), (8, 4), (8, 6)])
        channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
        row = bytes(chance.choice((0, 1, 14, 23, 24, 255)) for _ in range(-(-3 * channels * depth // 8)))
        return _png(depth=depth, colour_type=colour, rows=[row] * chance.randrange(1, 4), width=3)
    at = chance.randrange(8, len(content))
    changed = content[:at] + chance.randbytes(chance.randrange(1, 4)) + content[at + chance.randrange(4) :]
    return _rechecked(changed) if kind > 3 else changed


def _rechecked(content: bytes) -> bytes:
    """Chunk by chunk with the right checksum, as far as the lengths make sense."""
    out, at = content[:8], 8
    while at + 12 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        chunk = content[at + 4 : at + 8 + size]
        out += content[at : at + 4] + chunk + zlib.crc32(chunk).to_bytes(4, "big")
        at += 12 + size
    return out
