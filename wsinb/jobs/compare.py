"""`rerun`: a run repeated, and what differs from the first time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from wsinb.errors import InvalidInput
from wsinb.jobs.content import row_hashes
from wsinb.jobs.coordinate import carry_out
from wsinb.jobs.finish import stored_table
from wsinb.jobs.outbox import read_table
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.record import package_versions
from wsinb.jobs.runs import Outcome, Plan, RunStore, StoredTable
from wsinb.jobs.runs.outcome import DONE
from wsinb.jobs.runs.plan import new_run_id
from wsinb.listing import html_table
from wsinb.progress import Progress

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from wsinb.project import Project

__all__ = ["Comparison", "rerun"]


@dataclass(frozen=True, repr=False)
class Comparison:
    """What a run gave the second time, beside the first.

    Attributes
    ----------
    first, second : str
        Ids of the runs.
    tables : DataFrame
        By slide and layer: the number of rows of each run, and how many are in only one of them. Ids and
        times of rows do not count.
    files : DataFrame
        By name: the hash in each run.
    metrics : dict
        Those that differ: the value in each run.
    packages : dict
        Packages whose versions differ.
    result : JobResult
        Of the second run, which committed nothing.
    """

    first: str
    second: str
    tables: pd.DataFrame
    files: pd.DataFrame
    metrics: dict[str, tuple[Any, Any]]
    packages: dict[str, tuple[str | None, str | None]]
    result: JobResult
    _project: Project

    @property
    def identical(self) -> bool:
        """Whether all annotations and files are the same."""
        same_files = bool((self.files["first"] == self.files["second"]).all())
        return same_files and not self.tables[["only first", "only second"]].to_numpy().any()

    def differing(self, slide: str, layer: str | None = None) -> gpd.GeoDataFrame:
        """Return the annotations of a slide that only one of the runs gave.

        Returns
        -------
        GeoDataFrame
            Annotations with a column `run`: ``"first"`` or ``"second"``.
        """
        import pandas as pd

        runs = RunStore(self._project.repository.store)
        rows = [
            _rows(self._project, table)
            for table in (_tables(runs, self.first), _tables(runs, self.second))
            for table in [_only(table, slide, layer)]
        ]
        first, second = rows
        kept = []
        for name, own, other in (("first", first, second), ("second", second, first)):
            mask = _surplus(own[1], other[1])
            kept.append(own[0][mask].assign(run=name))
        together: gpd.GeoDataFrame = pd.concat(kept, ignore_index=True)
        return together

    def __repr__(self) -> str:
        if self.identical:
            return f"<{self.second} gave the same as {self.first}>"
        counts = self.tables[["only first", "only second"]].sum()
        files = int((self.files["first"] != self.files["second"]).sum())
        return (
            f"<{self.second} differs from {self.first}: {counts.iloc[0]} rows are gone, "
            f"{counts.iloc[1]} are new, {files} files differ>"
        )

    def _repr_html_(self) -> str:
        parts = [f"<p>{escape(repr(self)[1:-1])}</p>"]
        differing = self.tables[self.tables[["only first", "only second"]].any(axis=1)]
        if len(differing):
            rows = [tuple(map(_cell, row)) for row in differing.itertuples(index=False)]
            parts.append(html_table(tuple(differing.columns), rows))
        for title, pairs in (("metric", self.metrics), ("package", self.packages)):
            if pairs:
                rows = [(name, str(a), str(b)) for name, (a, b) in pairs.items()]
                parts.append(html_table((title, "first", "second"), rows))
        return "".join(parts)


def rerun(project: Project, run: str, progress: Progress = None) -> Comparison:
    """Repeat a run that is done, without committing, and compare what it gives.

    The notebook is the one that was run then; its input is the version that was read then.

    Parameters
    ----------
    project : Project
    run : str
        Id of the run, or its beginning or end.
    progress : bool, callable or None
        See `wsinb.progress`.

    Returns
    -------
    Comparison

    Raises
    ------
    UnknownRun
        If there is no such run.
    InvalidInput
        If it is not done: there is nothing to compare with.
    JobFailed, Cancelled, KeyboardInterrupt
        As of `wsinb.jobs.run`.
    """
    runs = RunStore(project.repository.store)
    first = runs.plan(runs.find(run))
    end = runs.last_end(first.id)
    if end is None or end.state != DONE:
        raise InvalidInput(f"Run {first.id} is not done, so there is nothing to compare with: resume it.")
    plan = _again(first)
    runs.begin(plan)
    result = carry_out(project, plan, progress)
    record = project.read_artifact(end.output_version or first.input_version, f"{first.job}-{first.id}.json")
    return _compared(project, first, plan, result, record)


def _again(plan: Plan) -> Plan:
    return replace(
        plan,
        id=new_run_id(),
        commit=False,
        scheduler="threads" if plan.scheduler == "gateway" else plan.scheduler,
        started_at=datetime.now(UTC).isoformat(),
    )


def _compared(project: Project, first: Plan, second: Plan, result: JobResult, record: bytes) -> Comparison:
    import json

    import pandas as pd

    runs = RunStore(project.repository.store)
    one, two = _outcomes(runs, first.id), _outcomes(runs, second.id)
    tables = [_table_row(project, key, *pair) for key, pair in _pairs(_keyed(one), _keyed(two)).items()]
    columns = ["slide", "layer", "rows first", "rows second", "only first", "only second"]
    files = _pairs(_files(one), _files(two))
    before = json.loads(record)
    metrics, packages = (
        _pairs(before["metrics"], result.metrics),
        _pairs(before["packages"], package_versions()),
    )
    return Comparison(
        first.id,
        second.id,
        pd.DataFrame(tables, columns=columns),
        pd.DataFrame([(name, *pair) for name, pair in files.items()], columns=["name", "first", "second"]),
        {name: (a, b) for name, (a, b) in metrics.items() if a != b},
        {name: (a, b) for name, (a, b) in packages.items() if a != b},
        result,
        project,
    )


def _outcomes(runs: RunStore, run: str) -> list[Outcome]:
    return [outcome for outcome in runs.latest(run).values() if outcome.state == DONE]


def _tables(runs: RunStore, run: str) -> list[StoredTable]:
    return [table for outcome in _outcomes(runs, run) for table in outcome.tables]


def _keyed(outcomes: list[Outcome]) -> dict[tuple[str, str], StoredTable]:
    return {(table.slide, table.layer): table for outcome in outcomes for table in outcome.tables}


def _files(outcomes: list[Outcome]) -> dict[str, str]:
    return {file.name: file.sha256 for outcome in outcomes for file in outcome.files}


def _pairs(one: Mapping[Any, Any], two: Mapping[Any, Any]) -> dict[Any, tuple[Any, Any]]:
    return {key: (one.get(key), two.get(key)) for key in dict.fromkeys([*one, *two])}


def _table_row(
    project: Project, key: tuple[str, str], one: StoredTable | None, two: StoredTable | None
) -> tuple[Any, ...]:
    counts = tuple(0 if table is None else table.rows for table in (one, two))
    if one is not None and two is not None and one.content == two.content:
        return (*key, *counts, 0, 0)
    first, second = (_rows(project, [] if table is None else [table])[1] for table in (one, two))
    return (*key, *counts, int(_surplus(first, second).sum()), int(_surplus(second, first).sum()))


def _only(tables: list[StoredTable], slide: str, layer: str | None) -> list[StoredTable]:
    return [table for table in tables if table.slide == slide and layer in (None, table.layer)]


def _rows(project: Project, tables: list[StoredTable]) -> tuple[gpd.GeoDataFrame, np.ndarray[Any, Any]]:
    """Return annotations of several tables, and the content hash of each."""
    import pandas as pd

    from wsinb.annotate import empty_annotations

    if not tables:
        return empty_annotations(), np.empty(0, np.uint64)
    stored = [stored_table(project, table) for table in tables]
    frames = pd.concat([read_table(table) for table in stored], ignore_index=True)
    return frames, np.concatenate([row_hashes(table) for table in stored])


def _surplus(own: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a mask of the hashes that occur more often than among the others, as often as they do so."""
    order = np.argsort(own, kind="stable")
    ranked = own[order]
    place = np.arange(len(own)) - np.searchsorted(ranked, ranked)  # the how-manieth of its kind
    theirs = np.sort(other)
    count = np.searchsorted(theirs, ranked, "right") - np.searchsorted(theirs, ranked, "left")
    mask = np.empty(len(own), bool)
    mask[order] = place >= count
    return mask


def _cell(value: Any) -> str | int:
    return int(value) if isinstance(value, int | np.integer) else str(value)
