"""ComfyUI and this pack in one process, for the laws that its own interpreter checks: SCRIPT.py COMFYUI PACK MORE...

A script of laws imports this first, then what it needs of ComfyUI, defines functions `law_...` and ends with
`report(globals())`. The test beside it (`run_laws` in conftest.py) runs the script once and reports each law as a test.
"""

import asyncio
import importlib.util
import json
import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

COMFYUI, PACK, *MORE = sys.argv[1:]
for extra in ("diffusers", "accelerate", "controlnet_aux", "usearch"):
    sys.modules[extra] = None  # importing it raises ImportError
sys.argv = ["main.py", "--cpu"]
sys.path[0] = COMFYUI
logging.disable(logging.WARNING)

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import comfy.model_management  # noqa: E402, F401
import torch  # noqa: E402

_NAME = "pack_x_9"  # nothing may depend on what the folder is called


def _load_pack() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(_NAME, Path(PACK, "__init__.py"), submodule_search_locations=[PACK])
    pack = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = pack
    spec.loader.exec_module(pack)
    extension = asyncio.run(pack.comfy_entrypoint())
    asyncio.run(extension.on_load())
    nodes = asyncio.run(extension.get_node_list())
    return {node.GET_SCHEMA().node_id.removeprefix("HumanDiffusion"): node for node in nodes}


NODES = _load_pack()


def part(name: str) -> ModuleType:
    """A module of the pack, as `humandiffusion.parts`."""
    return importlib.import_module(f"{_NAME}.{name}")


InputError = part("humandiffusion.errors").InputError


def refused(call: Callable[[], Any], *words: str) -> None:
    """The call raises InputError, in one line that has all the words."""
    try:
        call()
    except InputError as error:
        missing = [word for word in words if word not in str(error)]
        assert not missing and "\n" not in str(error), f"{error} lacks {missing}"
        return
    raise AssertionError(f"not refused: {words}")


def report(names: Mapping[str, Any]) -> None:
    """Check every law of a script and print, as JSON, "" or what broke for each."""
    results = {}
    for name, law in [item for item in names.items() if item[0].startswith("law_")]:
        try:
            with torch.inference_mode():
                law()
            results[name] = ""
        except Exception:
            results[name] = traceback.format_exc(limit=-4)
    sys.stdout.write(json.dumps(results, indent=1))
