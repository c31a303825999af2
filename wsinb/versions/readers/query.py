"""Versions as tables of DuckDB and Dask, which read the plain files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput

if TYPE_CHECKING:
    import dask_geopandas
    import duckdb

__all__ = ["dask_frame", "duckdb_view"]

VIEW = "annotations"
GROUPS_PER_PARTITION = 20  # of 5,000 rows: pieces of some 40 MB in memory


def duckdb_view(files: Mapping[str, Path]) -> duckdb.DuckDBPyConnection:
    """Return a connection of its own with the view ``annotations``: column ``slide``, then the table.

    Parameters
    ----------
    files
        The plain file of each slide, by name.

    Raises
    ------
    InvalidInput
        If DuckDB is not installed, or there is no slide.
    """
    try:
        import duckdb
    except ImportError:
        raise InvalidInput("DuckDB is not installed: pip install 'wsinb[query]'.") from None
    _check_any(files)
    connection = duckdb.connect()
    connection.execute("CREATE TABLE _slides (filename VARCHAR, slide VARCHAR)")
    connection.executemany(
        "INSERT INTO _slides VALUES (?, ?)", [[str(path), name] for name, path in files.items()]
    )
    paths = ", ".join(_quoted(str(path)) for path in files.values())
    connection.execute(
        f"CREATE VIEW {VIEW} AS SELECT slide, rows.* EXCLUDE (filename) "  # noqa: S608  quoted above
        f"FROM read_parquet([{paths}], filename = true, union_by_name = true) AS rows "
        "JOIN _slides USING (filename)"
    )
    return connection


def dask_frame(files: Mapping[str, Path]) -> dask_geopandas.GeoDataFrame:
    """Return a lazy GeoDataFrame over the plain files, with a first column ``slide``.

    Raises
    ------
    InvalidInput
        If dask-geopandas is not installed, or there is no slide.
    """
    try:
        import dask.dataframe as dd
        import dask_geopandas
    except ImportError:
        raise InvalidInput("dask-geopandas is not installed: pip install 'wsinb[query]'.") from None
    _check_any(files)
    frames: list[Any] = []
    for name, path in files.items():
        frame = dask_geopandas.read_parquet(path, split_row_groups=GROUPS_PER_PARTITION)
        columns = list(frame.columns)
        frames.append(frame.assign(slide=name)[["slide", *columns]])
    return frames[0] if len(frames) == 1 else dd.concat(frames)  # type: ignore[no-untyped-call]


def _check_any(files: Iterable[str]) -> None:
    if not list(files):
        raise InvalidInput("There is no slide to query: add one with project.slides.add(path).")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
