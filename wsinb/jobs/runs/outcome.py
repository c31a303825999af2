"""`Outcome`: what came of one attempt at a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from wsinb.errors import StorageError

__all__ = ["DONE", "FAILED", "LOST", "Outcome", "StoredFile", "StoredTable"]

DONE, FAILED, LOST = "done", "failed", "lost"


@dataclass(frozen=True)
class StoredFile:
    """Bytes in the project's store: a name, their SHA-256 and their number."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class StoredTable:
    """Annotations that a task gave for a layer of a slide.

    Attributes
    ----------
    slide, layer : str
        What they take the place of.
    message : str
        What the notebook said about them.
    rows : int
        How many there are.
    content : str
        Hash of the rows without ids and times, whatever their order.
    sha256 : str
        Hash of the Parquet file in the store.
    """

    slide: str
    layer: str
    message: str
    rows: int
    content: str
    sha256: str


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt at a task; fits JSON.

    Attributes
    ----------
    task : int
        Number of the task in the plan.
    attempt : int
        From 0.
    state : str
        ``"done"``; ``"failed"``: the notebook raised, or took more than its limits; ``"lost"``: its kernel or
        worker was killed, or the store was away.
    message : str
        What went wrong, in one sentence.
    cell : int or None
        Number of the cell that failed, from 1.
    commit : str or None
        A commit that the notebook made by itself.
    metrics : dict
        What the notebook reported.
    tables : list of StoredTable
    files : list of StoredFile
        Models, tables, pictures and the like.
    notebook : StoredFile or None
        The executed notebook, as far as it ran.
    seconds : float
        From beginning to end.
    cells : list of (float or None)
        Seconds of each code cell.
    worker : str
        Host and process of the kernel.
    started_at : str
        In UTC.
    """

    task: int
    attempt: int
    state: str
    message: str = ""
    cell: int | None = None
    commit: str | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    tables: list[StoredTable] = field(default_factory=list)
    files: list[StoredFile] = field(default_factory=list)
    notebook: StoredFile | None = None
    seconds: float = 0.0
    cells: list[float | None] = field(default_factory=list)
    worker: str = ""
    started_at: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """Return the outcome of JSON values; members that are not known are left out.

        Raises
        ------
        StorageError
            If it is none.
        """
        known = {one.name for one in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        try:
            values["tables"] = [StoredTable(**table) for table in values.get("tables", ())]
            values["files"] = [StoredFile(**file) for file in values.get("files", ())]
            notebook = values.get("notebook")
            values["notebook"] = None if notebook is None else StoredFile(**notebook)
            return cls(**values)
        except TypeError as error:
            raise StorageError(
                f"The outcome of a task is damaged ({error}): see project.verify()."
            ) from error
