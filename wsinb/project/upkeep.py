"""The words of a project that keep its store in order."""

from __future__ import annotations

from wsinb.versions import Repository

__all__ = ["UpkeepWords"]


class UpkeepWords:
    """Compacting, clearing away and checking; a part of `Project`."""

    repository: Repository
