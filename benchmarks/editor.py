"""Is the pose editor quick? Chromium paints strokes on a map of 1024 x 1536 and opens it; and how large is the bundle?

    python benchmarks/editor.py --json editor.json

Needs Node with the packages of package.json (`npm ci`), and Chromium (CHROMIUM, else /usr/bin/chromium). The committed
bundle runs on a page of its own, without ComfyUI, so that only our handlers and our drawing are timed.
"""

import argparse
import json
import subprocess
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from common import Figures, report, start

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = ROOT / "web" / "humandiffusion.js"
SIZE = (1536, 1024)
BLOB = 80  # pixels, radius of what is painted
WANTED = {
    "frame_ms_p95": "<= 16: main-thread time of a frame while painting",
    "open_ms": "<= 200: a saved map with a figure and paint, median of 5",
    "restore_ms": "the first use of what lies below the paint, which draws the figure anew",
    "pose_ms_p95": "main-thread time of a frame while a wrist is dragged, the paint going along",
    "bundle_kb": "<= 150",
    "value_kb": "what the workflow saves for that map",
}
PAGE = """<!doctype html><meta charset="utf-8"><style>body{margin:0}</style>
<div id="place" style="height:960px"></div>
<script type="module">
import { app } from '/scripts/app.js'
await import('/extensions/pack/humandiffusion.js')
const node = { properties: {}, addDOMWidget(name, type, element, options) {
  document.querySelector('#place').append(element)
  window.widget = options
  return { name, options }
} }
app.extension.getCustomWidgets().HUMANDIFFUSION_POSE_EDITOR(node, 'editor')
</script>"""
FILES = {
    "index.html": PAGE,
    "scripts/app.js": "export const app = { registerExtension(extension) { this.extension = extension } }",
    "scripts/api.js": "export const api = { apiURL: (route) => route, fetchApi: fetch }",
}


def main() -> None:
    """Serve the page, let Node drive it, print and write the figures."""
    args = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        bundle = Path(folder, "extensions", "pack", "humandiffusion.js")
        bundle.parent.mkdir(parents=True)
        bundle.write_bytes(BUNDLE.read_bytes())
        value = Path(folder, "value.json")
        value.write_text(_value(), encoding="utf-8")
        figures = _drive(folder, value)
        figures["value_kb"] = value.stat().st_size / 1000
    figures["bundle_kb"] = BUNDLE.stat().st_size / 1000
    report(f"Pose editor at {SIZE[1]} x {SIZE[0]}", figures, WANTED, args.json)


def _value() -> str:
    """A posed figure with paint over chest and hand, as the editor would save it."""
    import numpy as np

    from humandiffusion.parts import part_index
    from humandiffusion.pose.editor_value import encode_runs
    from humandiffusion.pose.presets import load_preset

    pose = load_preset("standing-trousers", SIZE)
    assert pose.keypoints is not None
    skeleton = {
        "keypoints": pose.keypoints[0][0].body.tolist(),
        "garments": [{"cut": "hair-long"}, {"cut": "blouse"}, {"cut": "trousers"}, {"cut": "boots"}],
        "build": "average",
    }
    painted = np.zeros(SIZE, dtype=np.uint8)
    for x, y in (pose.keypoints[0][0].body[4, :2], pose.keypoints[0][0].body[[1, 8, 11], :2].mean(0)):
        rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
        painted[(rows - float(y)) ** 2 + (columns - float(x)) ** 2 < BLOB**2] = 1
    labels = np.where(painted, part_index("bag"), pose.labels[0].numpy())
    layers = {"labels": {"rle": encode_runs(labels)}, "painted": {"rle": encode_runs(painted)}}
    data = {"version": 1, "width": SIZE[1], "height": SIZE[0], **layers, "skeleton": skeleton, "base": None}
    return json.dumps(data, separators=(",", ":"))


def _drive(folder: str, value: Path) -> Figures:
    handler = partial(_Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        script = ROOT / "benchmarks" / "editor_page.mjs"
        command = ["node", str(script), f"http://127.0.0.1:{server.server_port}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=ROOT)
        server.shutdown()
    if done.returncode:
        raise SystemExit(f"editor benchmark: node failed: {done.stderr.strip().splitlines()[-1:]}; run `npm ci` first")
    return json.loads(done.stdout)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures as flat JSON")
    return parser.parse_args()


if __name__ == "__main__":
    start(main, ["torch", "numpy"])
