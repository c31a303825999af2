"""Workflows on slides: the same whatever the tiles and the runner."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier

from wsinb.annotate import validate
from wsinb.errors import InvalidInput, UnknownMpp, UnreadableSlide
from wsinb.frames import Box
from wsinb.progress import Cancelled
from wsinb.testing import synthetic_slide
from wsinb.tiles import open_slide
from wsinb.trees.workflow import Rule, Workflow

from .conftest import SIZE, assert_same_tables, dark_segmenter


@pytest.fixture(scope="module")
def dask_client(tmp_path_factory):
    """Two processes of a Dask cluster on this machine."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    folder = str(tmp_path_factory.mktemp("dask"))
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": folder}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


ANY_TILES = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def assert_all_found(table, expected):
    for number, polygons in expected.items():
        own = table.geometry[table["label"] == str(number)].to_numpy()
        assert len(own) == len(polygons)
        one, other = (sorted(group, key=lambda polygon: polygon.bounds) for group in (own, polygons))
        assert shapely.equals(one, other).all()


@ANY_TILES
@given(
    tile_size=st.integers(32, 500),
    overlap=st.integers(0, 40),
    border=st.sampled_from(["keep", "extend"]),
    tolerance=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_tiles_and_overlap_change_nothing(shapes_slide, expected, tile_size, overlap, border, tolerance):
    workflow = Workflow(
        dark_segmenter(), tile_size=tile_size, overlap=min(overlap, tile_size // 2), border=border,
        tolerance=tolerance,
    )  # fmt: skip
    found = workflow.run(shapes_slide, runner="serial")
    assert_all_found(found.table, expected)
    assert found.table.geometry.is_valid.all()
    assert found.complete


@ANY_TILES
@given(tile_size=st.integers(40, 300), overlap=st.integers(0, 20))
def test_skipped_borders_lose_only_what_lies_there(shapes_slide, tile_size, overlap):
    found = Workflow(dark_segmenter(), tile_size=tile_size, overlap=overlap, border="skip").run(
        shapes_slide, runner="serial"
    )
    step = tile_size - overlap
    reach = [tile_size + (length - tile_size) // step * step if length >= tile_size else 0 for length in SIZE]
    whole = Workflow(dark_segmenter(), tile_size=600).run(
        shapes_slide, within=Box(0, 0, *reach) if all(reach) else None, runner="serial"
    )
    if not all(reach):
        assert len(found.table) == found.n_tiles == 0
    else:
        assert_same_tables(found.table, whole.table)


def test_scores_are_the_mean_probability_with_any_tiles(shapes_slide):
    def dark(images):
        return np.clip(1.3 - images.mean(axis=-1) / 150, 0, 1)

    whole = Workflow(dark, tile_size=1000).run(shapes_slide).table
    tiled = Workflow(dark, tile_size=61, overlap=9).run(shapes_slide).table
    assert whole["score"].between(0.5, 1).all()
    # each pixel counts once, whatever tiles see it
    np.testing.assert_allclose(tiled["score"].to_numpy(float), whole["score"].to_numpy(float), rtol=1e-6)


def test_the_runners_give_the_same_tables(shapes_slide, dask_client):
    def size(objects):
        return objects.geometry.area.to_numpy() > 400

    def name(images):
        return np.array(["even" if image.sum() % 2 == 0 else "odd" for image in images])

    rules = [Rule(size, name, size=16, name="large"), Rule("1", label="small")]
    workflow = Workflow(dark_segmenter(), tile_size=90, overlap=7, rules=rules)
    serial = workflow.run(shapes_slide, runner="serial")
    assert serial.unmatched > 0
    assert_same_tables(serial.table, workflow.run(shapes_slide, runner="threads", threads=3).table)
    there = workflow.run(shapes_slide, runner=dask_client)
    with dask_client.as_current():
        # the present client is found by the name, too
        again = workflow.run(shapes_slide, runner="dask")
    assert_same_tables(serial.table, there.table)
    assert_same_tables(serial.table, again.table)
    assert there.complete


def test_dask_makes_a_cluster_of_its_own_and_ends_it(shapes_slide):
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    workflow = Workflow(dark_segmenter(), tile_size=150)
    found = workflow.run(shapes_slide, runner="dask", threads=1)
    assert_same_tables(found.table, workflow.run(shapes_slide, runner="serial").table)
    with pytest.raises(ValueError, match="No global client"):
        distributed.get_client()


def test_on_dask_a_segmenter_that_fails_is_named(shapes_slide, dask_client):
    def picky(images):
        if images.shape[2] < 90:
            raise OSError("narrow")
        return images[..., 0] < 100

    def wrong(images):
        return images[0]

    found = Workflow(picky, tile_size=90, overlap=0).run(shapes_slide, runner=dask_client)
    assert {failure.reason for failure in found.failures} == {"OSError: narrow"}
    with pytest.raises(InvalidInput, match="for pictures of shape"):
        Workflow(wrong).run(shapes_slide, runner=dask_client)


def test_the_result_is_a_valid_annotation_table(shapes_slide):
    workflow = Workflow(
        dark_segmenter(), labels=["background", "cell", "core"], layer="job", created_by="me", simplify=1.0
    )
    found = workflow.run(shapes_slide)
    assert len(validate(found.table)) == len(found.table) > 0
    assert set(found.table["label"]) == {"cell", "core"}
    assert set(found.table["layer"]) == {"job"}
    assert set(found.table["created_by"]) == {"me"}
    assert found.table.geometry.is_valid.all()


def test_coordinates_and_areas_are_level_0(shapes_slide):
    one = Workflow(dark_segmenter(), um_per_px=1.0, min_area=300).run(shapes_slide)
    assert (one.table.geometry.area >= 300).all()
    full = Workflow(dark_segmenter()).run(shapes_slide)
    union, truth = one.table.geometry.union_all(), full.table.geometry.union_all()
    assert union.intersection(truth).area / union.union(truth).area > 0.8
    limited = Workflow(dark_segmenter(), um_per_px=1.0, min_area=300, max_area=2000).run(shapes_slide)
    assert limited.table.geometry.area.between(300, 2000).all()


def test_within_limits_what_is_looked_at(shapes_slide):
    area = shapely.Point(200, 150).buffer(90)
    seen = []

    def look(images):
        seen.append(images.shape)
        return images[..., 0] < 130

    found = Workflow(look, tile_size=64, overlap=0).run(shapes_slide, within=area)
    assert len(seen) == found.n_tiles < 20
    assert area.buffer(2).covers(found.table.geometry.union_all())
    with pytest.raises(InvalidInput, match="within has no area"):
        Workflow(look).run(shapes_slide, within=shapely.Point(0, 0))


def test_labels_of_parts_may_be_joined_by_area(tmp_path):
    with open_slide(synthetic_slide(tmp_path / "s.tif", (200, 64), None)) as slide:

        def by_place(images):
            # the first tile calls it 1, the second 2
            kind = 1 if images.shape[2] == 100 else 2
            return np.full(images.shape[:3], kind)

        apart = Workflow(by_place, tile_size=100, overlap=10, border="keep").run(slide, runner="serial")
        assert apart.table["label"].tolist() == ["1", "2"]
        joined = Workflow(by_place, tile_size=100, overlap=10, merge_labels=True).run(slide, runner="serial")
    assert joined.table["label"].tolist() == ["1"]
    assert joined.table.geometry.area.tolist() == [200 * 64]


@pytest.mark.parametrize(
    ("gap", "tolerance", "n"), [(3, 1, 2), (3, 3, 2), (3, 3.5, 1), (1, 1, 2), (1, 1.5, 1)]
)
def test_tolerance_closes_gaps_at_seams(tmp_path, gap, tolerance, n):
    with open_slide(synthetic_slide(tmp_path / "s.tif", (200, 100), None)) as slide:

        def gappy(images):
            classes = np.ones(images.shape[:3], int)
            # nothing in the first columns of the second tile
            if images.shape[2] != 120:
                classes[:, :, :gap] = 0
            return classes

        found = Workflow(gappy, tile_size=120, overlap=0, tolerance=tolerance).run(slide, runner="serial")
    assert len(found.table) == n
    if n == 1:
        assert found.table.geometry.area.tolist() == [200 * 100]


def test_rules_are_asked_in_order_and_unmatched_objects_are_told(shapes_slide):
    asked = []

    def large(objects):
        asked.append(len(objects))
        return objects.geometry.area.to_numpy() > 500

    def middling(objects):
        asked.append(len(objects))
        return objects.geometry.area.to_numpy() > 100

    rules = [Rule(large, label="large", name="big"), Rule(middling, label="middling")]
    found = Workflow(dark_segmenter(), rules=rules).run(shapes_slide)
    areas = found.table.geometry.area.to_numpy()
    labels = np.where(areas > 500, "large", np.where(areas > 100, "middling", "none"))
    assert found.table["label"].fillna("none").tolist() == labels.tolist()
    assert asked == [len(areas), int((areas <= 500).sum())]
    assert found.unmatched == int((areas <= 100).sum())
    assert f"{found.unmatched} objects taken by no rule" in repr(found)
    named = [
        json.loads(text)["rule"] if isinstance(text, str) else None for text in found.table["properties"]
    ]
    assert set(named) == {"big", "rule 2", None}
    everything = Workflow(dark_segmenter(), rules=[*rules, Rule(label="rest")]).run(shapes_slide)
    assert everything.unmatched == 0


def test_each_rule_has_its_classifier(shapes_slide):
    estimator = ExtraTreesClassifier(5, random_state=0).fit(np.eye(4, 48) * 255, ["a", "b", "a", "b"])

    def bright(images):
        return np.stack([1 - images.mean(axis=(1, 2, 3)) / 255, images.mean(axis=(1, 2, 3)) / 255], axis=1)

    rules = [
        Rule("2", bright, labels=["dark", "bright"], size=8, background="#ffffff"),
        Rule(None, estimator, size=4),
    ]
    found = Workflow(dark_segmenter(), rules=rules).run(shapes_slide).table
    assert set(found["label"]) <= {"dark", "bright", "a", "b"}
    assert found["label"].isin(["a", "b"]).any()
    assert found["label"].isin(["dark", "bright"]).any()
    assert found["score"].between(0, 1).all()


def test_a_tile_that_fails_is_tried_again_and_then_named(shapes_slide):
    calls, lock = {}, threading.Lock()

    def flaky(images):
        key = int(images.sum())
        with lock:
            calls[key] = calls.get(key, 0) + 1
        if images.shape[1:3] == (80, 80) and calls[key] < 2:
            raise OSError("once")
        if images.shape[2] < 80:
            raise UnreadableSlide("always\nso")
        return images[..., 0] < 130

    found = Workflow(flaky, tile_size=80, overlap=0, retries=2).run(shapes_slide, threads=2)
    # 420 px are 5 columns of 80 px and one of 20: the last fails in each of 4 rows
    assert [failure.box for failure in found.failures] == [
        Box(400, y, 420, min(y + 80, 300)) for y in (0, 80, 160, 240)
    ]
    assert {(failure.phase, failure.reason, failure.attempts) for failure in found.failures} == {
        ("tile", "UnreadableSlide: always so", 3)
    }
    assert not found.complete
    assert "4 failures: tile (400, 0) to (420, 80): UnreadableSlide: always so (3 attempts)" in repr(found)
    assert "<li>tile (400, 0)" in found._repr_html_()
    # the rest is there
    rest = Workflow(lambda images: images[..., 0] < 130, tile_size=80, overlap=0).run(
        shapes_slide, within=Box(0, 0, 400, 300)
    )
    assert_same_tables(found.table, rest.table)


def test_a_batch_that_fails_to_classify_is_named(shapes_slide):
    def moody(images):
        raise OSError("no")

    found = Workflow(dark_segmenter(), rules=[Rule("1", moody, size=8)], retries=0).run(shapes_slide)
    assert found.failures
    assert {failure.phase for failure in found.failures} == {"classify"}
    assert found.table["label"].isna().all()


def test_where_everything_fails_it_is_an_error(shapes_slide):
    calls = []

    def broken(images):
        calls.append(1)
        return undefined_name  # noqa: F821

    with pytest.raises(InvalidInput, match="the first 16 tiles of shapes failed, with NameError"):
        Workflow(broken, tile_size=16, overlap=0, retries=1).run(shapes_slide, runner="serial")
    assert len(calls) == 32
    with pytest.raises(InvalidInput, match="all 1 tiles of shapes failed"):
        Workflow(broken).run(shapes_slide)


def test_timings_are_by_phase(shapes_slide):
    found = Workflow(
        dark_segmenter(), tile_size=100, rules=[Rule("1", lambda images: ["x"] * len(images), size=8)]
    ).run(shapes_slide)
    assert list(found.timings) == ["load", "segment", "locate", "merge", "dispatch", "classify", "total"]
    assert all(seconds > 0 for seconds in found.timings.values())
    assert "classify" in found._repr_html_()


def test_progress_counts_and_cancels(shapes_slide):
    steps = []
    Workflow(dark_segmenter(), tile_size=100, overlap=0).run(shapes_slide, progress=steps.append)
    assert [step.done for step in steps] == list(range(1, 16))

    def stop(step):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        Workflow(dark_segmenter(), tile_size=50).run(shapes_slide, progress=stop, threads=2)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wsinb-workflow")]


def test_few_tiles_are_held_at_a_time(shapes_slide):
    lock, state = threading.Lock(), {"begun": 0, "done": 0, "ahead": 0}

    def count(images):
        with lock:
            state["begun"] += 1
            state["ahead"] = max(state["ahead"], state["begun"] - state["done"])
        return images[..., 0] < 130

    Workflow(count, tile_size=32, overlap=0).run(
        shapes_slide, threads=2, progress=lambda step: state.update(done=step.done)
    )
    assert state["begun"] == 14 * 10
    assert state["ahead"] <= 4


def test_a_slide_smaller_than_a_tile_is_seen_whole(tmp_path):
    shapes = []

    def look(images):
        shapes.append(images.shape)
        return np.ones(images.shape[:3], int)

    with open_slide(synthetic_slide(tmp_path / "s.tif", (70, 50), None)) as slide:
        for border, shape in (("keep", (1, 50, 70, 3)), ("extend", (1, 100, 100, 3))):
            found = Workflow(look, tile_size=100, border=border).run(slide, runner="serial")
            assert shapes.pop() == shape
            assert found.table.geometry.iloc[0].bounds == (0, 0, 70, 50)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"segmenter": None}, "needs a segmenter"),
        ({"segmenter": 5}, "a segmenter is"),
        ({"border": "crop"}, "border must be 'keep', 'skip' or 'extend', not 'crop'"),
        ({"tile_size": 64, "overlap": 64}, "tiles of 64 px cannot overlap by 64 px"),
        ({"tile_size": 0}, "tile_size"),
        ({"tile_size": 64.0}, "tile_size"),
        ({"overlap": -1}, "overlap"),
        ({"tolerance": -1}, "tolerance"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"simplify": "1"}, "simplify"),
        ({"min_area": 5, "max_area": 1}, "min_area <= max_area"),
        ({"retries": -1}, "retries"),
        ({"rules": [lambda objects: objects]}, "rules must be Rule"),
    ],
)
def test_bad_workflows_are_refused(wrong, message):
    with pytest.raises(InvalidInput, match=message):
        Workflow(**{"segmenter": dark_segmenter(), **wrong})


def test_a_segmenter_that_returns_another_shape_is_named_at_once(shapes_slide):
    calls = []

    def shrinking(images):
        calls.append(1)
        return images[:, ::2, ::2, 0] > 3

    message = (
        r"segmenter shrinking returned bool of shape \(1, 50, 50\) for pictures of shape \(1, 100, 100, 3\)"
    )
    with pytest.raises(InvalidInput, match=message):
        Workflow(shrinking, tile_size=100).run(shapes_slide, runner="serial")
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Rule(lambda objects: [1, 2]), "rule 1 returned int64"),
        (Rule(lambda objects: True, name="odd"), r"odd returned bool of shape \(\)"),
    ],
)
def test_rules_must_return_masks(shapes_slide, rule, message):
    with pytest.raises(InvalidInput, match=message):
        Workflow(dark_segmenter(), rules=[rule]).run(shapes_slide)
    with pytest.raises(InvalidInput, match="a classifier or a label"):
        Rule(None, lambda images: images, label="x")


def test_runners_and_resolutions_must_be_known(shapes_slide, tmp_path):
    with pytest.raises(InvalidInput, match="runner must be"):
        Workflow(dark_segmenter()).run(shapes_slide, runner="gpu")
    with pytest.raises(InvalidInput, match="threads"):
        Workflow(dark_segmenter()).run(shapes_slide, threads=0)
    with open_slide(synthetic_slide(tmp_path / "s.tif", (64, 64), None)) as slide, pytest.raises(UnknownMpp):
        Workflow(dark_segmenter(), um_per_px=1.0).run(slide)
