"""The words of a project that speak of files: artifacts, and versions as plain tables."""

from __future__ import annotations

from pathlib import Path

from wsinb.versions import Artifact, Commit, Repository

__all__ = ["FileWords"]


class FileWords:
    """Artifacts, exports and readers of plain files; a part of `Project`."""

    repository: Repository

    def attach(self, commit: str | Commit, name: str, data: bytes | Path) -> Artifact:
        """Attach a file to a commit that exists; the commit stays the same.

        Parameters
        ----------
        commit
            A commit, or a version as in `read`.
        name
            What to call the file there.
        data
            Its bytes, or the path of a file to copy.

        Raises
        ------
        InvalidInput
            If the commit has another artifact of that name, or there is no such file.
        UnknownVersion
            If there is no such commit.
        """
        version = commit.id if isinstance(commit, Commit) else commit
        return self.repository.attach(version, name, data)

    def artifacts(self, version: str) -> list[Artifact]:
        """Return the artifacts of a version, sorted by name."""
        return self.repository.artifacts.of(self.repository.record(version))

    def read_artifact(self, version: str, name: str) -> bytes:
        """Return the bytes of an artifact of a version, after checking their hash.

        Raises
        ------
        InvalidInput
            If the version has no artifact of that name.
        """
        return self.repository.artifacts.read(self.repository.record(version), name)
