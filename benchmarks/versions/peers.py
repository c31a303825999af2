"""The same table and the same edits in deltalake and lance, beside ours, in the same run."""

from __future__ import annotations

import importlib.util
import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks._report import report
from benchmarks.versions.data import SLIDE, cell_table, project_of
from benchmarks.versions.viewport import boxes
from wsinb.annotate import from_arrow, to_arrow
from wsinb.versions.tables.files import hilbert_order

__all__ = ["run"]

SIDES = ("xmin", "ymin", "xmax", "ymax")
Box = tuple[float, float, float, float]


class Store(Protocol):
    """What every store is asked to do."""

    name: str

    def take(self, table: pa.Table) -> Any:
        """Return rows as the store likes them; this is not timed."""

    def write(self, rows: Any) -> None:
        """Store rows as the first version."""

    def edit(self, rows: Any) -> None:
        """Replace rows by id, as a version."""

    def diff(self) -> int:
        """Return the number of rows that differ between the last two versions."""

    def box(self, box: Box) -> int:
        """Return the number of rows whose boxes meet a box, read with all columns."""


class Ours:
    """wsinb, by its public words: from GeoDataFrames, with validation, journal and fsync."""

    name = "wsinb"

    def __init__(self, folder: Path) -> None:
        self._project = project_of(folder / "ours")
        self._session = self._project.session(author="benchmark")

    def take(self, table: pa.Table) -> Any:
        return from_arrow(table)

    def write(self, rows: Any) -> None:
        self._session[SLIDE].upsert(rows)
        self._session.commit("write")

    edit = write

    def diff(self) -> int:
        log = self._project.log(limit=2)
        return len(self._project.diff(log[1].id, log[0].id)[SLIDE].ids)

    def box(self, box: Box) -> int:
        return len(self._session[SLIDE].read(bbox=box))


class Delta:
    """Delta Lake by its own Rust library; boxes as four flat columns, so that its statistics can be used."""

    name = "deltalake"

    def __init__(self, folder: Path) -> None:
        self._path = str(folder / "delta")

    def take(self, table: pa.Table) -> Any:
        return flat(table)

    def write(self, rows: Any) -> None:
        import deltalake

        deltalake.write_deltalake(self._path, rows)

    def edit(self, rows: Any) -> None:
        import deltalake

        table = deltalake.DeltaTable(self._path)
        merge = table.merge(rows, "t.id = s.id", source_alias="s", target_alias="t")
        merge.when_matched_update_all().execute()

    def diff(self) -> int:
        raise NotImplementedError

    def box(self, box: Box) -> int:
        import deltalake

        dataset = deltalake.DeltaTable(self._path).to_pyarrow_dataset()
        return int(dataset.to_table(filter=meets(box)).num_rows)


class Lance:
    """Lance with stable row ids, which its differences need."""

    name = "lance"

    def __init__(self, folder: Path) -> None:
        self._path = str(folder / "lance")

    def take(self, table: pa.Table) -> Any:
        return flat(table)

    def write(self, rows: Any) -> None:
        import lance

        lance.write_dataset(rows, self._path, enable_stable_row_ids=True)

    def edit(self, rows: Any) -> None:
        import lance

        merge = lance.dataset(self._path).merge_insert("id")
        merge.when_matched_update_all().execute(rows)

    def diff(self) -> int:
        import lance

        dataset = lance.dataset(self._path)
        newer = f"_row_last_updated_at_version > {dataset.version - 1}"
        return int(dataset.to_table(columns=["id"], filter=newer).num_rows)

    def box(self, box: Box) -> int:
        import lance

        xmin, ymin, xmax, ymax = box
        text = f"xmin < {xmax} AND ymin < {ymax} AND xmax >= {xmin} AND ymax >= {ymin}"
        return int(lance.dataset(self._path).to_table(filter=text).num_rows)


def flat(table: pa.Table) -> pa.Table:
    """Return the table with the sides of the boxes as columns of their own."""
    for side in SIDES:
        table = table.append_column(side, pc.struct_field(table.column("bbox"), side))
    return table.drop_columns(["bbox"]).replace_schema_metadata(None)


def meets(box: Box) -> pc.Expression:
    """Return the condition that a row's box meets a box."""
    xmin, ymin, xmax, ymax = box
    return (
        (pc.field("xmin") < xmax)
        & (pc.field("ymin") < ymax)
        & (pc.field("xmax") >= xmin)
        & (pc.field("ymax") >= ymin)
    )


def run(rows: int, folder: Path) -> bool:
    """Report how many times as fast ours is; the table is in the same spatial order for all."""
    table = to_arrow(cell_table(rows)).replace_schema_metadata(None)
    table = table.take(pa.array(hilbert_order(table)))
    places = list(islice(boxes(rows), 5))
    ours = measured(Ours, folder, table, places)
    for kind, package in ((Delta, "deltalake"), (Lance, "lance")):
        if importlib.util.find_spec(package) is None:
            not_installed(package)
            continue
        theirs = measured(kind, folder, table, places)
        for what in ours.keys() & theirs.keys():
            if ours[what][1] != theirs[what][1]:
                raise AssertionError(f"{what}: {ours[what][1]} rows against {theirs[what][1]} of {package}")
        for what in [name for name in ours if name in theirs]:
            report(
                what,
                ours=ours[what][0],
                peer=theirs[what][0],
                peer_name=package,
                unit="ms",
                target=0,
                smaller_is_better=True,
            )
    if importlib.util.find_spec("tiatoolbox") is None:
        not_installed("tiatoolbox")
    else:
        from benchmarks.versions.tiatoolbox_store import compare_write

        return compare_write(folder)
    return True


def measured(
    kind: Callable[[Path], Store], folder: Path, table: pa.Table, places: list[Box]
) -> dict[str, tuple[float, int]]:
    """Return the figures of a kind of store, after a round with a small table that is not measured."""
    for name, rows in (("warm", table.slice(0, 30_000)), ("real", table)):
        (folder / name).mkdir(exist_ok=True)
        found = figures(kind(folder / name), rows, places)
    return found


def figures(store: Store, table: pa.Table, places: list[Box]) -> dict[str, tuple[float, int]]:
    """Return the milliseconds of each thing a store is asked, and the rows that came back."""
    times: dict[str, list[float]] = {}
    counts: dict[str, int] = {}

    def timed(what: str, call: Callable[..., int | None], *given: Any) -> None:
        start = time.perf_counter()
        count = call(*given)
        times.setdefault(what, []).append((time.perf_counter() - start) * 1e3)
        counts[what] = count or 0

    given = store.take(table)
    timed(f"write {table.num_rows} rows", store.write, given)
    for what, rows in edits(table):
        changed = store.take(rows)
        timed(what, store.edit, changed)
        try:
            timed(f"{what}: diff", store.diff)
        except NotImplementedError:
            continue
    store.box(places[0])
    timed("5 boxes of ~400 rows", lambda: sum(store.box(place) for place in places))
    return {what: (statistics.median(each), counts[what]) for what, each in times.items()}


def edits(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield edits of the score: of one row, and of every hundredth, three times each."""
    kinds = (("edit 1 row", table.num_rows), ("edit 1 % of the rows", 100))
    for (what, step), number in itertools.product(kinds, range(3)):
        rows = table.take(pa.array(range(step // 2 + number, table.num_rows, step)))
        at = rows.schema.get_field_index("score")
        yield what, rows.set_column(at, rows.schema.field(at), pa.array([0.125] * rows.num_rows))


def not_installed(package: str) -> None:
    """Say that a peer was not measured."""
    print(json.dumps({"name": f"beside {package}", "skipped": f"{package} is not installed"}), flush=True)
