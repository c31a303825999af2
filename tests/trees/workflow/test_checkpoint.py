"""Interrupted runs go on from finished tiles."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import shapely

from wsinb.errors import InvalidInput, StorageError
from wsinb.progress import Cancelled
from wsinb.trees.models import identity
from wsinb.trees.workflow import Workflow
from wsinb.trees.workflow.checkpoint import Checkpoint
from wsinb.trees.workflow.look import Seen
from wsinb.trees.workflow.topology import lay_tiles

from .conftest import assert_same_tables, dark_segmenter


def counting(calls, level=130):
    def dark(images):
        calls.append(images.shape)
        return images[..., 0] < level

    return dark


def workflow(calls, **options):
    return Workflow(counting(calls), tile_size=100, overlap=0, name="dark", **options)


def test_a_second_run_looks_at_nothing_again(shapes_slide, tmp_path):
    calls = []
    first = workflow(calls).run(shapes_slide, checkpoint=tmp_path)
    assert (len(calls), first.n_tiles, first.resumed) == (15, 15, 0)
    again = workflow(calls).run(shapes_slide, checkpoint=tmp_path)
    assert (len(calls), again.resumed) == (15, 15)
    assert_same_tables(first.table, again.table)
    assert "15 tiles were finished before" in repr(again)


def test_a_cancelled_run_goes_on(shapes_slide, tmp_path):
    calls = []

    def stop(step):
        if step.done == 6:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        workflow(calls).run(shapes_slide, checkpoint=tmp_path, runner="serial", progress=stop)
    assert len(calls) == 6
    steps = []
    found = workflow(calls).run(shapes_slide, checkpoint=tmp_path, runner="serial", progress=steps.append)
    assert (found.resumed, len(calls)) == (6, 15)
    assert [step.done for step in steps] == list(range(6, 16))
    assert_same_tables(found.table, workflow([]).run(shapes_slide).table)


KILLED = """
    import sys, time
    from wsinb.tiles import open_slide
    from wsinb.trees.workflow import Workflow

    n = 0

    def dark(images):
        global n
        n += 1
        if n == 8:
            print("there", flush=True)
            time.sleep(600)
        return images[..., 0] < 130

    with open_slide(sys.argv[1]) as slide:
        workflow = Workflow(dark, tile_size=100, overlap=0, name="dark")
        workflow.run(slide, runner="serial", checkpoint=sys.argv[2])
"""


def test_a_process_that_is_killed_loses_only_its_tile(shapes_slide, slide_path, tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(slide_path), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "there\n"
        process.kill()
    calls = []
    found = workflow(calls).run(shapes_slide, checkpoint=tmp_path)
    assert (found.resumed, len(calls)) == (7, 8)
    assert_same_tables(found.table, workflow([]).run(shapes_slide).table)


def test_failed_tiles_are_tried_by_the_next_run(shapes_slide, tmp_path):
    calls = []
    sound = counting(calls)

    def broken(images):
        if images.shape[2] < 100:
            raise OSError("narrow")
        return images[..., 0] < 130

    options = {"tile_size": 100, "overlap": 0, "name": "same", "retries": 0}
    first = Workflow(broken, **options).run(shapes_slide, checkpoint=tmp_path)
    assert len(first.failures) == 3
    second = Workflow(sound, **options).run(shapes_slide, checkpoint=tmp_path)
    assert (second.complete, second.resumed, len(calls)) == (True, 12, 3)


@pytest.mark.parametrize(
    "change", [{"tile_size": 99}, {"overlap": 1}, {"border": "extend"}, {"um_per_px": 1.0}, {"name": "other"}]
)
def test_tiles_of_other_parameters_are_not_taken(shapes_slide, tmp_path, change):
    options = {"tile_size": 100, "overlap": 0, "name": "dark"}
    Workflow(dark_segmenter(), **options).run(shapes_slide, checkpoint=tmp_path)
    assert (
        Workflow(dark_segmenter(), **{**options, **change}).run(shapes_slide, checkpoint=tmp_path).resumed
        == 0
    )
    # what is done with the objects later does not matter
    later = Workflow(dark_segmenter(), **options, min_area=50, simplify=1.0, tolerance=0)
    assert later.run(shapes_slide, checkpoint=tmp_path).resumed == 15


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no zip", None])
def test_damaged_files_are_made_again(shapes_slide, tmp_path, damage):
    first = workflow([]).run(shapes_slide, checkpoint=tmp_path)
    files = sorted(tmp_path.glob("*/tile-*.npz"))
    assert len(files) == 15
    files[3].write_bytes(files[3].read_bytes()[:-40] if damage is None else damage)
    # another tile's polygons do not lie here
    shutil.copy(files[0], files[14])
    calls = []
    again = workflow(calls).run(shapes_slide, checkpoint=tmp_path)
    assert len(calls) == 2
    assert_same_tables(first.table, again.table)


def test_nothing_is_left_half_written(shapes_slide, tmp_path):
    workflow([]).run(shapes_slide, checkpoint=tmp_path)
    names = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {".npz", ".json"}


def test_a_folder_that_cannot_be_written_is_told(shapes_slide, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="finished tiles cannot be kept"):
        workflow([]).run(shapes_slide, checkpoint=tmp_path / "file")
    with pytest.raises(InvalidInput, match="A checkpoint is the path"):
        workflow([]).run(shapes_slide, checkpoint=3)


def test_what_is_stored_is_what_is_read(tmp_path):
    tile = lay_tiles(0, (0, 0, 50, 50), 50, 0, "keep")[0]
    ring = shapely.box(2, 2, 20, 20).difference(shapely.box(5, 5, 9, 9))
    polygons = np.array([ring, shapely.box(30, 30, 40, 44)], object)
    seen = Seen(polygons, np.array([1, 3], np.int32), np.ones((2, 2)), np.full((2, 2), np.nan), np.ones(3))
    store = Checkpoint(tmp_path, {"a": 1})
    assert store.load(tile) is None
    store.save(tile, seen)
    loaded = store.load(tile)
    assert shapely.to_wkb(loaded.polygons).tolist() == shapely.to_wkb(polygons).tolist()
    for name in ("classes", "core", "whole"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(seen, name))
    nothing = Seen(np.empty(0, object), np.empty(0, np.int32), np.empty((0, 2)), np.empty((0, 2)), np.ones(3))
    store.save(tile, nothing)
    assert len(store.load(tile).polygons) == 0


def test_functions_are_known_by_what_they_do():
    def make(level, helper=None):
        def dark(images):
            return images < (level if helper is None else helper(level))

        return dark

    one = identity(make(3))
    assert one == identity(make(3))
    assert one != identity(make(4))
    assert identity(make(3, lambda level: level + 1)) != identity(make(3, lambda level: level + 2))
    assert identity(np.arange(5)) == identity(np.arange(5)) != identity(np.arange(6))
    with pytest.raises(InvalidInput, match="give the workflow a name"):
        identity([threading.Lock()])
