"""All that a project tells, as JSON values: to be recorded, and compared with what a later wsinb reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from wsinb.versions.storage.layout import canonical, sha256

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.project import Project
    from wsinb.versions import Commit, Diff

__all__ = ["describe", "rows_digest"]


def describe(project: Project, pairs: Iterable[tuple[str, str]], boxes: Iterable[tuple[float, ...]]) -> Any:
    """Return what a project tells of itself, of every commit, and of some pairs of versions.

    Parameters
    ----------
    project
        To be read whole.
    pairs
        Versions whose differences are told.
    boxes
        Regions in level-0 pixels that are read from each slide of main.
    """
    branches, tags = dict(project.branches), dict(project.tags)
    logs = {name: [_commit(commit) for commit in project.log(name)] for name in (*branches, *tags)}
    commits = sorted({entry["id"] for log in logs.values() for entry in log})
    told = {
        "format": project.format,
        "name": project.name,
        "metadata": dict(project.metadata),
        "branches": branches,
        "tags": tags,
        "logs": logs,
        "versions": {commit: _version(project, commit) for commit in commits},
        "boxes": [_box(project, box) for box in boxes],
        "diffs": {f"{a}..{b}": _diff(project.diff(a, b)) for a, b in pairs},
        "blame": {slide: _blame(project, slide) for slide in project.slides},
    }
    return _plain(told)


def rows_digest(gdf: gpd.GeoDataFrame) -> str:
    """Return a hash of all columns of a table, in the order of ids."""
    columns = pd.DataFrame(gdf.drop(columns="geometry")).astype(object)
    columns["geometry"] = shapely.to_wkb(np.asarray(gdf["geometry"].array, dtype=object), hex=True)
    return sha256(canonical(_plain(columns.sort_values("id").to_dict("records"))))


def _commit(commit: Commit) -> dict[str, Any]:
    names = ("id", "parents", "author", "time", "message", "changes", "edits")
    return {name: getattr(commit, name) for name in names}


def _version(project: Project, commit: str) -> dict[str, Any]:
    seen = project.checkout(commit)
    tables = {name: seen[name].read() for name in seen}
    return {
        "name": seen.name,
        "slides": {name: entry.to_json() for name, entry in seen.slides.items()},
        "labels": seen.labels.to_json(),
        "columns": [column.to_json() for column in seen.columns.values()],
        "sets": {name: each.to_json() for name, each in project.sets_at(commit).items()},
        "rows": {name: [len(gdf), rows_digest(gdf)] for name, gdf in tables.items()},
        "artifacts": {
            item.name: sha256(project.read_artifact(commit, item.name)) for item in project.artifacts(commit)
        },
    }


def _box(project: Project, box: tuple[float, ...]) -> dict[str, Any]:
    found = {name: rows_digest(project.read(name, bbox=box)) for name in project.slides}
    return {"box": box, "rows": found}


def _diff(diff: Diff) -> dict[str, Any]:
    slides = {
        slide: sorted([change.id, change.kind, list(change.fields)] for change in diff[slide].changes())
        for slide in diff.slides
    }
    return {"slides": slides, "edits": diff.edits}


def _blame(project: Project, slide: str) -> dict[str, list[Any]]:
    ids = sorted(project.read(slide)["id"])
    return {
        id_: [[each.commit, each.kind, list(each.fields)] for each in project.blame(slide, id_)]
        for id_ in ids[:: max(1, len(ids) // 10)]
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; sequences as lists, times as text, what is missing as None."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if pd.isna(value):
        return None
    if isinstance(value, np.generic):
        return value.item()
    return value.isoformat() if hasattr(value, "isoformat") else value
