"""What a notebook gives, kept in a folder until the run that it belongs to commits all of it.

By hand there is no such folder, and what is given is committed at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa

__all__ = ["OUTBOX", "Given", "open_outbox", "put_tables", "read_outbox", "read_table"]

OUTBOX = "WSINB_JOB_OUTBOX"  # set in the environment of a kernel whose results a run collects


@dataclass(frozen=True)
class Given:
    """Annotations that a notebook gave for one slide.

    Attributes
    ----------
    slide, layer : str
        What they take the place of.
    message : str
        What the notebook would say in its commit.
    path : Path
        The table, as Parquet.
    """

    slide: str
    layer: str
    message: str
    path: Path


def open_outbox() -> Path | None:
    """Return the folder that this notebook's results are collected from; None outside of a run."""
    folder = os.environ.get(OUTBOX)
    return Path(folder) if folder else None


def put_tables(folder: Path, layer: str, tables: Mapping[str, gpd.GeoDataFrame], message: str) -> None:
    """Put annotation tables of slides into an outbox; those of the same slide and layer are replaced.

    Raises
    ------
    InvalidAnnotation
        If a table is not one of annotations.
    """
    import pyarrow.parquet as pq

    for slide, table in tables.items():
        former = {(given.slide, given.layer): given.path for given in read_outbox(folder)}
        path = former.get((slide, layer), folder / f"{len(former)}.parquet")
        pq.write_table(_arrow(table), path, compression="zstd")
        about = {"slide": slide, "layer": layer, "message": message}
        path.with_suffix(".json").write_text(json.dumps(about))


def read_outbox(folder: Path) -> Iterator[Given]:
    """Yield what lies in an outbox.

    Raises
    ------
    InvalidInput
        If something else does.
    """
    for about in sorted(folder.glob("*.json")):
        try:
            told = json.loads(about.read_text())
            slide, layer, message = (told[name] for name in ("slide", "layer", "message"))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"{about.name} was not written by wsinb.jobs.replace_layer.") from error
        yield Given(str(slide), str(layer), str(message), about.with_suffix(".parquet"))


def read_table(table: pa.Table) -> gpd.GeoDataFrame:
    """Return a stored table as annotations, checked."""
    from wsinb.annotate import SCHEMA, from_arrow, validate

    frame = from_arrow(table.select(SCHEMA.names))
    for name in table.column_names:
        if name not in SCHEMA.names:
            frame[name] = table.column(name).to_pandas().to_numpy()
    return validate(frame)


def _arrow(table: gpd.GeoDataFrame) -> pa.Table:
    """Return annotations as Arrow, the project's own columns behind the others."""
    import pyarrow as pa

    from wsinb.annotate import SCHEMA, to_arrow, validate

    valid = validate(table)
    arrow = to_arrow(valid)
    for name in valid.columns:
        if name not in SCHEMA.names:
            arrow = arrow.append_column(name, pa.Array.from_pandas(valid[name]))
    return arrow
