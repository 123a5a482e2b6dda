"""The optional package controlnet_aux, which draws OpenPose's skeletons and finds people's joints."""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from .errors import InputError


def open_pose_module(what: str, otherwise: str, also: Sequence[str] = ()) -> Any:
    """`controlnet_aux.open_pose`; it takes seconds to import, and warns of much that is no business of an artist's.

    `also`: packages that it needs but does not require. Raises InputError where one cannot be imported: `what` is done
    by it, and `otherwise` what the artist can do without.
    """
    names = ("controlnet_aux", *also)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = import_module("controlnet_aux.open_pose")
            for name in also:
                import_module(name)
    # A package that does not fit the others installed fails in many ways.
    except Exception as error:
        packages = "packages" if also else "package"
        raise InputError(
            f"{what} by the Python {packages} {' and '.join(names)}, which cannot be imported here ({error}); install "
            f"where ComfyUI runs: {sys.executable} -m pip install {' '.join(names)}, then restart, or {otherwise}"
        ) from error
    return module
