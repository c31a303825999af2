"""Interrupted runs go on from finished tiles, with the result of a run that was not interrupted."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import shapely

from wsinb.errors import InvalidInput, StorageError
from wsinb.progress import Cancelled
from wsinb.testing import synthetic_slide
from wsinb.tiles import open_slide
from wsinb.trees import segment_slide, write_probabilities

TILES = {"tile_size": 100}
N_TILES = 12


@pytest.fixture
def counted(tumour_model, monkeypatch):
    """The cores that the model was asked for."""
    asked, lock = [], threading.Lock()
    core_planes = type(tumour_model).core_planes

    def spy(self, plan, core, **options):
        with lock:
            asked.append((core.row, core.column))
        return core_planes(self, plan, core, **options)

    monkeypatch.setattr(type(tumour_model), "core_planes", spy)
    return asked


@pytest.fixture(scope="module")
def whole(trees_slide, tumour_model):
    """The result of a run that was not interrupted."""
    return segment_slide(trees_slide, tumour_model, **TILES)


def assert_equal(found, expected):
    assert len(found) == len(expected) > 0
    assert found.geometry.to_wkb().tolist() == expected.geometry.to_wkb().tolist()
    for column in ("label", "score", "layer"):
        assert found[column].tolist() == expected[column].tolist()


def test_a_second_run_looks_at_nothing_again(trees_slide, tumour_model, counted, whole, tmp_path):
    first = segment_slide(trees_slide, tumour_model, checkpoint=tmp_path / "new" / "folder", **TILES)
    assert len(counted) == N_TILES
    again = segment_slide(
        trees_slide, tumour_model, checkpoint=tmp_path / "new" / "folder", threads=1, **TILES
    )
    assert len(counted) == N_TILES
    assert_equal(first, whole)
    assert_equal(again, whole)


def test_what_is_done_with_the_polygons_later_may_be_changed(trees_slide, tumour_model, counted, tmp_path):
    segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **TILES)
    options = {"tolerance": 2, "min_area": 3000, "layer": "other", **TILES}
    found = segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **options)
    assert len(counted) == N_TILES
    assert_equal(found, segment_slide(trees_slide, tumour_model, **options))


@pytest.mark.parametrize("threads", [1, 3])
def test_a_cancelled_run_goes_on(trees_slide, tumour_model, counted, whole, tmp_path, threads):
    def stop(step):
        if step.done == 4:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, threads=threads, progress=stop, **TILES)
    kept = len(list(tmp_path.glob("tile-*.npz")))
    assert 4 <= kept == len(counted) <= 4 + threads + 1
    steps = []
    found = segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, progress=steps.append, **TILES)
    assert sorted(counted) == sorted(set(counted))
    assert [step.done for step in steps] == list(range(1, N_TILES + 1))
    assert_equal(found, whole)


def test_a_run_that_failed_goes_on(trees_slide, tumour_model, whole, tmp_path, monkeypatch):
    core_planes = type(tumour_model).core_planes

    def broken(self, plan, core, **options):
        if (core.row, core.column) == (1, 1):
            raise RuntimeError("out of luck")
        return core_planes(self, plan, core, **options)

    with monkeypatch.context() as patch:
        patch.setattr(type(tumour_model), "core_planes", broken)
        with pytest.raises(RuntimeError, match="out of luck"):
            segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, threads=1, **TILES)
    assert len(list(tmp_path.glob("tile-*.npz"))) == 5
    assert_equal(segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **TILES), whole)


KILLED = """
    import sys, time
    from wsinb.tiles import open_slide
    from wsinb.trees import load_model, segment_slide, write_probabilities

    def stop(step):
        if step.done == 5:
            print("there", flush=True)
            time.sleep(600)

    options = {"tile_size": 100, "checkpoint": sys.argv[3], "progress": stop, "threads": 2}
    with open_slide(sys.argv[1]) as slide:
        model = load_model(sys.argv[2])
        if len(sys.argv) == 4:
            segment_slide(slide, model, **options)
        else:
            write_probabilities(slide, model, "tumor", sys.argv[4], **options)
"""


def killed(slide, model, *arguments):
    """Run in another process until five tiles are reported, and kill it there."""
    file = arguments[0].parent / "model.npz"
    model.save(file)
    code = textwrap.dedent(KILLED)
    command = [sys.executable, "-c", code, *map(str, (slide.path, file, *arguments))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "there\n"
        process.kill()


def test_a_killed_process_loses_only_what_was_under_way(trees_slide, tumour_model, counted, whole, tmp_path):
    folder = tmp_path / "checkpoint"
    killed(trees_slide, tumour_model, folder)
    kept = len(list(folder.glob("tile-*.npz")))
    assert 5 <= kept < N_TILES
    assert_equal(segment_slide(trees_slide, tumour_model, checkpoint=folder, **TILES), whole)
    assert len(counted) == N_TILES - kept


def test_a_killed_picture_goes_on_and_leaves_nothing(trees_slide, tumour_model, counted, tmp_path):
    folder, path = tmp_path / "checkpoint", tmp_path / "out" / "map.tif"
    path.parent.mkdir()
    killed(trees_slide, tumour_model, folder, path)
    assert [left.suffix for left in path.parent.iterdir()] == [".raw"]
    kept = len(list(folder.glob("tile-*.npz")))
    write_probabilities(trees_slide, tumour_model, "tumor", path, checkpoint=folder, **TILES)
    assert len(counted) == N_TILES - kept <= N_TILES - 5
    assert list(path.parent.iterdir()) == [path]
    other = write_probabilities(trees_slide, tumour_model, "tumor", tmp_path / "other.tif", **TILES)
    with open_slide(path) as resumed, open_slide(other) as expected:
        np.testing.assert_array_equal(resumed.read(0, 0, *resumed.size), expected.read(0, 0, *expected.size))


def test_a_checkpoint_of_anything_else_is_refused(trees_slide, tumour_model, tmp_path, monkeypatch):
    folder = tmp_path / "checkpoint"
    segment_slide(trees_slide, tumour_model, checkpoint=folder, **TILES)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def refused(word, slide=trees_slide, **options):
        with pytest.raises(InvalidInput, match=rf"holds tiles of another {word}: give another folder"):
            segment_slide(slide, tumour_model, **{"checkpoint": folder, **TILES, **options})

    refused("tile_size", tile_size=101)
    refused("skip_white", skip_white=not tumour_model.header["white_is_background"])
    refused("within", within=shapely.box(0, 0, 500, 500))
    with open_slide(synthetic_slide(tmp_path / "o.tif", (1536, 1200), 0.5, seed=3)) as slide:
        refused("slide", slide)
    with pytest.raises(InvalidInput, match="another function, label"):
        write_probabilities(
            trees_slide, tumour_model, "tumor", tmp_path / "m.tif", checkpoint=folder, **TILES
        )
    with monkeypatch.context() as patch:
        patch.setitem(tumour_model.header, "scores", {"dice": 0})
        refused("model")
        patch.setitem(tumour_model.header, "um_per_px", 2.5)
        refused("model, resolution|resolution, model")
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("about", [b"", b"[1]", b"{", b"[" * 10_000, None])
def test_a_checkpoint_that_cannot_be_told_is_refused(trees_slide, tumour_model, tmp_path, about):
    segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **TILES)
    (tmp_path / "about.json").write_bytes(b" " * 2**21 if about is None else about)
    with pytest.raises(InvalidInput, match=r"about\.json is damaged or gone: give another folder"):
        segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **TILES)


def test_tiles_of_which_nothing_is_known_are_not_taken(trees_slide, tumour_model, tmp_path):
    segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **TILES)
    (tmp_path / "about.json").unlink()
    with pytest.raises(InvalidInput, match=r"about\.json is damaged or gone"):
        segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **TILES)
    assert not (tmp_path / "about.json").exists()


def edited(path, **changes):
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez_compressed(
        path, **{**arrays, **{name: change(arrays[name]) for name, change in changes.items()}}
    )


def flipped(path):
    data = bytearray(path.read_bytes())
    data[data.index(b"xy.npy") + 60] ^= 0xFF
    path.write_bytes(data)


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "a flipped byte": flipped,
    "outside": lambda path: edited(path, xy=lambda xy: xy + 1000),
    "not finite": lambda path: edited(path, xy=lambda xy: xy * np.nan),
    "another class": lambda path: edited(path, labels=lambda labels: labels + 7),
    "fewer sums": lambda path: edited(path, sums=lambda sums: sums[1:]),
    "too probable": lambda path: edited(path, sums=lambda sums: sums * 5 + 1e9),
    "members that are not there": lambda path: edited(path, top=lambda top: top + 99),
    "a shorter side": lambda path: edited(path, left=lambda left: left[:-1]),
    "sides of fractions": lambda path: edited(path, right=lambda right: right + 0.5),
    "pickled": lambda path: edited(path, labels=lambda labels: labels.astype(object)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_tiles_are_made_again(trees_slide, tumour_model, counted, whole, tmp_path, damage):
    segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **TILES)
    full = max(tmp_path.glob("tile-*.npz"), key=lambda path: path.stat().st_size)
    damage(full)
    counted.clear()
    assert_equal(segment_slide(trees_slide, tumour_model, checkpoint=tmp_path, **TILES), whole)
    assert len(counted) == 1


@pytest.mark.parametrize("change", [lambda v: v[1:], lambda v: v.astype(float), lambda v: v.astype(object)])
def test_damaged_tiles_of_pictures_are_made_again(trees_slide, tumour_model, counted, tmp_path, change):
    options = {"checkpoint": tmp_path / "checkpoint", **TILES}
    write_probabilities(trees_slide, tumour_model, "tumor", tmp_path / "map.tif", **options)
    counted.clear()
    edited(tmp_path / "checkpoint" / "tile-000001-000001.npz", values=change)
    write_probabilities(trees_slide, tumour_model, "tumor", tmp_path / "map.tif", **options)
    assert counted == [(1, 1)]


def test_a_folder_that_is_none_is_told(trees_slide, tumour_model, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="finished tiles cannot be kept"):
        segment_slide(trees_slide, tumour_model, checkpoint=tmp_path / "file")
    with pytest.raises(InvalidInput, match="A checkpoint is the path"):
        segment_slide(trees_slide, tumour_model, checkpoint=3)


class Dark:
    """A model of tiles of one's own."""

    def __init__(self, level):
        self.header = {"labels": ["background", "dark"], "um_per_px": None, "downsample": 4.0}
        self.header["white_is_background"] = False
        self.level = level

    def core_planes(self, plan, core, *, skip_white=False):
        return (plan.read(core).mean(axis=2) < self.level).astype(np.float32)[None]


def test_models_of_ones_own_are_told_apart(trees_slide, tmp_path):
    found = segment_slide(trees_slide, Dark(140), checkpoint=tmp_path, **TILES)
    assert_equal(segment_slide(trees_slide, Dark(140), checkpoint=tmp_path, **TILES), found)
    with pytest.raises(InvalidInput, match="tiles of another model"):
        segment_slide(trees_slide, Dark(141), checkpoint=tmp_path, **TILES)


def test_a_checkpoint_that_is_full_and_a_slide_that_is_gone_are_told_as_such(
    tumour_model, tmp_path, monkeypatch
):
    from wsinb.trees.tiling import FinishedPieces

    def full(self, name, data):
        raise OSError(28, "No space left on device")

    with open_slide(synthetic_slide(tmp_path / "s.tif", (256, 256), 0.5)) as slide:
        with monkeypatch.context() as patch:
            segment_slide(slide, tumour_model, checkpoint=tmp_path / "checkpoint")
            (left,) = (tmp_path / "checkpoint").glob("*.npz")
            left.unlink()
            patch.setattr(FinishedPieces, "_write", full)
            with pytest.raises(
                StorageError, match=r"a finished tile cannot be kept .*No space.*make room there"
            ):
                segment_slide(slide, tumour_model, checkpoint=tmp_path / "checkpoint")
        with monkeypatch.context() as patch:
            checkpoint = tmp_path / "other"
            write_probabilities(slide, tumour_model, "tumor", tmp_path / "map.tif", checkpoint=checkpoint)
            (left,) = checkpoint.glob("*.npz")
            left.unlink()
            patch.setattr(FinishedPieces, "_write", full)
            with pytest.raises(StorageError, match="a finished tile cannot be kept"):
                write_probabilities(slide, tumour_model, "tumor", tmp_path / "map.tif", checkpoint=checkpoint)
        assert not list(tmp_path.glob(".*"))
