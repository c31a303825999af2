"""Walking the graph of commits."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime

from wsinb.errors import Conflict, StorageError
from wsinb.versions.graph.records import Record
from wsinb.versions.storage.cache import Cache
from wsinb.versions.storage.layout import commit_key, parse
from wsinb.versions.storage.objects import read_verified
from wsinb.versions.storage.store import Store

__all__ = ["Ancestry"]

CACHED_BYTES = 16 << 20


class Ancestry:
    """Reads commits and follows their parents."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache: Cache[str, Record] = Cache(CACHED_BYTES)

    def record(self, commit: str) -> Record:
        """Return a stored commit.

        Raises
        ------
        StorageError
            If it is missing or damaged.
        """

        def load() -> tuple[Record, int]:
            key = commit_key(commit)
            data = read_verified(self._store, key, commit)
            value = parse(data, key)
            if not isinstance(value, dict) or "parents" not in value:
                raise StorageError(
                    f"The file {key} in {self._store.url} is no commit: restore it from a backup."
                )
            return Record(commit, value), 4 * len(data)

        return self._cache.get(commit, load)

    def walk(self, commit: str) -> Iterator[Record]:
        """Yield a commit and all its ancestors, each once and children before parents."""
        heap = [self._rank(commit)]
        seen = {commit}
        while heap:
            record = self.record(heapq.heappop(heap)[2])
            yield record
            for parent in record.parents:
                if parent not in seen:
                    seen.add(parent)
                    heapq.heappush(heap, self._rank(parent))

    def since(self, base: str, head: str) -> list[Record]:
        """Return the first parents from `head` down to, and without, `base`.

        A branch moves along first parents only, so these are what it took on since then.
        """
        records = []
        record = self.record(head)
        depth = self.record(base).depth
        while record.id != base:
            if record.depth <= depth:
                raise Conflict(
                    f"The branch no longer holds commit {base[:10]}, which this session reads: "
                    f"open a new session."
                )
            records.append(record)
            record = self.record(record.parents[0])
        return records

    def common(self, first: str, second: str) -> Record | None:
        """Return the best common ancestor of two commits, or None if they share none.

        It is the one with the highest generation; so none of its descendants is common too.
        After a criss-cross of merges there may be several such: the newest counts, then the
        id, so that everybody takes the same.
        """
        if first == second:
            return self.record(first)
        seen = {first: 1, second: 2}
        heap = [self._rank(first), self._rank(second)]
        heapq.heapify(heap)
        while heap:
            commit = heapq.heappop(heap)[2]
            sides = seen[commit]
            record = self.record(commit)
            if sides == 3:  # all descendants have been here: they have higher generations
                return record
            for parent in record.parents:
                if parent not in seen:
                    heapq.heappush(heap, self._rank(parent))
                seen[parent] = seen.get(parent, 0) | sides
        return None

    def holds(self, head: str, commit: str) -> bool:
        """Say whether a commit is `head` or one of its ancestors."""
        wanted = self.record(commit).generation
        todo, seen = [head], {head}
        while todo:
            record = self.record(todo.pop())
            if record.id == commit:
                return True
            above = [parent for parent in record.parents if parent not in seen]
            above = [parent for parent in above if self.record(parent).generation >= wanted]
            seen.update(above)
            todo += above
        return False

    def _rank(self, commit: str) -> tuple[int, float, str]:
        """Return what sorts children before parents, then newer before older."""
        record = self.record(commit)
        return -record.generation, _age(record), commit

    def upward(self, record: Record, depth: int) -> Record:
        """Return the ancestor of a commit along first parents that has a depth, in O(log^2 depth) steps."""
        while record.depth > depth:
            far = record.depth & (record.depth - 1)  # where the skip leads, see `skip`
            record = self.record(record.data["skip"] if far >= depth else record.parents[0])
        return record

    def fork(self, first: Record, second: Record) -> Record | None:
        """Return the newest commit that two commits share along first parents, or None if they share none."""
        first, second = self.upward(first, second.depth), self.upward(second, first.depth)
        while first.id != second.id:
            if not first.parents or not second.parents:
                return None
            # of equal depth, so both jump equally far; a jump that meets may have gone too far
            far = first.data["skip"], second.data["skip"]
            up = far if far[0] != far[1] else (first.parents[0], second.parents[0])
            first, second = self.record(up[0]), self.record(up[1])
        return first

    def skip(self, parent: Record) -> str:
        """Return the ancestor by which a child of `parent` can jump far back.

        The child has depth d; the ancestor has depth d & (d - 1), so that any ancestor is
        reached in O(log d) steps.
        """
        depth = parent.depth + 1
        return self.upward(parent, depth & (depth - 1)).id


def _age(record: Record) -> float:
    return -datetime.fromisoformat(record.data["time"]).timestamp()
