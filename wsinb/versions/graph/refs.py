"""Branches and tags: numbered entries that are written once.

The entries of a ref are files whose names count down, so that the first name listed is the
newest. An entry is the bytes of the commit itself, or a pointer to one; the next entry can be
written by one writer only, which is all the locking there is.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wsinb.errors import InvalidInput, StorageError
from wsinb.versions.graph.records import Record, State
from wsinb.versions.storage.layout import (
    canonical,
    commit_key,
    parse,
    ref_prefix,
    sealed,
    sha256,
    unquote_name,
)
from wsinb.versions.storage.objects import read_verified
from wsinb.versions.storage.store import Store

__all__ = ["Head", "Refs", "check_ref_name", "entry_key"]

LAST = 16**16 - 1
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(/[A-Za-z0-9_][A-Za-z0-9_.\-]*)*")
_SHA = re.compile(r"[0-9a-f]{64}")
MAX_NAME = 100
NEAR = 4


@dataclass(frozen=True)
class Head:
    """The newest entry of a ref.

    Attributes
    ----------
    number
        How many entries came before.
    record
        The commit.
    states
        States that stand in for those of the commit: equal tables in fewer files.
    """

    number: int
    record: Record
    states: Mapping[str, State] = field(default_factory=dict)


def entry_key(kind: str, name: str, number: int) -> str:
    """Key of an entry of a ref."""
    return f"{ref_prefix(kind, name)}{LAST - number:016x}.json"


def check_ref_name(name: Any) -> str:
    """Return the name of a branch or tag, or raise `InvalidInput`."""
    if isinstance(name, str) and _SHA.fullmatch(name):
        raise InvalidInput(
            f"{name[:10]}... is the id of a commit, which cannot name a branch or tag: name a branch, or "
            f"make one there with project.branch(name, at={name[:10]!r})."
        )
    if not isinstance(name, str) or len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot name a branch or tag: use letters, digits, '_', '-', '.', and '/' between."
        )
    return name


class Refs:
    """The branches ("heads") and tags of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # numbers of the newest entries that were seen, by prefix
        self._seen: dict[str, int] = {}

    def heads(self, kind: str) -> dict[str, Head]:
        """Return all branches ("heads") or tags ("tags") by name, without those that were deleted."""
        names = sorted(unquote_name(segment) for segment in self._store.list(f"refs/{kind}/"))
        found = ((name, self.head(kind, name)) for name in names)
        return {name: head for name, head in found if head is not None}

    def names(self, kind: str) -> list[str]:
        """Return the names of all branches ("heads") or tags ("tags")."""
        return list(self.heads(kind))

    def known(self) -> list[str]:
        """Return the names of all branches and tags.

        Raises
        ------
        StorageError
            If there is no branch, which every project has.
        """
        branches = self.names("heads")
        if not branches:
            raise StorageError(
                f"The project in {self._store.url} has lost its branches: "
                f"restore the folder refs from a backup or another copy."
            )
        return [*branches, *self.names("tags")]

    def head(self, kind: str, name: str) -> Head | None:
        """Return the newest entry of a ref, or None if there is no such ref (any more)."""
        return self.newest(kind, name)[1]

    def newest(self, kind: str, name: str) -> tuple[int, Head | None]:
        """Return the number of the newest entry of a ref, -1 if there is none, and what it holds.

        That is None where the ref was deleted, or never was.
        """
        prefix = ref_prefix(kind, name)
        # entries are never removed, but a project can be put back from a backup
        with contextlib.suppress(FileNotFoundError):
            near = self._newest_near(kind, name, self._seen.get(prefix))
            if near is not None:
                return self._noted(prefix, self._read(near))
        newest = self._store.first(prefix)
        return (-1, None) if newest is None else self._noted(prefix, self._read(prefix + newest))

    def _newest_near(self, kind: str, name: str, seen: int | None) -> str | None:
        """Return the key of the newest entry if it follows closely on one that was seen.

        On an object store, asking for the next is ten times faster than a list of a thousand.
        """
        if seen is None:
            return None
        for number in range(seen + 1, seen + 1 + NEAR):
            if not self._store.exists(entry_key(kind, name, number)):
                return entry_key(kind, name, number - 1)
        return None

    def _noted(self, prefix: str, found: tuple[int, Head | None]) -> tuple[int, Head | None]:
        self._seen[prefix] = found[0]
        return found

    def advance(self, kind: str, name: str, number: int, commit: str) -> bool:
        """Write the entry of a number, a stored commit; say whether that number was free."""
        return self._store.copy_if_absent(commit_key(commit), entry_key(kind, name, number))

    def put(self, kind: str, name: str, number: int, entry: Mapping[str, Any]) -> bool:
        """Write a pointer or the end of a ref as the entry of a number; say whether that was free.

        It survives a power failure once this has returned.
        """
        self._store.sync()  # what the entry names
        absent = self._store.put_if_absent(entry_key(kind, name, number), canonical(sealed(entry)))
        self._store.sync()
        return absent

    def _read(self, key: str) -> tuple[int, Head | None]:
        data = self._store.get(key)
        value = parse(data, f"{self._store.url}/{key}")
        try:
            number = LAST - int(key.rsplit("/", 1)[1].removesuffix(".json"), 16)
            if "parents" in value:
                return number, Head(number, Record(sha256(data), value))
            if value.get("deleted"):
                return number, None
            target = value["commit"]
            data = read_verified(self._store, commit_key(target), target)
            record = Record(target, parse(data, commit_key(target)))
            states = {slide: State.from_json(state) for slide, state in value.get("states", {}).items()}
        except (KeyError, TypeError, ValueError, AttributeError, FileNotFoundError) as error:
            raise StorageError(
                f"The project's file {self._store.url}/{key} is damaged: "
                "restore it from a backup or another copy."
            ) from error
        return number, Head(number, record, states)
