"""Make the demo project: slide, annotations, training, result, score."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapely.geometry import mapping

from wsinb.demo.annotations import Split, split_regions
from wsinb.demo.layout import make_layout
from wsinb.demo.report import DemoReport, read_marker, write_marker
from wsinb.demo.score import dice
from wsinb.demo.slide import write_slide
from wsinb.errors import InvalidInput, StorageError
from wsinb.progress import Progress, Tracker

if TYPE_CHECKING:
    from wsinb.jobs import JobResult
    from wsinb.project import Project

__all__ = ["DEFAULT_SIZE", "HELD_OUT", "SLIDE", "make_demo"]

DEFAULT_SIZE = 20_480
SLIDE = "colon"
AUTHOR = "demo"
HELD_OUT = "held-out-regions.geojson"
TUMOUR, TRAINING_REGION = "tumour", "training region"
RESULT_LAYER = "job:segment"
# fixed before the first slide was scored; a window covers a few cells at this resolution
TRAIN: dict[str, Any] = {
    "labels": [TUMOUR],
    "roi_label": TRAINING_REGION,
    "um_per_px": 1.0,
    "model": "tumour",
}
APPLY: dict[str, Any] = {"model": "tumour", "layer": RESULT_LAYER, "min_area_um2": 400.0}


def make_demo(folder: str | Path, size: int | None = None, progress: Progress = None) -> DemoReport:
    """Make the demo project in a folder, or report on the one that is there.

    Parameters
    ----------
    folder : str or Path
        New, empty, or that of an earlier demo; an unfinished demo is made afresh.
    size : int, optional
        Side of the slide in level-0 px, `DEFAULT_SIZE` by default; the same size gives the same slide.
    progress : bool, callable or None
        See `wsinb.progress`.

    Raises
    ------
    InvalidInput
        If the folder holds something else, or a demo of another size.
    StorageError
        If the folder cannot be written.
    """
    folder = Path(folder).expanduser().resolve()
    finished = _finished(folder, size)
    if finished is not None:
        return finished
    seconds: dict[str, float] = {}
    try:
        _clear(folder)
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(f"{folder} cannot be written: {reason}; choose another folder.") from error
    from wsinb.serve.vectors.warming import warm_up

    with _timed(seconds, "slide"):
        layout = make_layout(size or DEFAULT_SIZE)
        write_slide(layout, folder / f"{SLIDE}.tiff", progress=progress)
    with _timed(seconds, "project"):
        split = split_regions(layout)
        project = _make_project(folder, split)
    with _timed(seconds, "train"):
        project.run("segment_train", author=AUTHOR, progress=progress, **TRAIN)
    with _timed(seconds, "apply"):
        applied: JobResult = project.run("segment_apply", author=AUTHOR, progress=progress, **APPLY)
    with _timed(seconds, "score"):
        table = project.read(SLIDE, version=applied.commit)
        found = table.loc[(table["layer"] == RESULT_LAYER) & (table["label"] == TUMOUR), "geometry"]
        agreement = dice(found, split.held_out, outside=(*split.rois, *split.training))
    with _timed(seconds, "viewer"), Tracker(1, "readying the viewer", progress) as tracker:
        # compiled once an installation: otherwise the first annotations ever looked at take half a minute
        warm_up()
        tracker.update()
    _copy_notebooks(folder)
    seconds["total"] = sum(seconds.values())
    report = DemoReport(
        folder=str(folder),
        slide_size=[layout.size, layout.size],
        versions=[commit.id for commit in reversed(project.log())],
        polygons=len(found),
        dice=round(agreement, 4),
        seconds={step: round(value, 2) for step, value in seconds.items()},
    )
    write_marker(folder, {**report.to_json(), "finished": True})
    return report


def _finished(folder: Path, size: int | None) -> DemoReport | None:
    """Return the report of a demo that is there, None if there is room for one."""
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is a file; give a new or an empty folder.")
    marker = read_marker(folder)
    if marker is None:
        if any(folder.iterdir()):
            raise InvalidInput(f"{folder} is not empty and holds no demo; give a new or an empty folder.")
        return None
    if not marker.get("finished"):
        return None
    try:
        report = DemoReport(**{name: marker[name] for name in DemoReport.__dataclass_fields__})
        sides = set(report.slide_size)
    except (KeyError, TypeError) as error:
        raise InvalidInput(f"The demo in {folder} is damaged; delete the folder and try again.") from error
    if size is not None and sides != {size}:
        raise InvalidInput(f"{folder} holds a demo of {sides.pop()} px a side; give another folder.")
    return report


def _clear(folder: Path) -> None:
    """Make the folder, and take away what an unfinished demo has left."""
    folder.mkdir(parents=True, exist_ok=True)
    if read_marker(folder) is not None:
        for part in (".wsinb", "notebooks", "failed-jobs"):
            shutil.rmtree(folder / part, ignore_errors=True)
        (folder / f"{SLIDE}.tiff").unlink(missing_ok=True)
    write_marker(folder, {"finished": False})


def _make_project(folder: Path, split: Split) -> Project:
    """Create the project with its slide and labels, and commit what an annotator would have drawn."""
    from wsinb import Label, create_project, new_annotations

    project = create_project(folder, name="wsinb demo", author=AUTHOR)
    project.slides.add(folder / f"{SLIDE}.tiff", name=SLIDE, author=AUTHOR)
    project.labels.add(
        [
            Label(TUMOUR, color="#d62728", key="t", shape="polygon", description="a nest of tumour cells"),
            Label("gland", color="#1f77b4", key="g", shape="polygon", order=1, description="a normal gland"),
            Label(
                TRAINING_REGION,
                color="#2ca02c",
                key="r",
                shape="rectangle",
                order=2,
                description="everything in it is drawn: training may learn from it",
            ),
        ],
        author=AUTHOR,
    )
    session = project.session(author=AUTHOR)
    drawn = session[SLIDE]
    drawn.upsert(new_annotations(list(split.rois), label=TRAINING_REGION, shape="rectangle"))
    drawn.upsert(new_annotations(list(split.training), label=TUMOUR))
    commit = session.commit(f"{len(split.training)} tumour nests drawn in {len(split.rois)} training regions")
    project.attach(commit.id, HELD_OUT, _geojson(split))
    return project


def _geojson(split: Split) -> bytes:
    features = [
        {"type": "Feature", "properties": {"label": TUMOUR}, "geometry": mapping(polygon)}
        for polygon in split.held_out
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _copy_notebooks(folder: Path) -> None:
    from wsinb.jobs import notebooks_folder

    ignore = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
    shutil.copytree(notebooks_folder(), folder / "notebooks", ignore=ignore, dirs_exist_ok=True)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start
