"""What a notebook gives, kept in a folder until the run that it belongs to commits all of it.

By hand there is no such folder, and what is given is committed or attached at once.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa

    from wsinb.project import Project

__all__ = [
    "OUTBOX",
    "GivenTable",
    "keep",
    "open_outbox",
    "put_tables",
    "read_files",
    "read_table",
    "read_tables",
]

OUTBOX = "WSINB_JOB_OUTBOX"  # set in the environment of a kernel whose results a run collects
TABLES, FILES = "tables", "files"


@dataclass(frozen=True)
class GivenTable:
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


def keep(project: Project, name: str, data: bytes | Path, version: str = "main") -> None:
    """Keep a file that a notebook made as an artifact: a model, table, plot, mask or picture.

    By hand it is attached to the version; in a run it is when the run ends, to the commit with the result.

    Parameters
    ----------
    project : Project
    name : str
        What the artifact is called.
    data : bytes or Path
        Its bytes, or the file to copy.
    version : str
        The version that it was made from.

    Raises
    ------
    InvalidInput
        If there is no such file, or the version has another artifact of that name.
    """
    outbox = open_outbox()
    if outbox is None:
        project.attach(version, name, data)
        return
    if isinstance(data, Path) and not data.is_file():
        raise InvalidInput(f"There is no file {data} to keep as {name!r}: check the path.")
    path = _place(outbox / FILES, ".bin", {"name": name}, {})
    if isinstance(data, Path):
        shutil.copyfile(data, path)
    else:
        path.write_bytes(data)


def put_tables(folder: Path, layer: str, tables: Mapping[str, gpd.GeoDataFrame], message: str) -> None:
    """Put annotation tables of slides into an outbox; those of the same slide and layer are replaced.

    Raises
    ------
    InvalidAnnotation
        If a table is not one of annotations.
    """
    import pyarrow.parquet as pq

    for slide, table in tables.items():
        key = {"slide": slide, "layer": layer}
        pq.write_table(_arrow(table), _place(folder / TABLES, ".parquet", key, {"message": message}))


def read_tables(outbox: Path) -> Iterator[GivenTable]:
    """Yield the tables in an outbox."""
    for told, path in _read(outbox / TABLES, ".parquet"):
        yield GivenTable(told["slide"], told["layer"], told["message"], path)


def read_files(outbox: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files in an outbox: what they are called, and where they lie."""
    for told, path in _read(outbox / FILES, ".bin"):
        yield told["name"], path


def read_table(table: pa.Table) -> gpd.GeoDataFrame:
    """Return a stored table as annotations, checked."""
    from wsinb.annotate import SCHEMA, from_arrow, validate

    frame = from_arrow(table.select(SCHEMA.names))
    for name in table.column_names:
        if name not in SCHEMA.names:
            frame[name] = table.column(name).to_pandas().to_numpy()
    return validate(frame)


def _place(folder: Path, suffix: str, key: Mapping[str, str], more: Mapping[str, str]) -> Path:
    """Return where something is put, beside a note of what it is: the place of its like if there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    for told, path in _read(folder, suffix):
        if all(told[name] == value for name, value in key.items()):
            return path
    path = folder / f"{len(list(folder.glob('*.json')))}{suffix}"
    path.with_suffix(".json").write_text(json.dumps({**key, **more}))
    return path


def _read(folder: Path, suffix: str) -> list[tuple[dict[str, Any], Path]]:
    notes = sorted(folder.glob("*.json"), key=lambda path: int(path.stem))
    return [(json.loads(note.read_text()), note.with_suffix(suffix)) for note in notes]


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
