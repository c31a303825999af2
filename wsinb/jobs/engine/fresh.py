"""Runs inside a kernel, between two notebooks: what the last one left behind is cleared away."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["make_fresh"]

_first: dict[str, Any] = {}


def make_fresh(folder: str, environment: Mapping[str, str]) -> None:
    """Clear names, figures and widgets, and set the working folder and the environment.

    Modules stay imported: that is what makes the next notebook start at once.

    Parameters
    ----------
    folder : str
        Where the next notebook works.
    environment : mapping
        Added to the environment that the kernel began with.
    """
    from IPython import get_ipython

    if not _first:
        _first.update(environment=dict(os.environ), path=list(sys.path))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({**_first["environment"], **environment})
    sys.path[:] = _first["path"]
    if (widgets := sys.modules.get("ipywidgets")) is not None:
        widgets.Widget.close_all()
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")
    shell = get_ipython()
    shell.reset(new_session=True)
    gc.collect()
