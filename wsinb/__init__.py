"""Whole-slide images in notebooks.

View, annotate, version, train and run jobs on whole-slide images in JupyterLab.
Public names are loaded on first use, so that ``import wsinb`` is light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsinb.annotate import Label, LabelSet, new_annotations
    from wsinb.errors import WsinbError
    from wsinb.project import Project, create_project, open_project
    from wsinb.tiles import Slide, open_slide
    from wsinb.versions import SetMember

__version__ = "0.1.0"

__all__ = [
    "Label",
    "LabelSet",
    "Project",
    "SetMember",
    "Slide",
    "WsinbError",
    "__version__",
    "create_project",
    "new_annotations",
    "open_project",
    "open_slide",
]

_HOME = {
    "Label": "wsinb.annotate",
    "LabelSet": "wsinb.annotate",
    "Project": "wsinb.project",
    "SetMember": "wsinb.versions",
    "Slide": "wsinb.tiles",
    "WsinbError": "wsinb.errors",
    "create_project": "wsinb.project",
    "new_annotations": "wsinb.annotate",
    "open_project": "wsinb.project",
    "open_slide": "wsinb.tiles",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'wsinb' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "wsinb"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from wsinb.serve.extension import WsinbExtension

    return [{"module": "wsinb.serve.extension", "app": WsinbExtension}]
