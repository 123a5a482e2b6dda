"""Where the user's own files are: models/humandiffusion/..., or wherever extra_model_paths.yaml says."""

import hashlib
import os
import re
from pathlib import Path

import folder_paths

from ...humandiffusion.errors import InputError

BUILTIN = "builtin"
DENOISERS = "humandiffusion_denoisers"
ENCODERS = "humandiffusion_encoders"
MEMORIES = "humandiffusion_memories"
ADAPTERS = "humandiffusion_adapters"
PARSERS = "humandiffusion_parsers"
LOOKS = "humandiffusion_looks"

_FOLDERS = {
    DENOISERS: "denoisers",
    ENCODERS: "encoders",
    MEMORIES: "memories",
    ADAPTERS: "adapters",
    PARSERS: "parsers",
    LOOKS: "looks",
}
_IP_ADAPTERS = "ipadapter"  # a folder that other packs know as well
_EXTENSIONS = {".safetensors"}
_CONFIG = "config.json"  # what makes a folder a model
_OF_A_MODEL = (".safetensors", ".json", ".txt", ".model")
_NAME = re.compile(r"[\w() -][\w.() -]*(/[\w() -][\w.() -]*)*")  # a file, or one in folders; no way out of them
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[1-9])\s*(\..*)?", re.IGNORECASE)  # never a file on Windows
_DELTA = ".delta-"  # a memory's later additions lie beside it and are read with it
_WHOLE = 64 * 2**20  # larger files are told apart by size, time and their first bytes


def register_folders() -> None:
    """Make one `folder_paths` category for each kind of file; folders that a yaml file named stay first."""
    for category, name in _FOLDERS.items():
        folder_paths.add_model_folder_path(category, os.path.join(folder_paths.models_dir, "humandiffusion", name))
        paths, _ = folder_paths.folder_names_and_paths[category]
        folder_paths.folder_names_and_paths[category] = (paths, set(_EXTENSIONS))
    shared = _IP_ADAPTERS in folder_paths.folder_names_and_paths
    folder_paths.add_model_folder_path(_IP_ADAPTERS, os.path.join(folder_paths.models_dir, _IP_ADAPTERS))
    if not shared:  # else whoever made it decides which files it lists
        paths, _ = folder_paths.folder_names_and_paths[_IP_ADAPTERS]
        folder_paths.folder_names_and_paths[_IP_ADAPTERS] = (paths, set(_EXTENSIONS))


def list_files(category: str) -> list[str]:
    """`builtin` and then the user's files of a kind."""
    return [BUILTIN, *(name for name in folder_paths.get_filename_list(category) if _DELTA not in name)]


def resolve(category: str, name: str) -> str:
    """The path behind a name of `list_files`; `builtin` stays as it is. Raises FileNotFoundError for any other name."""
    return name if name == BUILTIN else folder_paths.get_full_path_or_raise(category, name)


def exists(category: str, name: str) -> bool | str:
    """True, or what to tell the user."""
    if name == BUILTIN or folder_paths.get_full_path(category, name):
        return True
    places = " or ".join(folder_paths.get_folder_paths(category))
    return f"{name!r} is not there; put the .safetensors file into {places} and press R, or choose {BUILTIN!r}"


def fingerprint(category: str, name: str) -> str:
    """Changes when the file behind a name does, or a delta file beside it."""
    if name == BUILTIN:
        return name
    path = resolve(category, name)
    stem = os.path.splitext(os.path.basename(path))[0] + _DELTA
    folder = os.path.dirname(path)
    deltas = sorted(entry for entry in os.listdir(folder) if entry.startswith(stem))
    return ",".join(file_hash(os.path.join(folder, entry)) for entry in [os.path.basename(path), *deltas])


def list_models(category: str) -> list[str]:
    """`builtin`, then files of ours and folders with a model of somebody else's."""
    names = []
    for file in folder_paths.get_filename_list(category):
        folder = os.path.dirname(file)
        names.append(folder if folder and model_folder(category, folder) else file)
    return [BUILTIN, *dict.fromkeys(names)]


def model_path(category: str, name: str) -> str:
    """The path behind a name of `list_models`; `builtin` stays as it is. Raises FileNotFoundError for another."""
    return name if name == BUILTIN else model_folder(category, name) or resolve(category, name)


def model_exists(category: str, name: str) -> bool | str:
    """True, or what to tell the user."""
    if name in list_models(category):
        return True
    places = " or ".join(folder_paths.get_folder_paths(category))
    return (
        f"{name!r} is not there; put the checkpoint's folder, with config.json and model.safetensors, into {places} "
        f"and press R, or choose {BUILTIN!r}"
    )


def model_fingerprint(category: str, name: str) -> str:
    """Changes when a file behind a name of `list_models` does."""
    path = model_path(category, name)
    if name == BUILTIN:
        return name
    if not os.path.isdir(path):
        return file_hash(path)
    files = [os.path.join(path, entry) for entry in sorted(os.listdir(path)) if entry.endswith(_OF_A_MODEL)]
    return hashlib.sha256(" ".join(map(file_hash, files)).encode()).hexdigest()


def model_folder(category: str, name: str, holding: str = _CONFIG) -> str | None:
    """The folder `name` in one of the places of a category, if it holds that file."""
    for base in folder_paths.get_folder_paths(category):
        path = _within(base, name)
        if path and os.path.isfile(os.path.join(path, holding)):
            return path
    return None


def annotated_file(name: str) -> str | None:
    """A file of the input folder, or of the one that `NAME [output]` or `NAME [temp]` says; None if it is not there, or
    the name leads out of that folder, which ComfyUI itself checks only in later versions."""
    plain, base = folder_paths.annotated_filepath(name)
    path = _within(base or folder_paths.get_input_directory(), plain)
    return path if path and os.path.isfile(path) else None


def output_name(name: str) -> bool | str:
    """True if a file may be called so, or what to tell the user."""
    segments = name.strip().split("/")
    awkward = any(one.endswith((" ", ".")) or _DEVICE.fullmatch(one) for one in segments)
    if _NAME.fullmatch(name.strip()) and not awkward and _DELTA not in name:
        return True
    return (
        f"got the name {name!r}, wanted letters, digits, spaces, _ - . ( ), and / for a folder within, as 'my memory'"
    )


def output_file(category: str, name: str, replace: bool) -> Path:
    """Where to write a file of that name; if there is one and it is not to be replaced, with a number behind it.

    Raises InputError for a name that no file may have.
    """
    told = output_name(name)
    if told is not True:
        raise InputError(f"name: {told}")
    stem = name.strip().removesuffix(".safetensors")
    there = None if not replace else folder_paths.get_full_path(category, f"{stem}.safetensors")
    if there:
        return Path(there)
    base = Path(folder_paths.get_folder_paths(category)[0])
    number = 1
    while folder_paths.get_full_path(category, numbered := f"{stem}{f' {number}' if number > 1 else ''}.safetensors"):
        number += 1
    (base / numbered).parent.mkdir(parents=True, exist_ok=True)
    return base / numbered


def list_looks() -> list[str]:
    """The user's looks."""
    return folder_paths.get_filename_list(LOOKS)


def look_exists(name: str) -> bool | str:
    """True, or what to tell the user."""
    if name and folder_paths.get_full_path(LOOKS, name):
        return True
    places = " or ".join(folder_paths.get_folder_paths(LOOKS))
    return f"{name!r} is not there; save one by Save Look, or put the .safetensors file into {places}, and press R"


def list_adapters() -> list[str]:
    """The adapter files of both folders."""
    names = [name for category in (ADAPTERS, _IP_ADAPTERS) for name in folder_paths.get_filename_list(category)]
    return [name for name in dict.fromkeys(names) if os.path.splitext(name)[1].lower() in _EXTENSIONS]


def adapter_path(name: str) -> str | None:
    """The path behind a name of `list_adapters`; None if it is not there."""
    found = (folder_paths.get_full_path(category, name) for category in (ADAPTERS, _IP_ADAPTERS))
    return next((path for path in found if path), None)


def adapter_exists(name: str) -> bool | str:
    """True, or what to tell the user."""
    places = " or ".join(folder_paths.get_folder_paths(ADAPTERS) + folder_paths.get_folder_paths(_IP_ADAPTERS))
    if os.path.splitext(name)[1].lower() not in _EXTENSIONS:
        return (
            f"{name!r} is not a .safetensors file, and nothing else is read as weights; get the .safetensors file of "
            f"the same name and put it into {places}"
        )
    return True if adapter_path(name) else f"{name!r} is not there; put the .safetensors file into {places} and press R"


def _within(base: str, name: str) -> str | None:
    """The path of `name` in the folder `base`; None if it leads out of it."""
    path = os.path.abspath(os.path.join(base, name))
    return path if Path(path).is_relative_to(os.path.abspath(base)) else None


def file_hash(path: str) -> str:
    """SHA-256 of a file's content; of a large one, of its size, time of change and first bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        digest.update(file.read(_WHOLE))
        status = os.fstat(file.fileno())
    if status.st_size > _WHOLE:
        digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()
