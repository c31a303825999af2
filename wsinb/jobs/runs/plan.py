"""`Plan`: everything that is fixed before the first kernel of a run starts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from wsinb.errors import StorageError
from wsinb.jobs.parameters import Value

__all__ = ["Plan", "new_run_id"]


@dataclass(frozen=True)
class Plan:
    """Everything that is fixed before the first kernel of a run starts; fits JSON.

    Attributes
    ----------
    id : str
        Unique id of the run; sorts by time.
    job : str
        Name of the job.
    title : str
        What the notebook calls itself.
    origin : str
        Where the job comes from, see `wsinb.jobs.Job`.
    source : str
        Hash of the notebook, which is kept among the project's artifacts.
    parameters : dict
        Every parameter of the notebook with its value; those that differ by task are missing.
    tasks : list of list of str
        The slides of each task; one task for each slide of a job that works on each alone.
    slides : list of dict
        ``name, checksum, size, mpp`` of each slide the job may read.
    input_version : str
        Id of the commit that the job reads.
    branch : str
        The branch that the result is committed to.
    author : str
        Who started it.
    commit : bool
        Whether tables are committed at the end.
    takes : list of str
        Which inputs the notebook declares: some of ``project, slides, version, branch``.
    time_limit : float or None
        Seconds for a task.
    memory_limit : int or None
        Bytes for the kernel of a task.
    retries : int
        How often a task is tried again whose worker or kernel was lost.
    scheduler : str
        Where tasks run, see `wsinb.jobs.schedule`.
    workers : int
        How many at a time.
    code : dict or None
        The git commit of the notebook, where it lies in a repository: ``commit``, ``changed``.
    started_at : str
        When, in UTC.
    """

    id: str
    job: str
    title: str
    origin: str
    source: str
    parameters: dict[str, Value]
    tasks: list[list[str]]
    slides: list[dict[str, Any]]
    input_version: str
    branch: str
    author: str
    commit: bool
    takes: list[str]
    time_limit: float | None = None
    memory_limit: int | None = None
    retries: int = 1
    scheduler: str = "threads"
    workers: int = 1
    code: dict[str, Any] | None = None
    started_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())

    @property
    def per_slide(self) -> bool:
        """Whether each task has one slide of several."""
        return len(self.tasks) > 1

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """Return the plan of JSON values; members that are not known are left out.

        Raises
        ------
        StorageError
            If it is no plan.
        """
        known = {one.name for one in fields(cls)}
        try:
            return cls(**{name: value for name, value in data.items() if name in known})
        except TypeError as error:
            raise StorageError(f"The plan of a run is damaged ({error}): see project.verify().") from error


def new_run_id() -> str:
    """Return a fresh id that sorts by time, to the millisecond: ``20260131T120000-1a2b3c4d``."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}-{now.microsecond // 1000:03x}{secrets.token_hex(3)[:5]}"
