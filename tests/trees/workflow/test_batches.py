"""Several tiles given to a segmenter at once: the same result, one call instead of many."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wsinb.errors import InvalidInput
from wsinb.progress import Cancelled
from wsinb.trees.workflow import Workflow

from .conftest import assert_same_tables, dark_segmenter


class Shy:
    """A segmenter with a score that remembers what it was given, and fails where it is told to."""

    def __init__(self, fails=lambda images: False):
        self.shapes, self.fails, self.lock = [], fails, threading.Lock()

    def __call__(self, images):
        with self.lock:
            self.shapes.append(images.shape[:3])
        if self.fails(images):
            raise MemoryError("too many")
        dark = np.clip((255 - images.mean(axis=-1)) / 255, 0, 1)
        return np.stack([1 - dark, dark], axis=-1)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batch_size=st.integers(2, 40),
    border=st.sampled_from(["keep", "skip", "extend"]),
    tile_size=st.integers(48, 200),
    threads=st.integers(1, 3),
)
def test_any_batch_gives_the_same_result(shapes_slide, batch_size, border, tile_size, threads):
    options = {"tile_size": tile_size, "overlap": 8, "border": border}
    one, several = Shy(), Shy()
    expected = Workflow(one, **options).run(shapes_slide)
    found = Workflow(several, batch_size=batch_size, **options).run(shapes_slide, threads=threads)
    assert_same_tables(found.table, expected.table)
    assert sum(shape[0] for shape in several.shapes) == len(one.shapes) == found.n_tiles
    # of one shape, all but the last are full
    for shape in {shape[1:] for shape in several.shapes}:
        sizes = sorted(own[0] for own in several.shapes if own[1:] == shape)
        assert sizes[1:] == [batch_size] * (len(sizes) - 1)


def test_one_tile_at_a_time_is_the_default(shapes_slide):
    shy = Shy()
    Workflow(shy, tile_size=100, overlap=0).run(shapes_slide)
    assert {shape[0] for shape in shy.shapes} == {1}


def test_a_batch_that_fails_is_tried_tile_by_tile(shapes_slide):
    shy = Shy(lambda images: len(images) > 1)
    options = {"tile_size": 100, "overlap": 0}
    found = Workflow(shy, batch_size=4, **options).run(shapes_slide)
    assert found.complete
    assert_same_tables(found.table, Workflow(Shy(), **options).run(shapes_slide).table)


def test_only_the_tile_at_fault_fails_and_failures_are_by_place(shapes_slide):
    poisoned = [shapes_slide.read(x, y, 100, 100) for x, y in ((200, 0), (100, 100))]

    def faulty(images):
        narrow = images.shape[1:3] != (100, 100)
        return narrow or any(np.array_equal(image, bad) for image in images for bad in poisoned)

    found = Workflow(Shy(faulty), tile_size=100, overlap=0, batch_size=5, retries=1).run(shapes_slide)
    places = [tuple(int(value) for value in failure.box[:2]) for failure in found.failures]
    # 420 x 300 px: the last column is narrow
    assert places == [(200, 0), (400, 0), (100, 100), (400, 100), (400, 200)]
    assert {failure.attempts for failure in found.failures} == {2}


def test_input_that_cannot_be_used_ends_the_run_at_once(shapes_slide):
    shapes = []

    def wrong(images):
        shapes.append(images.shape)
        return images[:, :5, :5, 0]

    with pytest.raises(InvalidInput, match="must return"):
        Workflow(wrong, tile_size=100, overlap=0, batch_size=4).run(shapes_slide, runner="serial")
    assert len(shapes) == 1


def test_finished_batches_are_kept(shapes_slide, tmp_path):
    def stop(step):
        if step.done == 6:
            raise Cancelled("enough")

    def workflow(shy, **options):
        return Workflow(shy, tile_size=100, overlap=0, name="shy", **options)

    with pytest.raises(Cancelled):
        workflow(Shy(), batch_size=3).run(shapes_slide, runner="serial", checkpoint=tmp_path, progress=stop)
    # another size of batches is no other result
    shy = Shy()
    found = workflow(shy, batch_size=2).run(shapes_slide, checkpoint=tmp_path)
    assert (found.resumed, sum(shape[0] for shape in shy.shapes)) == (6, 9)
    assert_same_tables(found.table, workflow(Shy()).run(shapes_slide).table)


def test_batches_are_done_on_dask(shapes_slide):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    options = {"tile_size": 90, "overlap": 7, "batch_size": 4}
    cluster = {"n_workers": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**cluster) as local, distributed.Client(local) as client:
        found = Workflow(dark_segmenter(), **options).run(shapes_slide, runner=client)
    assert_same_tables(found.table, Workflow(dark_segmenter(), **options).run(shapes_slide).table)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "4"])
def test_sizes_of_batches_are_checked(wrong):
    with pytest.raises(InvalidInput, match="batch_size must be a whole number"):
        Workflow(dark_segmenter(), batch_size=wrong)
