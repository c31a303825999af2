"""Versions as tables of DuckDB and Dask, which read the plain files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from wsinb.errors import InvalidInput

if TYPE_CHECKING:
    import dask_geopandas
    import duckdb

__all__ = ["dask_frame", "duckdb_view"]

VIEW = "annotations"
# of columns that a project adds: with or without nulls, the same in all partitions
NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
GROUPS = 20  # of 5,000 rows a partition: some 40 MB in memory


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
        import dask_geopandas  # noqa: F401  teaches dask what a GeoDataFrame is
    except ImportError:
        raise InvalidInput("dask-geopandas is not installed: pip install 'wsinb[query]'.") from None
    _check_any(files)
    pieces = [
        (name, path, start) for name, path in files.items() for start in range(0, _n_groups(path), GROUPS)
    ]
    frame: dask_geopandas.GeoDataFrame = dd.from_map(  # type: ignore[no-untyped-call]
        _read_groups, pieces, meta=_read_groups(pieces[0], empty=True)
    )
    return frame


def _n_groups(path: Path) -> int:
    return max(1, int(pq.read_metadata(path).num_row_groups))


def _read_groups(piece: tuple[str, Path, int], empty: bool = False) -> gpd.GeoDataFrame:
    """Return the row groups of a plain file from one on, as one partition."""
    name, path, start = piece
    with pq.ParquetFile(path) as file:
        groups = range(start, start if empty else min(start + GROUPS, file.metadata.num_row_groups))
        table = file.read_row_groups(list(groups))
    plain = table.drop_columns(["bbox", "geometry"])
    frame = gpd.GeoDataFrame(plain.to_pandas(types_mapper=NULLABLE.get))
    wkb = table.column("geometry").to_numpy(zero_copy_only=False)
    frame = frame.set_geometry(gpd.GeoSeries.from_wkb(wkb, index=frame.index).rename("geometry"))
    frame.insert(0, "slide", pd.Series([name] * len(frame), index=frame.index, dtype="str"))
    return frame


def _check_any(files: Iterable[str]) -> None:
    if not list(files):
        raise InvalidInput("There is no slide to query: add one with project.slides.add(path).")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
