"""One real ComfyUI server for all tests here, with a tiny random model of each kind in its folders.

COMFYUI_PATH names the checkout (else ~/comfy/ComfyUI), COMFYUI_PYTHON its interpreter (else ~/comfy/venv/bin/python).
"""

import copy
import io
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parent / "fixtures"
# Not what the registry would call it, as a user may rename it. (With a blank, ComfyUI itself serves no help pages.)
FOLDER = "my-People_v1.2"
# Absent where ComfyUI is freshly installed; here they are made absent in any case.
EXTRAS = ("diffusers", "controlnet_aux", "usearch")


@pytest.fixture(scope="session")
def host() -> SimpleNamespace:
    """Where ComfyUI and its interpreter are; skips, loudly, where they are not."""
    path = Path(os.environ.get("COMFYUI_PATH") or Path.home() / "comfy" / "ComfyUI")
    python = Path(os.environ.get("COMFYUI_PYTHON") or Path.home() / "comfy" / "venv" / "bin" / "python")
    if not (path / "main.py").is_file() or not python.is_file():
        message = (
            f"SKIPPED: tests on a real ComfyUI; none at {path} with {python} (set COMFYUI_PATH and COMFYUI_PYTHON)"
        )
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    return SimpleNamespace(path=path, python=python)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, tiny_files: Any) -> Path:
    """A base directory with this pack under another name, and tiny models as `tiny.safetensors`."""
    folder = tmp_path_factory.mktemp("comfy")
    for name in ("input", "output", "temp", "user", "custom_nodes", "absent"):
        (folder / name).mkdir()
    ignore = shutil.ignore_patterns(
        ".*", "__pycache__", "tests", "benchmarks", "runs", "demo", "*.egg-info", "node_modules"
    )
    shutil.copytree(ROOT, folder / "custom_nodes" / FOLDER, ignore=ignore)
    for name in EXTRAS:
        (folder / "absent" / f"{name}.py").write_text(f"raise ImportError('{name} is absent in this test')\n")
    for kind, file in (
        ("denoisers", tiny_files.model),
        ("encoders", tiny_files.encoder),
        ("memories", tiny_files.memory),
    ):
        (folder / "models" / "humandiffusion" / kind).mkdir(parents=True)
        shutil.copy(file, folder / "models" / "humandiffusion" / kind / "tiny.safetensors")
    return folder


@pytest.fixture(scope="session")
def pack(base: Path) -> Path:
    """The pack's renamed copy."""
    return base / "custom_nodes" / FOLDER


@pytest.fixture(scope="session")
def run_laws(host: SimpleNamespace, pack: Path) -> Callable[..., dict[str, str]]:
    """Runs a script of laws (boot.py) in ComfyUI's interpreter: for each law "" or what broke."""

    def run(script: Path, *more: object) -> dict[str, str]:
        command = [host.python, script, host.path, pack, *more]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout[done.stdout.index("{") :])

    return run


@pytest.fixture(scope="session")
def random_sd(host: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of small random Stable Diffusion files that sd_files.py writes."""
    folder = tmp_path_factory.mktemp("sd")
    command = [host.python, Path(__file__).with_name("sd_files.py"), host.path, folder]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def artists_files(base: Path, random_sd: Path) -> None:
    """What the example workflows name of an artist's own, in the server's folders: small random files, a noisy picture
    with a hole in its alpha as the mask editor leaves it, and an upscaler.
    """
    twins = [json.loads(path.read_text("utf-8")) for path in FIXTURES.glob("*.api.json")]
    nodes = [node for twin in twins for node in twin.values()]
    inputs = {item for node in nodes for item in node["inputs"].items() if _is_name(item)}
    for kind, name in sorted(inputs):
        folder, stand_in = FILES[kind]
        _within(base / folder).joinpath(name).symlink_to(random_sd / f"{stand_in(name)}.safetensors")
    torch.save(_upscaler(), _within(base / "models" / "upscale_models") / UPSCALER)
    picture = Image.effect_noise((128, 192), 90).convert("RGBA")
    picture.paste((0, 0, 0, 0), (32, 64, 96, 128))
    picture.save(base / "input" / "person.png")


# What names a file in a workflow: the folder where ComfyUI looks for it, and the random file that stands for it.
FILES: dict[str, tuple[str, Callable[[str], str]]] = {
    "ckpt_name": ("models/checkpoints", lambda name: "sdxl" if "xl" in name else "sd15"),
    "lora_name": ("models/loras", lambda name: "lora"),
    "control_net_name": ("models/controlnet", lambda name: "control"),
}
UPSCALER, SCALE = "RealESRGAN_x2plus.pth", 2


def _is_name(item: tuple[str, Any]) -> bool:
    return item[0] in FILES and isinstance(item[1], str)


def _within(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _upscaler(width: int = 8) -> dict[str, torch.Tensor]:
    """A small random network of Real-ESRGAN's compact layout, which spandrel reads."""
    random = torch.Generator().manual_seed(5)
    shapes = {"0": (width, 3, 3, 3), "1": (width,), "2": (3 * SCALE**2, width, 3, 3)}
    tensors = {f"body.{layer}.weight": torch.randn(shape, generator=random) / 8 for layer, shape in shapes.items()}
    return {**tensors, "body.0.bias": torch.zeros(width), "body.2.bias": torch.zeros(3 * SCALE**2)}


@pytest.fixture(scope="session")
def server(host: SimpleNamespace, base: Path) -> Iterator["Server"]:
    """The server, started once and ended by its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [host.python, "main.py", "--cpu", "--listen", "127.0.0.1", "--port", port, "--base-directory", base]
    command += ["--disable-auto-launch", "--preview-method", "latent2rgb"]
    log = base / "server.log"
    env = {**os.environ, "PYTHONPATH": str(base / "absent"), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=host.path, env=env, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield _wait(Server(f"127.0.0.1:{port}", log), process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture
def workflow() -> dict[str, Any]:
    """The example workflow in API format, on the tiny models and with few steps."""
    prompt = json.loads((FIXTURES / "person_from_sentence.api.json").read_text("utf-8"))
    for node in prompt.values():
        for name in ("model_name", "encoder_name", "memory_name"):
            if name in node["inputs"]:
                node["inputs"][name] = "tiny.safetensors"
        if "steps" in node["inputs"]:
            node["inputs"]["steps"] = 4
    return prompt


class Events:
    """What the server tells its page while a prompt runs: a WebSocket of 40 lines, because the standard library has "
    "none."""

    def __init__(self, address: str) -> None:
        host, port = address.split(":")
        self.client = uuid.uuid4().hex
        self.socket = socket.create_connection((host, int(port)), timeout=300)
        lines = [f"GET /ws?clientId={self.client} HTTP/1.1", f"Host: {address}", "Upgrade: websocket"]
        lines += ["Connection: Upgrade", f"Sec-WebSocket-Key: {'A' * 22}==", "Sec-WebSocket-Version: 13"]
        self.socket.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        self.file = self.socket.makefile("rb")
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, *args: object) -> None:
        self.file.close()
        self.socket.close()

    def wait_for(self, kind: str, accept: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message of a kind that is accepted."""
        while True:
            code, payload = self._frame()
            message = json.loads(payload) if code == 1 else {"type": "binary"}
            if message["type"] == kind and accept(message["data"]):
                return message["data"]

    def wait_for_picture(self) -> io.BytesIO:
        """The first preview: a file of JPEG or PNG."""
        while True:
            code, payload = self._frame()
            for start in (payload.find(b"\xff\xd8\xff"), payload.find(b"\x89PNG")):
                if code == 2 and start >= 0:
                    return io.BytesIO(payload[start:])

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._read(2)
        length = second & 127
        if length > 125:
            length = int.from_bytes(self._read(2 if length == 126 else 8), "big")
        return first & 15, self._read(length)

    def _read(self, count: int) -> bytes:
        data = self.file.read(count)
        if len(data) < count:
            raise ConnectionError("the server closed the connection")
        return data


class Server:
    """The few calls that the tests need."""

    folder = FOLDER

    def __init__(self, address: str, log: Path) -> None:
        self.address = address
        self.log = log

    def call(self, path: str, data: Any = None) -> bytes:
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"http://{self.address}{path}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.read()

    def json(self, path: str, data: Any = None) -> Any:
        return json.loads(self.call(path, data))

    def queue(self, prompt: dict[str, Any], client: str | None = None) -> str:
        """Queue a prompt; its id. A refused one raises ValueError with the server's words."""
        try:
            answer = self.json("/prompt", {"prompt": prompt, "client_id": client or uuid.uuid4().hex})
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None
        if answer["node_errors"]:
            raise ValueError(json.dumps(answer["node_errors"]))
        return answer["prompt_id"]

    def events(self) -> Events:
        return Events(self.address)

    def wait(self, prompt_id: str, seconds: float = 300) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            history = self.json(f"/history/{prompt_id}")
            if prompt_id in history:
                return history[prompt_id]
            time.sleep(0.05)
        raise TimeoutError(f"no end after {seconds} s; log {self.log}")

    def run(self, prompt: dict[str, Any], *outputs: str) -> list[list[torch.Tensor]]:
        """Run to the end: the pictures [H, W, 3] 0..255 of each output node named. A failed run raises RuntimeError."""
        history = self.wait(self.queue(prompt))
        if history["status"]["status_str"] != "success":
            raise RuntimeError(
                next(data["exception_message"] for kind, data in history["status"]["messages"] if "error" in kind)
            )
        return [[self.picture(file) for file in history["outputs"][node]["images"]] for node in outputs]

    def picture(self, file: dict[str, str]) -> torch.Tensor:
        query = urllib.parse.urlencode({key: file[key] for key in ("filename", "subfolder", "type")})
        image = Image.open(io.BytesIO(self.call(f"/view?{query}"))).convert("RGB")
        return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(image.height, image.width, 3).int()

    def changed(self, prompt: dict[str, Any], **values: Any) -> dict[str, Any]:
        """A copy in which every node with such an input has this value."""
        prompt = copy.deepcopy(prompt)
        for node in prompt.values():
            node["inputs"].update({name: value for name, value in values.items() if name in node["inputs"]})
        return prompt


def _wait(server: Server, process: "subprocess.Popen[bytes]", seconds: float = 300) -> Server:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            server.call("/system_stats")
            return server
        except OSError:
            time.sleep(0.3)
    tail = "\n".join(server.log.read_text("utf-8", "replace").splitlines()[-25:])
    pytest.fail(f"ComfyUI does not answer; its log ends with\n{tail}")
