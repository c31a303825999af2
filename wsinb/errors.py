"""Every error that wsinb raises on purpose.

All derive from `WsinbError` and from the builtin that fits, so that both
``except WsinbError`` and ``except FileNotFoundError`` work. Each message is one
sentence that names the thing and the remedy. `exit_code` is what the command
line returns: tens tell the family, so that scripts can branch on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

__all__ = [
    "Conflict",
    "InvalidAnnotation",
    "InvalidInput",
    "InvalidParameter",
    "JobFailed",
    "PathNotAllowed",
    "ProjectExists",
    "SlideNotFound",
    "StorageError",
    "UnknownAnnotation",
    "UnknownColumn",
    "UnknownJob",
    "UnknownLabel",
    "UnknownMpp",
    "UnknownProject",
    "UnknownRun",
    "UnknownSlide",
    "UnknownVersion",
    "UnreadableSlide",
    "WsinbError",
]


class WsinbError(Exception):
    """Root of all errors that wsinb raises on purpose."""

    exit_code = 10

    def __str__(self) -> str:
        # KeyError quotes its argument and OSError wants numbers: show the sentence as written.
        return str(self.args[0]) if self.args else ""


class InvalidInput(WsinbError, ValueError):
    """A value that cannot be used: out of range, of the wrong type, or inconsistent."""

    exit_code = 20


class InvalidAnnotation(InvalidInput):
    """An annotation that does not fit the annotation table, or has an invalid geometry."""

    exit_code = 21


class InvalidParameter(InvalidInput):
    """A job parameter that is unknown, missing, ill-typed or out of range."""

    exit_code = 22


class UnknownMpp(InvalidInput):
    """Micrometres were asked of a slide that does not say how large its pixels are."""

    exit_code = 23


class UnreadableSlide(WsinbError, ValueError):
    """A file that is not a slide, or is truncated, empty or of an unsupported kind."""

    exit_code = 30


class SlideNotFound(WsinbError, FileNotFoundError):
    """There is no file at the path of a slide."""

    exit_code = 40


class UnknownProject(WsinbError, FileNotFoundError):
    """There is no project at the given place."""

    exit_code = 41


class UnknownSlide(WsinbError, KeyError):
    """The project has no slide of that name."""

    exit_code = 42


class UnknownLabel(WsinbError, KeyError):
    """The project has no label of that name."""

    exit_code = 43


class UnknownVersion(WsinbError, KeyError):
    """There is no commit, branch or tag of that name."""

    exit_code = 44


class UnknownRun(WsinbError, KeyError):
    """There is no run of that id."""

    exit_code = 48


class UnknownJob(WsinbError, KeyError):
    """There is no job of that name."""

    exit_code = 45


class UnknownAnnotation(WsinbError, KeyError):
    """The slide has no annotation of that id."""

    exit_code = 46


class UnknownColumn(WsinbError, KeyError):
    """The annotations have no column of that name."""

    exit_code = 47


class StorageError(WsinbError, OSError):
    """The store could not be read or written: read-only, full, or damaged."""

    exit_code = 50


class ProjectExists(StorageError, FileExistsError):
    """A project is there already."""

    exit_code = 51


class PathNotAllowed(WsinbError, PermissionError):
    """A path outside the folders that the server may open."""

    exit_code = 52


class Conflict(WsinbError, RuntimeError):
    """Two sessions or branches changed the same things; nothing was written.

    `ids` holds the ids of annotations that both changed, per slide; `conflicts` what each side
    made of them, as `wsinb.versions.ConflictItem`.
    """

    exit_code = 60
    ids: Mapping[str, list[str]] = MappingProxyType({})
    conflicts: Sequence[Any] = ()


class JobFailed(WsinbError, RuntimeError):
    """A job's notebook raised, or gave no usable result."""

    exit_code = 70
