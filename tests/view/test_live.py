"""Pixels that are learned and predicted while one draws: what Python does of it."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import shapely
from traitlets import TraitError

import wsinb
from wsinb.errors import InvalidInput, UnknownMpp
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.trees import train_pixels
from wsinb.view import SlideViewer
from wsinb.view.live.field import ALIGNED, FieldFeatures, field_of
from wsinb.view.live.known import MAX_PIXELS, MAX_SQUARES, KnownPixels
from wsinb.view.live.newest import Newest
from wsinb.view.live.strokes import Drawn

SIZE = (1024, 768)
SMALL = {"n_trees": 6, "scales": (1, 2)}
WAIT_S = 60


@pytest.fixture
def project(project):
    project.labels.add([wsinb.Label("glass", color="#0000ff"), wsinb.Label("core", color="#ff0000")])
    return project


@pytest.fixture
def viewer(project):
    viewer = project.view("liver")
    yield viewer
    viewer.close()


@pytest.fixture
def sent(viewer, monkeypatch):
    """What the kernel sends to the browsers."""
    messages = []
    monkeypatch.setattr(
        viewer.layer, "send", lambda content, buffers=None: messages.append((content, buffers))
    )
    return messages


def across(number):
    """A line through one of the true tumours."""
    x0, y0, x1, y1 = synthetic_regions(SIZE)["tumor"][number].bounds
    return shapely.LineString([(x0 + 8, (y0 + y1) / 2), (x1 - 8, (y0 + y1) / 2)])


GLASS = shapely.LineString([(5, 5), (1000, 5)])


def strokes(*lines, label):
    return wsinb.new_annotations(list(lines), label=label)


def planes_of(message):
    content, buffers = message
    shape = (content["height"], content["width"])
    return {
        label: np.frombuffer(plane, np.uint8).reshape(shape)
        for label, plane in zip(content["labels"], buffers, strict=True)
    }


def at_work():
    """How many threads learn live."""
    return sum(thread.name == "wsinb-live" for thread in threading.enumerate())


def done(live):
    assert live.wait(WAIT_S)
    return live


def test_it_learns_from_stored_annotations_and_unsaved_strokes(viewer, sent):
    live = done(viewer.live(["tumor", "glass"], 2.0, **SMALL))
    assert live.model is None
    assert live.state == "draw strokes of 'glass' as well"
    assert not sent
    viewer.drawn = strokes(GLASS, label="glass")
    done(live)
    assert live.model.header["labels"] == ["tumor", "glass"]
    assert live.state.startswith("learned from 5 strokes, ")
    first, last = sent
    assert [content["labels"] for content, _ in sent] == [["tumor", "glass"]] * 2
    assert (2 * first[0]["width"], 2 * first[0]["height"]) == (last[0]["width"], last[0]["height"])
    planes = planes_of(last)
    x0, y0, x1, _ = last[0]["box"]
    scale = last[0]["width"] / (x1 - x0)
    for tumor in synthetic_regions(SIZE)["tumor"]:
        x, y = (
            int((value - start) * scale)
            for value, start in zip(tumor.centroid.coords[0], (x0, y0), strict=True)
        )
        assert planes["tumor"][y, x] > 200 > 100 > planes["glass"][y, x]
    assert live.timings.retrain is not None
    assert live.timings.predict is not None


def test_the_background_is_not_sent(viewer, sent):
    viewer.drawn = strokes(GLASS, label="glass")
    done(viewer.live("tumor", 2.0, background_label="glass", **SMALL))
    assert {tuple(content["labels"]) for content, _ in sent} == {("tumor",)}


def test_what_is_predicted_is_what_the_model_says_of_the_whole(viewer, sent):
    viewer.drawn = strokes(GLASS, label="glass")
    viewer.layer.view = [101.0, 203.0, 700.0, 650.0]
    live = done(viewer.live("tumor", 2.0, background_label="glass", **SMALL))
    whole = live.model.predict_proba(viewer.slide.read(0, 0, 256, 192, downsample=4))[..., 1]
    for content, buffers in sent:
        x0, y0, x1, y1 = (round(value / 4) for value in content["box"])
        step = (x1 - x0) // content["width"]
        expected = whole[y0:y1:step, x0:x1:step]
        found = planes_of((content, buffers))["tumor"]
        np.testing.assert_array_equal(found, np.rint(expected * 255).astype(np.uint8))
    assert (x0 % ALIGNED, y0 % ALIGNED) == (0, 0)
    assert (4 * x0 <= 101, 4 * y0 <= 203) == (True, True)
    assert (4 * x1 >= 700, 4 * y1 >= 650) == (True, True)


@pytest.mark.parametrize("width", [257, 255, 33])
def test_every_pixel_is_predicted_up_to_the_edges_of_the_slide(viewer, sent, width):
    downsample = SIZE[0] / width
    viewer.drawn = strokes(GLASS, label="glass")
    live = done(viewer.live(["tumor", "glass"], downsample=downsample, **SMALL))
    height = int(np.ceil(SIZE[1] / downsample - 1e-6))
    whole = live.model.predict_proba(viewer.slide.read(0, 0, width, height, downsample=downsample))
    found = planes_of(sent[-1])
    for number, label in enumerate(("tumor", "glass")):
        np.testing.assert_allclose(found[label], whole[..., number] * 255, atol=0.51)


def test_the_model_is_that_of_train_pixels(viewer, project):
    viewer.drawn = wsinb.new_annotations([across(0), across(1), GLASS], label=["core", "core", "glass"])
    live = done(viewer.live(["core", "glass"], 2.0, **SMALL))
    commit = viewer.save("strokes")
    done(live)
    assert live.model.header["version"] == commit.id
    table = project.read("liver", version=commit.id)
    trained = train_pixels([(viewer.slide, table)], ["core", "glass"], 2.0, **SMALL)
    image = viewer.slide.read(0, 0, 256, 192, downsample=4)
    np.testing.assert_array_equal(live.model.predict_proba(image), trained.predict_proba(image))


def test_only_what_is_new_is_read(viewer, monkeypatch):
    viewer.drawn = strokes(GLASS, label="glass")
    viewer.layer.view = [0.0, 0.0, 200.0, 200.0]
    live = done(viewer.live(["tumor", "glass"], 1.0, **SMALL))
    first, reads = live.model, []
    read = viewer.slide.read

    def counting(x, y, width, height, **options):
        reads.append((x, y, width, height))
        return read(x, y, width, height, **options)

    monkeypatch.setattr(viewer.slide, "read", counting)
    viewer.drawn = strokes(GLASS, shapely.LineString([(20, 700), (60, 740)]), label="glass")
    done(live)
    assert live.model is not first
    ((_, y, _, _),) = reads
    assert y > 450


def test_a_move_of_the_view_predicts_there_without_learning_anew(viewer, sent):
    viewer.drawn = strokes(GLASS, label="glass")
    viewer.layer.view = [0.0, 0.0, 400.0, 300.0]
    live = done(viewer.live(["tumor", "glass"], 2.0, **SMALL))
    model, n = live.model, len(sent)
    viewer.layer.view = [400.0, 300.0, 800.0, 600.0]
    done(live)
    assert live.model is model
    assert {tuple(content["box"][:2]) for content, _ in sent[n:]} == {(384.0, 288.0)}


def test_labels_without_strokes_wait_until_they_have_some(viewer):
    live = done(viewer.live(["tumor", "fat", "glass"], 2.0, **SMALL))
    assert live.state == "draw strokes of 'fat' and 'glass' as well"
    viewer.drawn = strokes(GLASS, label="glass")
    done(live)
    assert live.model.header["labels"] == ["tumor", "glass"]
    assert live.state.endswith("(none of 'fat' yet)")


def test_strokes_that_are_taken_back_take_the_predictions_along(viewer, sent):
    viewer.drawn = strokes(GLASS, label="glass")
    live = done(viewer.live(["tumor", "glass"], 2.0, **SMALL))
    viewer.drawn = wsinb.new_annotations([])
    done(live)
    assert live.model is None
    assert sent[-1][1] == []


def test_strokes_that_cover_all_others_are_explained(viewer):
    viewer.drawn = strokes(shapely.box(0, 0, *SIZE), label="glass")
    live = done(viewer.live(["glass", "tumor"], 2.0, **SMALL))
    assert "cover all others" in live.error
    assert live.error in repr(live)
    viewer.drawn = strokes(GLASS, label="glass")
    assert done(live).error == ""


def test_paused_it_does_nothing_and_then_catches_up(viewer, sent):
    viewer.drawn = strokes(GLASS, label="glass")
    live = done(viewer.live(["tumor", "glass"], 2.0, **SMALL))
    live.paused = True
    done(live)
    model, n = live.model, len(sent)
    viewer.drawn = strokes(GLASS, shapely.Point(1000, 700), label="glass")
    done(live)
    assert (live.model, len(sent)) == (model, n)
    assert viewer.layer.live["paused"]
    live.paused = False
    assert done(live).model is not model
    assert len(sent) > n


def test_a_browser_pauses_it_and_says_when_it_has_painted(viewer, sent):
    viewer.drawn = strokes(GLASS, label="glass")
    live = done(viewer.live(["tumor", "glass"], 2.0, **SMALL))
    for content, _ in list(sent):
        told = {"event": "live", "id": live.id, "what": "painted", "number": content["number"]}
        viewer.layer._handle_custom_msg(told, [])
    assert 0 < live.timings.predict <= live.timings.shown <= live.timings.complete
    hear = viewer.layer._handle_custom_msg
    hear({"event": "live", "id": "another", "what": "paused", "paused": True}, [])
    assert not live.paused
    hear({"event": "live", "id": live.id, "what": "paused", "paused": True}, [])
    assert live.paused
    for bad in ("yes", None, 1):
        hear({"event": "live", "id": live.id, "what": "paused", "paused": bad}, [])
        hear({"event": "live", "id": live.id, "what": "painted", "number": bad}, [])
    assert live.paused


def test_it_has_a_row_among_the_overlays_whose_removal_pauses_it(viewer):
    viewer.overlays = [{"name": "live", "source": {"live": "of somebody else"}}]
    live = viewer.live(["tumor", "glass"], 2.0, **SMALL)
    assert [overlay["name"] for overlay in viewer.overlays] == ["live", "live (2)"]
    viewer.remove_overlay("live (2)")
    assert live.paused
    live.paused = False
    assert len(viewer.overlays) == 2
    live.stop()
    assert [overlay["name"] for overlay in viewer.overlays] == ["live"]


def test_stopped_it_lets_go_of_everything_and_another_begins(viewer, sent):
    viewer.drawn = strokes(GLASS, label="glass")
    live = done(viewer.live(["tumor", "glass"], 2.0, **SMALL))
    before = at_work()
    other = done(viewer.live(["tumor", "glass"], 4.0, **SMALL))
    assert (live.stopped, other.stopped) == (True, False)
    assert at_work() == before
    assert live.model is not None
    assert "stopped" in repr(live)
    assert viewer.layer.live["id"] == other.id
    n = len(sent)
    viewer.close()
    assert other.stopped
    live.stop()
    viewer.layer.view = [0.0, 0.0, 9.0, 9.0]
    assert len(sent) == n
    assert at_work() == before - 1


def test_two_viewers_are_live_at_once(project):
    viewers = [project.view("liver") for _ in range(2)]
    lives = [
        viewer.live(["tumor", "glass"], um, **SMALL) for viewer, um in zip(viewers, (2.0, 4.0), strict=True)
    ]
    for viewer in viewers:
        viewer.drawn = strokes(GLASS, label="glass")
    assert [done(live).model.header["um_per_px"] for live in lives] == [2.0, 4.0]
    for viewer in viewers:
        viewer.close()


def test_a_saved_model_names_the_version_that_has_its_strokes(viewer, project):
    live = viewer.live(["tumor", "glass"], 2.0, **SMALL)
    with pytest.raises(InvalidInput, match="no model yet: draw strokes of 'glass' as well"):
        live.save("glass")
    viewer.drawn = strokes(GLASS, label="glass")
    with pytest.raises(InvalidInput, match="unsaved strokes"):
        live.save("glass")
    commit = viewer.save("glass")
    entry = live.save("glass")
    assert entry.commit == commit.id
    assert project.models["glass"].header["version"] == commit.id
    assert project.models["glass"].load().header["labels"] == ["tumor", "glass"]


def test_a_file_without_a_project_learns_from_what_is_drawn(slide_path):
    viewer = SlideViewer(slide=slide_path)
    live = done(viewer.live(["tumor", "glass"], **SMALL))
    assert live.state == "draw strokes of 'tumor' and 'glass' to begin"
    viewer.drawn = wsinb.new_annotations([across(0), GLASS], label=["tumor", "glass"])
    assert done(live).model.header["um_per_px"] == 1.0
    with pytest.raises(InvalidInput, match=r"live.model.save\(path\)"):
        live.save("glass")
    viewer.close()


def test_a_slide_of_unknown_pixel_size_is_seen_as_stored_or_coarser(tmp_path):
    viewer = SlideViewer(slide=synthetic_slide(tmp_path / "plain.tif", SIZE, None))
    viewer.drawn = wsinb.new_annotations([across(0), GLASS], label=["tumor", "glass"])
    with pytest.raises(UnknownMpp):
        viewer.live(["tumor", "glass"], 2.0)
    for downsample in (None, 4):
        live = done(viewer.live(["tumor", "glass"], downsample=downsample, **SMALL))
        assert live.model.header["downsample"] == (downsample or 1.0)
    viewer.close()


BAD = {
    "one label": ({"labels": ["tumor"]}, "'tumor' alone can be told from nothing"),
    "NaN": ({"um_per_px": float("nan")}, "um_per_px must be"),
    "two resolutions": ({"downsample": 2}, "not both"),
    "stages": ({"stages": 2}, "one stage: train further stages by train_pixels"),
    "a width": ({"stroke_width": 0}, "stroke_width"),
    "a parameter": ({"n_trees": -1}, "n_trees"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_nothing_is_left_behind(viewer, case):
    options, text = BAD[case]
    n = at_work()
    with pytest.raises(InvalidInput, match=text):
        viewer.live(**{"labels": ["tumor", "glass"], "um_per_px": 2.0, **options})
    assert at_work() == n
    assert viewer.layer.live == {}
    assert viewer.overlays == []


def test_a_field_is_bounded_however_much_is_in_view(viewer):
    plan = done(viewer.live(["tumor", "glass"], 0.5, **SMALL))._plan
    wide = plan.__class__(plan.slide, 1.0, 100_000, 80_000, None, [])
    near, far = field_of((0, 0, 900, 800), wide), field_of((-9e5, -9e5, 9e5, 9e5), wide)
    assert (near.step, near.whole) == (1, True)
    assert near.shape(1) == (800, 904)
    assert (far.step, far.whole) == (2, False)
    assert np.prod(far.shape(2)) <= 1.02e6
    assert ((far.x0 + far.x1) // 2, (far.y0 + far.y1) // 2) == pytest.approx((50_000, 40_000), abs=8)
    assert field_of((200_000, 0, 300_000, 10), wide) is None
    covered = np.zeros(near.shape(1), int)
    for core in near.cores():
        covered[core.y0 : core.y1, core.x0 : core.x1] += 1
    assert (covered == 1).all()


def test_kept_features_are_bounded(viewer, monkeypatch):
    live = done(viewer.live(["tumor", "glass"], 0.5, **SMALL))
    plan, template = live._plan, live._learner._known._model
    monkeypatch.setattr("wsinb.view.live.field.MAX_BYTES", 12 * 2**20)
    viewer.drawn = strokes(GLASS, label="glass")
    model = done(live).model
    features = FieldFeatures(template, plan)
    for x in range(0, 800, 100):
        features.predict(model, field_of((x, 0, x + 200, 300), plan), 1, [0, 1])
        assert features.nbytes <= 12 * 2**20
    assert features.nbytes > 6 * 2**20
    known = KnownPixels(template, plan, [0, 1], 5.0)
    whole = np.array([shapely.box(0, 0, *SIZE)], object)
    found = known.update(Drawn([whole, whole[:0]], [np.zeros(1, bool), np.zeros(0, bool)], None))
    assert len(found) <= MAX_SQUARES
    assert {int((classes == 0).sum()) for _, classes in found} == {MAX_PIXELS}
    assert known.nbytes == sum(rows.rows.nbytes for rows, _ in found)


def test_of_many_squares_those_with_unsaved_strokes_are_learned_from(viewer, monkeypatch):
    live = done(viewer.live(["tumor", "glass"], 0.5, **SMALL))
    monkeypatch.setattr("wsinb.view.live.known.MAX_SQUARES", 3)
    known = KnownPixels(live._learner._known._model, live._plan, [0, 1], 5.0)
    points = np.array([shapely.Point(x, y) for x in range(30, 1000, 256) for y in (30, 300, 600)], object)
    fresh = np.zeros(len(points), bool)
    fresh[[0, 7]] = True
    for _ in range(2):
        found = known.update(Drawn([points, points[:0]], [fresh, fresh[:0]], None))
        assert len(found) == 3
    chosen = known._kept
    assert {(0, 0), (1, 2)} <= set(chosen)


def test_what_is_asked_for_meanwhile_is_done_once_and_last():
    done_, started, go = [], threading.Event(), threading.Event()

    def work(wanted):
        started.set()
        go.wait(WAIT_S)
        newest.check("a")
        done_.append(set(wanted))

    newest = Newest(work, pytest.fail)
    newest.ask("a")
    started.wait(WAIT_S)
    for thing in "bab":
        newest.ask(thing)
    go.set()
    assert newest.wait(WAIT_S)
    assert done_ == [{"a", "b"}], "the first was overtaken by a newer one of its kind"
    newest.stop()
    newest.ask("a")
    assert newest.wait(WAIT_S)
    assert len(done_) == 1


def test_what_fails_is_told_and_the_next_is_done():
    failures = []

    def work(wanted):
        if "bad" in wanted:
            raise ValueError("no")

    newest = Newest(work, failures.append)
    newest.ask("bad")
    assert newest.wait(WAIT_S)
    newest.ask("good")
    assert newest.wait(WAIT_S)
    newest.stop()
    assert [str(error) for error in failures] == ["no"]


def test_live_words_are_checked(viewer):
    for bad in ({"id": 1}, {"id": "x", "paused": "yes", "state": "", "error": ""}):
        with pytest.raises(TraitError, match="live"):
            viewer.layer.live = bad


def test_a_call_returns_at_once_while_it_works(viewer, monkeypatch):
    go = threading.Event()
    read = viewer.slide.read
    monkeypatch.setattr(viewer.slide, "read", lambda *a, **k: (go.wait(WAIT_S), read(*a, **k))[1])
    viewer.drawn = strokes(GLASS, label="glass")
    live = viewer.live(["tumor", "glass"], 2.0, **SMALL)
    for x in range(20):
        viewer.layer.view = [float(x), 0.0, 500.0, 500.0]
    assert not live.wait(0)
    go.set()
    done(live)
    assert live.model is not None


def test_a_still_picture_is_drawn_while_it_is_live(viewer):
    viewer.drawn = strokes(GLASS, label="glass")
    done(viewer.live(["tumor", "glass"], 2.0, **SMALL))
    assert viewer.picture().startswith(b"\x89PNG")
