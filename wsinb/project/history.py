"""The words of a project that speak of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsinb.versions import MAIN, Commit, Log, Repository, SlideEntry

if TYPE_CHECKING:
    from wsinb.annotate import LabelSet

__all__ = ["VersionWords"]


class VersionWords:
    """Log, branches, tags, differences and merges; a part of `Project`."""

    repository: Repository

    def log(self, branch: str = MAIN, limit: int | None = None) -> Log:
        """Return the commits of a branch (or up to any version), newest first."""
        return self.repository.log(branch, limit)

    def head(self, branch: str = MAIN) -> str:
        """Return the id of the newest commit of a branch."""
        return self.repository.branch_head(branch).record.id

    def resolve(self, version: str) -> str:
        """Return the full commit id of a branch, a tag, or the first digits of a commit."""
        return self.repository.record(version).id

    def commit(self, version: str) -> Commit:
        """Return the commit of a version."""
        return self.repository.commit(version)

    def slides_at(self, version: str) -> dict[str, SlideEntry]:
        """Return the slide list of a version."""
        entries = self.repository.slides_of(self.repository.record(version))
        return {name: SlideEntry.from_json(name, data) for name, data in entries.items()}

    def labels_at(self, version: str) -> LabelSet:
        """Return the labels of a version."""
        return self.repository.labels_of(self.repository.record(version))
