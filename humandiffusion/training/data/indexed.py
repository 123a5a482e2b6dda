"""Reader of the layout of ccp: `index.json` with a list `records`, `images/ID.jpg`, and if there `parsing/ID.png` and
the finer `labels59/ID.png`. A record may have `tags` and a `caption`.
"""

import json
from pathlib import Path

from ...errors import InputError
from .records import Listing, Record


def is_indexed(root: Path) -> bool:
    """Whether a folder has this layout."""
    return (root / "index.json").is_file()


def read_indexed(root: Path) -> Listing:
    """The photos in the index's order. Raises InputError if the index cannot be read."""
    path = root / "index.json"
    owner = root.resolve().name  # a style memory names photos by it, also where --data is "."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        records = {str(record["id"]): record for record in content["records"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"--data: {path} cannot be read ({reason}); wanted an object with a list 'records'") from error
    maps, fine = root / "parsing", root / "labels59"
    mapped = maps.is_dir() and any(maps.glob("*.png"))
    fine_labels = tuple(content.get("labels59", ())) if fine.is_dir() else ()
    found = tuple(
        Record(
            name,
            f"{owner}/{name}",
            root / "images" / f"{name}.jpg",
            maps / f"{name}.png" if mapped else None,
            fine / f"{name}.png" if fine_labels else None,
            tuple(record["tags"]) if "tags" in record else None,
            str(record.get("caption", "")),
        )
        for name, record in records.items()
    )
    return Listing(root, "index.json", found, fine_labels, () if mapped else ("parsing",))
