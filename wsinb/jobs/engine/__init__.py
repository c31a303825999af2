"""A papermill engine for notebooks on slides: progress, limits, cancelling, kernels that stay warm.

papermill counts cells; a job on slides spends its time inside one cell. This engine reads the progress
messages of `wsinb.jobs.messages` while the cell runs, hands them on as `Step` values and keeps them out of
the stored notebook. Kernels are started from the running Python, whatever kernelspecs are installed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsinb.jobs.engine.engine import ENGINE_NAME, ProgressEngine, register
    from wsinb.jobs.engine.kernel import Kernel
    from wsinb.jobs.engine.limits import Limits
    from wsinb.jobs.engine.secrets import Mask

__all__ = ["ENGINE_NAME", "Kernel", "Limits", "Mask", "ProgressEngine", "register"]

_HOME = {
    "ENGINE_NAME": "engine",
    "Kernel": "kernel",
    "Limits": "limits",
    "Mask": "secrets",
    "ProgressEngine": "engine",
    "register": "engine",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _HOME[name] == "engine":
        import papermill  # noqa: F401 - which asks for the engine by its entry point while it is imported
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
