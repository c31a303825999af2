"""The records that make up history: commits, the states of slides, the entries of refs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, overload

from wsinb.listing import code, html_table, text_table

__all__ = ["Artifact", "Bulk", "Commit", "Log", "PartInfo", "Record", "State", "signed_counts"]

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class PartInfo:
    """One part of a slide's table: its hash, its rows, its level-0 bounds (None: no geometry)."""

    sha256: str
    rows: int
    bounds: Bounds | None

    def to_json(self) -> dict[str, Any]:
        """Return the entry of a part list."""
        return {**asdict(self), "bounds": None if self.bounds is None else list(self.bounds)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PartInfo:
        """Read the entry of a part list."""
        bounds = data["bounds"]
        return cls(data["sha256"], data["rows"], None if bounds is None else tuple(bounds))


@dataclass(frozen=True)
class Bulk:
    """Rows that one commit added as parts: its depth and generation, the hashes of the parts."""

    depth: int
    generation: int
    parts: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the entry of a state."""
        return {"depth": self.depth, "generation": self.generation, "parts": list(self.parts)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Bulk:
        """Read the entry of a state."""
        return cls(data["depth"], data["generation"], tuple(data["parts"]))


@dataclass(frozen=True)
class State:
    """What the table of one slide is made of at one commit; later files win over earlier ones.

    Attributes
    ----------
    rows
        Number of annotations.
    parts
        Hash of the part list, a JSON object, or None.
    runs
        Merged change sets, old to new.
    changes
        Change sets that are not merged, old to new; all are newer than the runs.
    history
        Merged histories, old to new.
    since
        Depth of the commit at which the table began; None for no table.
    bulk
        The commits along first parents that added rows as parts, old to new.
    """

    rows: int = 0
    parts: str | None = None
    runs: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    since: int | None = None
    bulk: tuple[Bulk, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the state as it stands in a commit."""
        return {
            "rows": self.rows,
            "parts": self.parts,
            "runs": list(self.runs),
            "changes": list(self.changes),
            "history": list(self.history),
            "since": self.since,
            "bulk": [entry.to_json() for entry in self.bulk],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> State:
        """Read the state from a commit."""
        lists = {name: tuple(data[name]) for name in ("runs", "changes", "history")}
        bulk = tuple(Bulk.from_json(entry) for entry in data["bulk"])
        return cls(rows=data["rows"], parts=data["parts"], since=data["since"], bulk=bulk, **lists)


@dataclass(frozen=True)
class Artifact:
    """A file that belongs to a commit: its name, content hash and size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Commit:
    """One commit, as people see it.

    Attributes
    ----------
    id
        Content hash, 64 hexadecimal digits.
    parents
        Ids of the commits it was made from; the first is the former head of its branch.
    author, time, message
        Who, when (UTC) and what.
    changes
        For each slide with changed annotations the numbers "added", "updated", "deleted".
    edits
        Names that were added, updated or removed in "slides", "labels", "columns", "sets" and "project".
    """

    id: str
    parents: tuple[str, ...]
    author: str
    time: datetime
    message: str
    changes: Mapping[str, Mapping[str, int]]
    edits: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.id)

    def to_json(self) -> dict[str, Any]:
        """Return the commit as a JSON object; the time as ISO 8601."""
        return {
            "id": self.id,
            "parents": list(self.parents),
            "author": self.author,
            "time": self.time.isoformat(),
            "message": self.message,
            "changes": {slide: dict(counts) for slide, counts in self.changes.items()},
            "edits": {
                kind: {word: list(names) for word, names in edits.items()}
                for kind, edits in self.edits.items()
            },
        }

    def summary(self) -> str:
        """Return the changes in a few words."""
        parts = signed_counts(self.changes)
        for kind, edits in self.edits.items():
            parts += [f"{kind} {_SIGNS[word]}{len(names)}" for word, names in sorted(edits.items()) if names]
        return " ".join(parts)

    def __str__(self) -> str:
        return f"{self.id[:10]}  {self.time:%Y-%m-%d %H:%M}  {self.author}  {self.message}"


def signed_counts(changes: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the numbers of changes of all slides together, such as ``["+3", "-1"]``."""
    total = {word: sum(counts.get(word, 0) for counts in changes.values()) for word in _SIGNS}
    return [f"{sign}{total[word]}" for word, sign in _SIGNS.items() if total[word]]


_SIGNS = {"added": "+", "updated": "~", "deleted": "-", "removed": "-"}
_HEAD = ("commit", "time (UTC)", "author", "changes", "message")


class Log(Sequence[Commit]):
    """Commits, newest first; shows itself as a table."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        self._commits = list(commits)

    @overload
    def __getitem__(self, index: int) -> Commit: ...
    @overload
    def __getitem__(self, index: slice) -> Log: ...
    def __getitem__(self, index: int | slice) -> Commit | Log:
        return Log(self._commits[index]) if isinstance(index, slice) else self._commits[index]

    def __len__(self) -> int:
        return len(self._commits)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._commits == list(other)

    __hash__ = None  # type: ignore[assignment]

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for commit in self._commits:
            time = f"{commit.time:%Y-%m-%d %H:%M}"
            yield commit.id[:10], time, commit.author, commit.summary(), commit.message

    def __repr__(self) -> str:
        return text_table(_HEAD, self._rows())

    def _repr_html_(self) -> str:
        return html_table(_HEAD, ((code(commit), *cells) for commit, *cells in self._rows()))


@dataclass(frozen=True)
class Record:
    """A commit as it is stored; the members are those of the JSON, see docs/format.md."""

    id: str
    data: Mapping[str, Any]

    @property
    def parents(self) -> tuple[str, ...]:
        """Ids of the parents."""
        return tuple(self.data["parents"])

    @property
    def generation(self) -> int:
        """1 more than the largest of the parents'; 0 at the root."""
        return int(self.data["generation"])

    @property
    def depth(self) -> int:
        """Number of first parents above."""
        return int(self.data["depth"])

    def public(self) -> Commit:
        """Return the commit as people see it."""
        data = self.data
        changes = {
            slide: {word: counts[word] for word in ("added", "updated", "deleted")}
            for slide, counts in data["changes"].items()
        }
        time = datetime.fromisoformat(data["time"])
        return Commit(self.id, self.parents, data["author"], time, data["message"], changes, data["edits"])
