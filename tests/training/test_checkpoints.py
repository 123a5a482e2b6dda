"""Laws of checkpoints on disk: whole, or not there."""

from pathlib import Path

import pytest
from accelerate import Accelerator

from humandiffusion.training import checkpoints
from humandiffusion.training.checkpoints import KEPT, keep_checkpoint, last_checkpoint


class Killed(BaseException):
    """What nothing may catch."""


def whole(out: Path) -> list[str]:
    """Names of the checkpoints, each of which has all its files."""
    found = sorted((out / "checkpoints").glob("[0-9]*"))
    assert len({tuple(sorted(path.name for path in one.iterdir())) for one in found}) == 1
    return [one.name for one in found]


def test_a_kill_amid_deleting_an_old_checkpoint_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accelerator = Accelerator(cpu=True)
    for step in range(1, KEPT + 1):
        keep_checkpoint(accelerator, tmp_path, step)

    def killed(folder: Path, **_: object) -> None:
        if folder.is_dir():
            next(folder.iterdir()).unlink()
            raise Killed

    monkeypatch.setattr(checkpoints.shutil, "rmtree", killed)
    with pytest.raises(Killed):
        keep_checkpoint(accelerator, tmp_path, KEPT + 1)
    assert whole(tmp_path) == [f"{step:08d}" for step in range(2, KEPT + 2)]
    monkeypatch.undo()

    (tmp_path / "checkpoints" / ".00000099.part").mkdir()  # of a run that was killed while writing
    keep_checkpoint(accelerator, tmp_path, KEPT + 2)
    assert whole(tmp_path) == [f"{step:08d}" for step in range(3, KEPT + 3)]
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoints" / f"{KEPT + 2:08d}"
    assert len(list((tmp_path / "checkpoints").iterdir())) == KEPT, "leftovers are cleared away"
