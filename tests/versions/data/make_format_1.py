"""Makes the project of format 1 that later versions of wsinb must be able to read.

Run once, when the format was settled, with ``python tests/versions/data/make_format_1.py``. What it wrote
is checked in beside it and never made anew: ``format-1.zip`` holds the project and, as ``expected.json``,
all that it told when it was made. Sizes at which rows become parts and change sets
become runs are lowered, so that a small project has every kind of file.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from unittest import mock

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from wsinb import Label, SetMember, create_project, new_annotations, open_project
from wsinb.project import Project
from wsinb.testing.describing import describe
from wsinb.testing.entries import add_slides
from wsinb.versions import SlideEntry
from wsinb.versions.tables import staging
from wsinb.versions.upkeep import tend

HERE = Path(__file__).parent
PAIRS = [("v1", "main"), ("main", "v1"), ("review", "main"), ("v0", "v2"), ("v2", "main")]
BOXES = [(0.0, 0.0, 300.0, 300.0), (250.0, 100.0, 251.0, 101.0), (-1e6, -1e6, 1e6, 1e6)]


def add_described(project: Project, *names: str) -> None:
    """Add slides without files, which no reader of versions needs, with all that an entry can say."""
    entries = (
        SlideEntry(
            name,
            f"slides/{name}.svs",
            f"sha256:{number:064x}",
            (40_000, 30_000),
            (0.25, 0.25) if number else None,
            {"patient": f"p{number // 2}", "notes": {"stain": "H&E", "µ": [1, None]}},
        )
        for number, name in enumerate(names)
    )
    add_slides(project, *entries)


def outlines(rng: np.random.Generator, n: int) -> list[shapely.Geometry]:
    """Return octagons in a square of 1000 pixels."""
    angle = np.linspace(0, 2 * np.pi, 9)[:-1]
    centres, radii = rng.uniform(0, 1000, (n, 2)), rng.uniform(3, 9, n)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [shapely.Polygon(centre + radius * ring) for centre, radius in zip(centres, radii, strict=True)]


def all_shapes() -> list[gpd.GeoDataFrame]:
    """Return a table of each shape there is, with every column filled somewhere."""
    square = shapely.box(10, 10, 30, 30)
    circle = {"cx": 50, "cy": 60, "r": 7}
    ellipse = {"cx": 50, "cy": 160, "rx": 7, "ry": 4, "angle": 30}
    rectangle = {"x": 80, "y": 90, "width": 10, "height": 20, "angle": 15}
    holed = square.difference(shapely.box(15, 15, 20, 20))
    return [
        new_annotations([shapely.Point(1.25, -3)], label="tumor", score=0.5, z=2, t=1, c=3),
        new_annotations([shapely.LineString([(0, 0), (5, 9)])], shape="line", layer="model", label=None),
        new_annotations([shapely.LineString([(0, 0), (5, 9), (7, 7)])], shape="polyline", label="stroma"),
        new_annotations([holed, shapely.MultiPolygon([square, shapely.box(40, 40, 44, 44)])], label="tumor"),
        new_annotations([None], shape="circle", shape_params=circle, properties=[{"µ": "ä", "n": [1, 2.5]}]),
        new_annotations([None], shape="ellipse", shape_params=ellipse, media=[["a.png", {"b": 1}]]),
        new_annotations([None], shape="rectangle", shape_params=rectangle),
        new_annotations([None], shape="image", label="good", verifications=[[{"by": "eve", "ok": True}]]),
    ]


def commit(
    project: Project, message: str, branch: str = "main", author: str = "ann", **edits: object
) -> None:
    """Commit tables that are set (by slide), or ids that are deleted (lists)."""
    session = project.session(branch, author=author)
    for slide, edit in edits.items():
        if isinstance(edit, list) and all(isinstance(item, str) for item in edit):
            session[slide].delete(edit)
        else:
            for table in edit if isinstance(edit, list) else [edit]:
                session[slide].upsert(table)
    session.commit(message)


def make(folder: Path) -> Project:
    """Make the project."""
    rng = np.random.default_rng(1)
    project = create_project(folder, "Format one", author="ann")
    project.labels.add(
        [Label("tumor", color="#ff0000", key="1"), Label("stroma"), Label("good", shape="image")]
    )
    add_described(project, "bulk", "edited", "shapes", "gone")
    project.set_metadata({"licence": "CC0", "sites": ["A", "B"]}, author="bob")
    project.columns.add("area", "float", unit="µm²", description="Area of the outline")
    project.columns.add("nuclei", "int")
    project.columns.add("grade", "text")
    project.columns.add("checked", "bool")
    project.columns.add("seen", "time")
    project.columns.add("old name", "float")
    seen = pd.Timestamp("2026-01-31T12:00:00.000001Z")
    commit(project, "All shapes", shapes=all_shapes())
    commit(project, "Cells", bulk=new_annotations(outlines(rng, 400), label="tumor", layer="model"))
    cells = project.read("bulk").assign(area=np.arange(400.0), nuclei=1, grade="II", checked=True, seen=seen)
    commit(project, "Measured", author="bob", bulk=cells[:60].assign(**{"old name": 4.5}))
    commit(project, "To be removed", gone=new_annotations([shapely.Point(3, 3)], label="stroma"))
    project.tag("v0")
    for number in range(7):  # enough to become runs
        ids = list(project.read("edited")["id"])
        table = new_annotations(outlines(rng, 6), label="tumor" if number % 2 else "stroma")
        commit(project, f"Edit {number}", author="bob" if number % 3 else "ann", edited=table)
        if number % 3 == 2:
            commit(project, f"Delete {number}", edited=ids[number : number + 3])
        if number % 4 == 3:
            some = project.read("edited")[::7].assign(score=number / 20, label="tumor", nuclei=number)
            commit(project, f"Score {number}", edited=some)
    project.tag("v1")
    session = project.session(author="job")
    session["bulk"].upsert(project.read("bulk")[100:140].assign(label="stroma"))
    session.commit("With results", artifacts={"model.npz": b"weights" * 9, "metrics.json": b'{"f1": 0.5}'})
    project.attach("main", "slides/overview.txt", b"attached later")
    project.slides.remove("gone", author="bob")
    add_described(project, "gone")
    commit(project, "Anew", gone=new_annotations([shapely.Point(5, 5)], label="good"))
    project.columns.rename("old name", "new name")
    project.columns.remove("checked")
    project.branch("review")
    bulk = project.read("bulk").sort_values("id")
    commit(project, "Review", "review", "eve", bulk=bulk[:30].assign(label="stroma", score=0.75))
    commit(
        project, "Bulk on review", "review", "eve", edited=new_annotations(outlines(rng, 250), label="tumor")
    )
    commit(project, "Meanwhile", bulk=bulk[20:50].assign(layer="checked", nuclei=5))
    project.merge("review", author="eve")
    commit(project, "After the merge", "review", "eve", shapes=project.read("shapes")[:2].assign(z=7))
    project.branch("dropped", at="v1")
    commit(project, "Dropped", "dropped", "eve", bulk=project.read("bulk", "v1")[:3].assign(t=9))
    project.tag("v2", at="dropped")
    project.delete_branch("dropped")
    project.sets.add("cohort", project.slides, split={"train": 0.5, "test": 0.5}, by="patient", seed=4)
    project.sets.add("mixed", [SetMember(None, "v1", "bulk", part="train"), project.checkout("v0")["edited"]])
    project.rename("Format 1")
    project.compact(["bulk"])
    commit(project, "On top", bulk=project.read("bulk")[:5].assign(score=0.125))
    project.revert("main", author="bob")
    for number in range(6):
        commit(project, f"More {number}", edited=new_annotations(outlines(rng, 2), label="stroma"))
    return open_project(folder)


def main(target: Path) -> None:
    """Write the project and what it tells as one archive."""
    small = mock.patch.multiple(staging, BULK_ROWS=200, PART_ROWS=150)
    soon = mock.patch.multiple(tend, MERGE_AT=5)
    who = mock.patch.dict(os.environ, WSINB_AUTHOR="ann")
    with tempfile.TemporaryDirectory() as temporary, small, soon, who:
        folder = Path(temporary) / "format-1"
        told = describe(make(folder), PAIRS, BOXES)
        with zipfile.ZipFile(target / "format-1.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.writestr("expected.json", json.dumps(told, ensure_ascii=False, sort_keys=True))
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, f"project/{path.relative_to(folder).as_posix()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
