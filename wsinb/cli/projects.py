"""Which project a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["open_nearest"]


def open_nearest(folder: str) -> Project:
    """Return the project at a folder or above it, or at an address such as ``s3://bucket/study``.

    Raises
    ------
    UnknownProject
        If there is none.
    """
    from wsinb.project import find_project, open_project

    if "://" in folder:
        return open_project(folder)
    return open_project(find_project(folder) or folder)
