"""Clearing away what nothing names: left by commits that failed, by lost races, by killed writers.

All entries of all refs are kept, also of deleted ones, and with them all commits; so only files
that were stored for an entry that never came are ever removed. Whatever looks like a hash in what
is reachable counts as named, so that also files of later writers, in members that are not known
here, are spared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, StorageError
from wsinb.progress import Progress, track
from wsinb.versions.storage.layout import is_content_key
from wsinb.versions.storage.store import Entry, Store
from wsinb.versions.upkeep.walk import Walk

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["LONGEST_GRACE", "GcReport", "gc"]

ROOMS = ("objects", "parts", "keys", "runs", "history", "artifacts")
LONGEST_GRACE = timedelta(days=36500)
"""No file is older: so there is a date that long ago."""


@dataclass(frozen=True)
class GcReport:
    """What was cleared away, or would be.

    Attributes
    ----------
    removed
        For each kind of file the number of files and their bytes.
    dry_run
        Whether nothing was removed.
    """

    removed: Mapping[str, tuple[int, int]]
    dry_run: bool = False

    @property
    def files(self) -> int:
        """Number of files."""
        return sum(count for count, _ in self.removed.values())

    @property
    def bytes(self) -> int:
        """Sum of their sizes."""
        return sum(size for _, size in self.removed.values())

    def __repr__(self) -> str:
        if not self.files:
            return "nothing to clear away"
        kinds = ", ".join(f"{count} {kind}" for kind, (count, _) in self.removed.items())
        verb = "would remove" if self.dry_run else "removed"
        return f"{verb} {self.files} files, {self.bytes / 1e6:.1f} MB: {kinds}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"


def gc(
    repository: Repository, grace: timedelta, dry_run: bool = False, progress: Progress = None
) -> GcReport:
    """Remove files that nothing names and that were not put or used for a time; see `Project.gc`."""
    if not isinstance(grace, timedelta) or grace < timedelta(0):
        raise InvalidInput(f"The period of grace is a datetime.timedelta of 0 or more, not {grace!r}.")
    store = repository.store
    cutoff = datetime.now(UTC) - min(grace, LONGEST_GRACE)
    # first the files, then what names them: an entry that comes later names only what its writer has
    # put or renewed since, or what an entry before it names
    stored = [entry for room in ROOMS for entry in store.entries(f"{room}/")]
    named = _named(store, {entry.key for entry in stored})
    unnamed = [entry for entry in stored if is_content_key(entry.key) and _sha(entry.key) not in named]
    leftovers = list(store.leftovers())
    removed: dict[str, tuple[int, int]] = {}
    for kind, entry in track(_old(unnamed, leftovers, cutoff), "clearing away", progress):
        if dry_run or store.delete(entry.key, unless_since=cutoff):
            count, size = removed.get(kind, (0, 0))
            removed[kind] = (count + 1, size + entry.size)
    return GcReport(removed, dry_run)


def _old(unnamed: Iterable[Entry], leftovers: Iterable[Entry], cutoff: datetime) -> list[tuple[str, Entry]]:
    kinds = [(entry.key.split("/")[0], entry) for entry in unnamed]
    kinds += [("temporary files", entry) for entry in leftovers]
    return [(kind, entry) for kind, entry in kinds if entry.modified < cutoff]


def _sha(key: str) -> str:
    return key.split("/")[1][:64]


def _named(store: Store, keys: Collection[str]) -> set[str]:
    """Return all hashes that stand in what refs and attachments lead to.

    Raises
    ------
    StorageError
        If a file that leads on is missing or damaged: then nobody knows what it named.
    """

    def trouble(key: str, belongs: str, problem: str) -> None:
        raise StorageError(
            f"The file {key} in {store.url}, of {belongs}, is {problem}, so nothing was cleared away: "
            f"see project.verify()."
        )

    walk = Walk(store, trouble)
    walk.everything()
    walk.follow(keys)
    return walk.hashes | {_sha(key) for key in walk.named if is_content_key(key)}
