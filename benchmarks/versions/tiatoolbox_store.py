"""Writing 200 000 outlines into TIAToolbox's SQLiteStore, beside ours.

``pip install --no-deps tiatoolbox`` is enough for it.
"""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from importlib import import_module
from pathlib import Path

from benchmarks._report import report
from benchmarks.versions.data import cell_table, project_of, write
from benchmarks.versions.measuring import Clock, told

__all__ = ["compare_write"]

ROWS = 200_000
TARGET = 20


def compare_write(folder: Path) -> bool:
    """Report how many times as fast ours is."""
    if not hasattr(sqlite3.Connection, "enable_load_extension") and importlib.util.find_spec("pysqlite3"):
        # some builds of Python lack what TIAToolbox asks of SQLite
        sys.modules["sqlite3"] = import_module("pysqlite3")
    storage = import_module("tiatoolbox.annotation.storage")
    table = cell_table(ROWS)
    project = project_of(folder / "beside")
    with Clock() as ours:
        write(project, table)
    store = storage.SQLiteStore(folder / "cells.db")
    with Clock() as theirs:
        rows = zip(table["geometry"], table["label"], table["score"], strict=True)
        store.append_many(
            [storage.Annotation(shape, {"label": label, "score": score}) for shape, label, score in rows]
        )
        store.commit()
    told(f"write {ROWS} rows: processor time of all threads", ours.processor, "s")
    told(f"write {ROWS} rows: processor time of TIAToolbox", theirs.processor, "s")
    return report(
        f"write {ROWS} rows",
        ours=ours.seconds,
        peer=theirs.seconds,
        peer_name="TIAToolbox SQLiteStore",
        unit="s",
        target=TARGET,
        smaller_is_better=True,
    )
