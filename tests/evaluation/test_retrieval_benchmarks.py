"""The benchmarks of retrieval run whole on small data and write their contracted keys."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from humandiffusion.parts import HAIR, PANTS, TOP
from humandiffusion.safetensors_io import write_tensors
from humandiffusion.training.photos import is_held_out

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def run(script: str, *args: object) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *map(str, args)], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return json.loads(Path(str(args[args.index("--json") + 1])).read_text()) if "--json" in args else {}


def write_photos(root: Path, ids: list[str]) -> None:
    for folder in ("images", "parsing"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ids:
        labels = np.zeros((96, 64), dtype=np.uint8)
        labels[4:12, 24:40], labels[12:50, 16:48], labels[50:90, 18:46] = HAIR, TOP, PANTS
        photo = rng.integers(0, 255, (96, 64, 3), dtype=np.uint8)
        photo[labels == TOP], photo[labels == PANTS] = (190, 28, 40), (28, 28, 30)
        Image.fromarray(photo).save(root / "images" / f"{name}.jpg", quality=95)
        Image.fromarray(labels).save(root / "parsing" / f"{name}.png")
    items = [{"label": "shirt", "colour": "red"}, {"label": "pants", "colour": "black"}, {"label": "hair"}]
    (root / "index.json").write_text(json.dumps({"records": [{"id": name, "items": items} for name in ids]}))


def test_words_find_the_drawn_garments(tmp_path: Path) -> None:
    write_photos(tmp_path / "data", [name for name in (f"photo{i}" for i in range(100)) if is_held_out(name)])
    figures = run("memory_words.py", "--data", tmp_path / "data", "--json", tmp_path / "out.json")
    assert figures["captions_found_part_means"] == 1.0 and figures["captions_seen_part_means_blend1"] == 1.0
    for asked in ("captions", "even"):
        for scope in ("part", "all"):
            for gap in ("means", "none"):
                assert {f"{asked}_{what}_{scope}_{gap}" for what in ("found", "share", "first")} <= figures.keys()
                assert {f"{asked}_seen_{scope}_{gap}_blend{blend}" for blend in ("0", "0.5", "1")} <= figures.keys()


def test_retrieval_writes_the_contracted_keys(tmp_path: Path) -> None:
    pytest.importorskip("usearch")
    vectors = F.normalize(torch.randn(400, 16, generator=torch.Generator().manual_seed(0)), dim=1).half()
    part = torch.tensor([TOP] * 200 + [PANTS] * 200, dtype=torch.uint8)
    tensors = {"vectors": vectors, "part": part, "queries": vectors[::50].float(), "query_parts": part[::50].long()}
    write_tensors(tmp_path / "rows.safetensors", tensors)
    figures = run(
        "retrieval.py", "--rows", tmp_path / "rows.safetensors", "--work", tmp_path / "work", "--turns", 1,
        "--json", tmp_path / "out.json",
    )  # fmt: skip
    wanted = {"ratio_to_matmul", "peak_mib", "open_seconds", "engine", "engine_recall16", "engine_speedup"}
    assert wanted <= figures.keys()
    assert figures["rows"] == 400 and figures["engine"] == "usearch" and figures["engine_recall16"] == 1.0


def test_rows_are_unit_vectors_that_crowd_around_garments(tmp_path: Path) -> None:
    names = [f"photo{i}" for i in range(100)]
    write_photos(tmp_path / "data", [name for name in names if is_held_out(name)] + names[:20])
    out = tmp_path / "rows.safetensors"
    run("retrieval_data.py", "--data", tmp_path / "data", "--out", out, "--rows", 300, "--dim", 160, "--views", 30)
    from safetensors.torch import load_file

    rows = load_file(out)
    vectors = rows["vectors"].float()
    assert vectors.shape == (300, 160) and bool((rows["part"].int().diff() >= 0).all())
    assert set(rows["part"].tolist()) == {TOP, PANTS} | ({HAIR} & set(rows["part"].tolist()))
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(300), atol=2e-3, rtol=0)
    near = rows["queries"] @ vectors.T
    own = rows["query_parts"][:, None] == rows["part"].long()
    assert float(near[own].mean()) > float(near[~own].mean()) + 0.1
