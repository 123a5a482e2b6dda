"""Where the user's own files are: models/humandiffusion/..., or wherever extra_model_paths.yaml says."""

import hashlib
import os

import folder_paths

BUILTIN = "builtin"
DENOISERS = "humandiffusion_denoisers"
ENCODERS = "humandiffusion_encoders"
MEMORIES = "humandiffusion_memories"
ADAPTERS = "humandiffusion_adapters"
PARSERS = "humandiffusion_parsers"

_FOLDERS = {
    DENOISERS: "denoisers",
    ENCODERS: "encoders",
    MEMORIES: "memories",
    ADAPTERS: "adapters",
    PARSERS: "parsers",
}
_IP_ADAPTERS = "ipadapter"  # a folder that other packs know as well
_EXTENSIONS = {".safetensors"}
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


def file_hash(path: str) -> str:
    """SHA-256 of a file's content; of a large one, of its size, time of change and first bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        digest.update(file.read(_WHOLE))
        status = os.fstat(file.fileno())
    if status.st_size > _WHOLE:
        digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()
