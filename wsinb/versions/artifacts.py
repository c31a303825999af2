"""Files that belong to a commit: models, metrics, executed notebooks.

Those known at the time of the commit are named in it. Others can be attached afterwards, by a
record beside the commit, so that the commit's hash never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wsinb.errors import InvalidInput, StorageError
from wsinb.names import is_among, is_name, unknown
from wsinb.versions.graph.records import Artifact, Record
from wsinb.versions.storage.layout import (
    artifact_key,
    attachment_key,
    canonical,
    parse,
    quote_name,
    sealed,
    sha256,
    sha256_file,
)
from wsinb.versions.storage.objects import read_verified
from wsinb.versions.storage.store import Store

__all__ = ["Artifacts"]

MAX_NAME = 200
READ_WHOLE_BYTES = 64 << 20


class Artifacts:
    """Stores artifacts by their content and lists those of a commit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, name: str, data: bytes | Path) -> Artifact:
        """Store the bytes, or a copy of a file; nothing refers to them yet."""
        _check_name(name)
        if isinstance(data, Path):
            if not data.is_file():
                raise InvalidInput(f"There is no file {data} for the artifact {name!r}: check the path.")
            if data.stat().st_size <= READ_WHOLE_BYTES:  # then it cannot change between hash and copy
                data = data.read_bytes()
        elif not isinstance(data, bytes):
            raise InvalidInput(f"Artifact {name!r} is bytes or a pathlib.Path, not {type(data).__name__}.")
        if isinstance(data, bytes):
            sha, size = sha256(data), len(data)
        else:
            sha, size = sha256_file(data), data.stat().st_size
        self._store.put_if_absent(artifact_key(sha), data)
        return Artifact(name, sha, size)

    def attach(self, record: Record, name: str, data: bytes | Path, author: str) -> Artifact:
        """Attach an artifact to an existing commit; the same again changes nothing.

        Raises
        ------
        InvalidInput
            If the commit has another artifact of that name.
        """
        return self.link(record, self.put(name, data), author)

    def link(self, record: Record, artifact: Artifact, author: str) -> Artifact:
        """Attach an artifact that was put before to an existing commit; the same again changes nothing.

        Raises
        ------
        InvalidInput
            If the commit has another artifact of that name.
        """
        name = artifact.name
        entry = {
            "name": name,
            "sha256": artifact.sha256,
            "size": artifact.size,
            "author": author,
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}+00:00",
        }
        taken = name in record.data["artifacts"]
        if not taken:
            self._store.sync()
            taken = not self._store.put_if_absent(attachment_key(record.id, name), canonical(sealed(entry)))
            self._store.sync()
        if taken:
            there = next(item for item in self.of(record) if item.name == name)
            if there != artifact:
                raise InvalidInput(
                    f"Commit {record.id[:10]} has another artifact {name!r} already: choose another name."
                )
        return artifact

    def of(self, record: Record) -> list[Artifact]:
        """Return the artifacts of a commit, sorted by name."""
        entries: Mapping[str, Mapping[str, object]] = record.data["artifacts"]
        found = [
            Artifact(name, str(entry["sha256"]), int(str(entry["size"]))) for name, entry in entries.items()
        ]
        prefix = f"attachments/{record.id}/"
        for segment in self._store.list(prefix):
            entry = parse(self._store.get(prefix + segment), f"{self._store.url}/{prefix}{segment}")
            found.append(Artifact(entry["name"], entry["sha256"], entry["size"]))
        return sorted(found, key=lambda artifact: artifact.name)

    def read(self, record: Record, name: str) -> bytes:
        """Return the bytes of an artifact of a commit, after checking their hash.

        Raises
        ------
        InvalidInput
            If the commit has no artifact of that name.
        StorageError
            If the bytes are missing or damaged.
        """
        artifacts = {artifact.name: artifact for artifact in self.of(record)}
        if not is_among(name, artifacts):
            raise InvalidInput(unknown("artifact", name, artifacts, f"commit {record.id[:10]} has none."))
        sha = artifacts[name].sha256
        return read_verified(self._store, artifact_key(sha), sha)

    def open(self, artifact: Artifact) -> Any:
        """Return a seekable binary reader of the bytes of an artifact, whose hash is not checked.

        Raises
        ------
        StorageError
            If the bytes are missing.
        """
        try:
            return self._store.open(artifact_key(artifact.sha256))
        except FileNotFoundError:
            raise StorageError(
                f"The artifact {artifact.name!r} is missing in {self._store.url}: "
                "restore it from a backup or another copy."
            ) from None


def _check_name(name: object) -> None:
    if not is_name(name):
        raise InvalidInput(f"An artifact needs a printable name, not {name!r}.")
    if len(quote_name(name)) > MAX_NAME:
        raise InvalidInput(
            f"The name of artifact {name[:20]!r}... is too long: use at most {MAX_NAME} characters."
        )
