"""ComfyUI's bar and its Cancel for what takes longer than a moment."""

from collections.abc import Callable

import comfy.model_management
import comfy.utils


def reporter() -> Callable[[int, int], None]:
    """For the `progress` of the library's functions, (done, of how many): moves the bar on the node that runs, and
    stops it if the artist has cancelled."""
    bar = None

    def report(done: int, count: int) -> None:
        nonlocal bar
        comfy.model_management.throw_exception_if_processing_interrupted()
        bar = bar or comfy.utils.ProgressBar(count)
        bar.update_absolute(done, count)

    return report
