"""Writing a version to a folder, for people and programs without wsinb."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from wsinb.annotate.arrow import from_arrow
from wsinb.annotate.schema import SCHEMA
from wsinb.errors import InvalidInput
from wsinb.names import given_path, is_among, listed, unknown
from wsinb.progress import Progress, track
from wsinb.versions.readers.plain import plain_pieces, write_plain, writing
from wsinb.versions.slideentry import check_slide
from wsinb.versions.storage.layout import quote_name

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.annotate import LabelSet
    from wsinb.versions.graph.refs import Head
    from wsinb.versions.repository import Repository

__all__ = ["FORMATS", "MANIFEST", "export"]

MANIFEST = "version.json"
ROOT = "wsinb.export/1"
FEATURES_AT_ONCE = 10_000


def export(
    repository: Repository,
    version: str,
    folder: str | Path,
    format: str = "geoparquet",  # noqa: A002  the word people use
    slides: str | Iterable[str] | None = None,
    progress: Progress = None,
) -> list[Path]:
    """Write the annotations of a version to a folder; see `Project.export`."""
    if not is_among(format, FORMATS):
        raise InvalidInput(unknown("export format", format, FORMATS))
    head = repository.version(version)
    known = repository.slides_of(head.record)
    names = sorted(known if slides is None else set(listed(slides, "Slides are given by their names")))
    for name in names:
        check_slide(name, known, f"in version {version!r}")
    write, ending = FORMATS[format]
    place = given_path(folder, "The folder of an export is a path")
    files = {name: place / f"{quote_name(name)}.{ending}" for name in names}
    manifest = place / MANIFEST
    for file in [*files.values(), manifest]:
        if file.exists():
            raise InvalidInput(f"There is a file {file} already: export to another folder, or remove it.")
    labels = repository.labels_of(head.record)
    for name in track(names, f"Exporting {version}", progress):
        with writing(files[name]) as temporary:
            write(plain_pieces(repository, head, name), labels, temporary)
    with writing(manifest) as temporary:
        text = json.dumps(
            _manifest(head, {n: known[n] for n in names}, files, labels), indent=1, ensure_ascii=False
        )
        temporary.write_text(text + "\n", encoding="utf-8")
    return [*files.values(), manifest]


def _manifest(head: Head, slides: dict[str, Any], files: dict[str, Path], labels: LabelSet) -> dict[str, Any]:
    record = head.record
    described = {name: {**entry, "file": files[name].name} for name, entry in slides.items()}
    words = {name: record.data[name] for name in ("author", "time", "message")}
    return {ROOT: {"commit": record.id, **words, "slides": described, "labels": labels.to_json()}}


def _write_geoparquet(pieces: Iterator[pa.Table], labels: LabelSet, path: Path) -> None:
    write_plain(pieces, path)


def _write_geojson(pieces: Iterator[pa.Table], labels: LabelSet, path: Path) -> None:
    colours = {name: _rgb(label.color) for name, label in labels.items()}
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        separator = "\n"
        for piece in pieces:
            for start in range(0, piece.num_rows, FEATURES_AT_ONCE):
                for feature in _features(_frame(piece.slice(start, FEATURES_AT_ONCE)), colours):
                    file.write(separator + json.dumps(feature, ensure_ascii=False, allow_nan=False))
                    separator = ",\n"
        file.write("\n]}\n")


def _frame(piece: pa.Table) -> gpd.GeoDataFrame:
    """Return a plain table, own columns by name, as a GeoDataFrame."""
    frame = from_arrow(piece)
    for name in piece.column_names[len(SCHEMA) :]:
        frame[name] = piece.column(name).to_pylist()
    return frame


def _features(frame: gpd.GeoDataFrame, colours: dict[str, list[int]]) -> Iterator[dict[str, Any]]:
    """Yield GeoJSON features; columns that are null are left out."""
    geometries = shapely.to_geojson(np.asarray(frame["geometry"].array, dtype=object))
    columns = frame.drop(columns=["id", "geometry"]).astype(object)
    rows = columns.where(columns.notna(), None).to_dict("records")
    for identifier, geometry, row in zip(frame["id"], geometries, rows, strict=True):
        properties = {name: _plain(name, value) for name, value in row.items() if value is not None}
        properties["objectType"] = "annotation"
        if row["label"] is not None:
            properties["classification"] = {
                "name": row["label"],
                "color": colours.get(row["label"], [128, 128, 128]),
            }
        shape = None if geometry is None else json.loads(geometry)
        yield {"type": "Feature", "id": identifier, "geometry": shape, "properties": properties}


_JSON_TEXTS = {"shape_params", "verifications", "media", "properties"}


def _plain(name: str, value: Any) -> Any:
    if name in _JSON_TEXTS:
        return json.loads(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _rgb(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


Writer = Callable[[Iterator[pa.Table], "LabelSet", Path], None]
FORMATS: dict[str, tuple[Writer, str]] = {
    "geoparquet": (_write_geoparquet, "parquet"),
    "geojson": (_write_geojson, "geojson"),
}
"""How each format writes a table, and the ending of its files."""
