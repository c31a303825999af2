"""`RunStore`: the runs of a project, in its store; whoever reaches the store can read and go on with them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, StorageError, UnknownRun
from wsinb.jobs.runs.end import End
from wsinb.jobs.runs.outcome import DONE, Outcome
from wsinb.jobs.runs.plan import Plan
from wsinb.jobs.runs.start import Start
from wsinb.jobs.runs.state import state_of
from wsinb.names import unknown
from wsinb.versions.storage.layout import canonical, job_key, parse, seal_holds, sealed

if TYPE_CHECKING:
    from wsinb.versions.storage.store import Store

__all__ = ["RunStore"]

_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


class RunStore:
    """Plans, outcomes and ends of runs.

    Everything is written once, and only where there is nothing: two coordinators of one run cannot take each
    other's place.

    Parameters
    ----------
    store : Store
        Of the project.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def ids(self) -> list[str]:
        """Return the ids of all runs, newest first."""
        return sorted((name for name in self._store.list(job_key("")) if _ID.fullmatch(name)), reverse=True)

    def find(self, given: str) -> str:
        """Return the id of a run that is named by its id or the end or beginning of it.

        Raises
        ------
        UnknownRun
            If there is none, or several.
        """
        ids = self.ids()
        text = given if isinstance(given, str) else ""
        found = [id_ for id_ in ids if text and (id_.startswith(text) or id_.endswith(text))]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownRun(f"Several runs fit {given!r}: {', '.join(found[:8])}; give more of the id.")
        raise UnknownRun(unknown("run", given, ids[:100], "nothing was run yet."))

    def begin(self, plan: Plan) -> None:
        """Store a plan, before anything of it is done."""
        self._put(job_key(plan.id, "plan.json"), plan.to_json())
        self._store.sync()

    def plan(self, run: str) -> Plan:
        """Return the plan of a run."""
        return Plan.from_json(self._get(job_key(run, "plan.json")))

    def put(self, run: str, outcome: Outcome) -> None:
        """Store the outcome of an attempt; what it names is stored before."""
        key = job_key(run, "tasks", f"{outcome.task:06}.{outcome.attempt:03}.json")
        self._put(key, outcome.to_json())
        self._store.sync()

    def outcomes(self, run: str) -> list[Outcome]:
        """Return all outcomes of a run, by task and attempt."""
        prefix = job_key(run, "tasks", "")
        return [Outcome.from_json(self._get(prefix + name)) for name in self._store.list(prefix)]

    def latest(self, run: str) -> dict[int, Outcome]:
        """Return for each task that was tried the outcome that counts: one that is done, else the last."""
        counting: dict[int, Outcome] = {}
        for outcome in self.outcomes(run):
            former = counting.get(outcome.task)
            if former is None or former.state != DONE:
                counting[outcome.task] = outcome
        return counting

    def attempts(self, run: str) -> dict[int, int]:
        """Return how often each task was tried, for those that were."""
        counts: dict[int, int] = {}
        for outcome in self.outcomes(run):
            counts[outcome.task] = max(counts.get(outcome.task, 0), outcome.attempt + 1)
        return counts

    def start(self, run: str) -> int:
        """Store that this process takes a run on; return which start it is.

        Raises
        ------
        InvalidInput
            If another process of this machine is at it.
        """
        starts = self._store.list(job_key(run, "starts", ""))
        if starts and self.last_end(run) is None:
            last = Start(**self._members(job_key(run, "starts", starts[-1]), Start))
            if last.alive and last.pid != os.getpid():
                raise InvalidInput(f"Run {run} is going on in process {last.pid}: wait for it, or cancel it.")
        number = len(starts)
        self._put(job_key(run, "starts", f"{number:03}.json"), asdict(Start()))
        self._store.sync()
        return number

    def end(self, run: str, start: int, end: End) -> None:
        """Store how a start of a run ended."""
        self._put(job_key(run, "ends", f"{start:03}.json"), asdict(end))
        self._store.sync()

    def last_start(self, run: str) -> Start | None:
        """Return the process that took a run on last; None if none did."""
        names = self._store.list(job_key(run, "starts", ""))
        return Start(**self._members(job_key(run, "starts", names[-1]), Start)) if names else None

    def last_end(self, run: str) -> End | None:
        """Return how the last start of a run ended; None if it has not."""
        starts, ends = (self._store.list(job_key(run, kind, "")) for kind in ("starts", "ends"))
        if not starts or not ends or starts[-1] != ends[-1]:
            return None
        return End(**self._members(job_key(run, "ends", ends[-1]), End))

    def state(self, run: str) -> str:
        """Return the state of a run, see `state_of`."""
        return state_of(self.last_start(run), self.last_end(run))

    def _members(self, key: str, kind: type[Any]) -> dict[str, Any]:
        """Return the members of a dataclass from its file; those that are not known are left out."""
        known = {member.name for member in fields(kind)}
        return {name: value for name, value in self._get(key).items() if name in known}

    def _put(self, key: str, value: Mapping[str, Any]) -> None:
        if not self._put_if_absent(key, value):
            raise StorageError(
                f"{key} is there already in {self._store.url}: somebody else goes on with this run."
            )

    def _put_if_absent(self, key: str, value: Mapping[str, Any]) -> bool:
        return self._store.put_if_absent(key, canonical(sealed(value)))

    def _get(self, key: str) -> dict[str, Any]:
        try:
            data = self._store.get(key)
        except FileNotFoundError as error:
            raise StorageError(f"{key} is missing in {self._store.url}: see project.verify().") from error
        if not seal_holds(data):
            raise StorageError(f"{key} in {self._store.url} is damaged: restore it from a backup.")
        value: dict[str, Any] = parse(data, key)
        return value
