"""The confusion matrix from Python: what it shows, what a browser may ask, edits and their commit."""

from __future__ import annotations

import io
import json
import re
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from traitlets import TraitError

import wsinb
from wsinb.annotate.verdicts import verdict
from wsinb.errors import (
    Conflict,
    InvalidInput,
    UnknownAnnotation,
    UnknownLabel,
    UnknownSlide,
    UnknownVersion,
)
from wsinb.trees.classify import Validation
from wsinb.trees.cropping import crops
from wsinb.view import ConfusionMatrix
from wsinb.view.bundle import VIEW_MIME
from wsinb.view.confusion.asked import MAX_PATCHES
from wsinb.view.confusion.traits import ConfusionTraits

STROMA = [0.1, 0.7, 0.9, 0.2]
WIDGETS = Path(__file__).parents[2] / "widgets" / "src" / "confusion"


def validation_of(rows, stroma=STROMA, ids=None):
    """A validation of two classes, of which the probability of one is given."""
    table = pd.DataFrame({"id": list(rows.id) if ids is None else ids, "slide": "liver", "fold": 0})
    table["label"] = list(rows.label)
    table["predicted"] = ["stroma" if p > 0.5 else "tumor" for p in stroma]
    table["p(stroma)"], table["p(tumor)"] = stroma, [1 - p for p in stroma]
    return Validation(table, ("stroma", "tumor"), True)


@pytest.fixture
def labelled(project):
    project.labels.add([wsinb.Label("stroma", color="#3377cc", key="s"), wsinb.Label("vessel")])
    return project


@pytest.fixture
def ids(labelled):
    return labelled.read("liver").id.to_list()


@pytest.fixture
def matrix(labelled, ids):
    matrix = labelled.confusion(validation_of(labelled.read("liver")))
    yield matrix
    matrix.close()


class Page:
    """The browser's side of a matrix: what it says, and what it has heard."""

    def __init__(self, matrix, monkeypatch):
        self.matrix = matrix
        self.heard = []
        self.came = threading.Condition()
        monkeypatch.setattr(matrix, "send", self._hear)

    def say(self, **content):
        self.matrix._handle_custom_msg(content, [])

    def set(self, **state):
        self.matrix.set_state(state)

    def wait_for(self, n):
        with self.came:
            assert self.came.wait_for(lambda: len(self.heard) >= n, timeout=60)

    def _hear(self, content, buffers=None):
        json.dumps(content)
        with self.came:
            self.heard.append((content, buffers))
            self.came.notify_all()


@pytest.fixture
def page(matrix, monkeypatch):
    return Page(matrix, monkeypatch)


def test_the_twins_share_their_traits():
    told = re.search(r"interface ConfusionState \{(.*?)\n\}", (WIDGETS / "model.ts").read_text(), re.DOTALL)
    in_browser = set(re.findall(r"^  (\w+): ", told.group(1), re.MULTILINE))
    own = set(ConfusionTraits.class_own_traits(sync=True))
    assert in_browser == {name for name in own if not name.startswith("_")}


def test_it_counts_labels_in_rows_and_predictions_in_columns(matrix):
    assert (matrix.names, matrix.classes) == (["stroma", "tumor"], ["stroma", "tumor"])
    assert matrix.counts == [[0, 0], [2, 2]]
    assert [label["name"] for label in matrix.labels] == ["stroma", "tumor", "vessel"]
    assert matrix.can_edit
    assert matrix.note == ""


def test_a_cell_is_in_the_order_of_how_surely_it_is_wrong(matrix, ids):
    assert matrix.ids("tumor", "stroma") == [ids[2], ids[1]]
    # what is right follows, the least sure first
    assert matrix.ids("tumor") == [ids[2], ids[1], ids[3], ids[0]]
    assert matrix.ids(predicted="tumor") == [ids[3], ids[0]]
    with pytest.raises(UnknownLabel, match="tumor"):
        matrix.ids("tumour")


def test_relabelling_moves_the_count_and_can_be_undone(matrix, ids):
    matrix.relabel(ids[2], "stroma")
    assert matrix.counts == [[1, 0], [1, 2]]
    (change,) = matrix.changes.itertuples()
    assert (change.id, change.was, change.label, change.predicted) == (ids[2], "tumor", "stroma", "stroma")
    assert not change.confirmed
    assert ids[2] in matrix.ids("tumor", "stroma"), "it stays where it was seen until it is saved"
    assert ids[2] in matrix.ids("stroma", "stroma")
    matrix.confirm(ids[:2])
    matrix.undo()
    assert len(matrix.changes) == 1
    matrix.undo()
    assert (len(matrix.changes), matrix.counts, matrix.can_undo) == (0, [[0, 0], [2, 2]], False)
    matrix.undo()


def test_the_label_that_is_stored_takes_a_change_back(matrix, ids):
    matrix.relabel(ids[:2], "stroma")
    matrix.relabel(ids[0], "tumor")
    assert matrix.changes.id.to_list() == [ids[1]]
    matrix.undo()
    assert len(matrix.changes) == 2


def test_a_label_that_is_no_class_has_a_row_of_its_own(matrix, ids):
    matrix.relabel(ids[0], "vessel")
    assert matrix.names == ["stroma", "tumor", "vessel"]
    assert matrix.counts == [[0, 0], [2, 1], [0, 1]]
    assert matrix.ids("vessel") == [ids[0]]


def test_saving_commits_labels_and_verifications(labelled, matrix, ids):
    matrix.selection = [ids[2]]
    matrix.relabel(matrix.selection, "stroma")
    matrix.confirm([ids[0], ids[2]])
    commit = matrix.save("put right", author="ann")
    assert (commit.message, commit.author, matrix.saved) == ("put right", "ann", commit.id)
    rows = labelled.read("liver").set_index("id").loc[ids]
    assert rows.label.to_list() == ["tumor", "tumor", "stroma", "tumor"]
    assert [verdict(text) for text in rows.verifications.fillna("")] == [
        *("confirmed", "unverified", "confirmed", "unverified")
    ]
    assert json.loads(rows.verifications.iloc[0])[0]["by"] == "ann"
    assert commit.changes["liver"] == {"added": 0, "updated": 2, "deleted": 0}
    assert (len(matrix.changes), matrix.selection, matrix.can_undo) == (0, [], False)
    assert matrix.ids("tumor", "stroma") == [ids[1]]
    assert matrix.validation.accuracy == 0.75
    # and on from there
    matrix.relabel(ids[2], "tumor")
    matrix.save("taken back")
    assert set(labelled.read("liver").label) == {"tumor"}


def test_a_second_word_of_somebody_is_added_to_the_first(labelled, ids):
    rows = labelled.read("liver").iloc[[0]]
    session = labelled.session(author="eve")
    session["liver"].upsert(rows.assign(verifications='[{"by": "ann", "ok": false}]'))
    session.commit("no")
    matrix = labelled.confusion(validation_of(labelled.read("liver")))
    matrix.confirm(rows.id.iloc[0])
    matrix.save("yes", author="ann")
    (text,) = labelled.read("liver").verifications.dropna()
    assert [entry["ok"] for entry in json.loads(text)] == [False, True]
    assert verdict(text) == "confirmed"


def test_somebody_elses_change_is_a_conflict_that_can_be_resolved(labelled, matrix, ids):
    session = labelled.session(author="eve")
    rows = labelled.read("liver").set_index("id").loc[ids[:2]].reset_index()
    session["liver"].upsert(rows.assign(label="vessel"))
    theirs = session.commit("vessels")
    matrix.relabel([ids[0], ids[2]], "stroma")
    with pytest.raises(Conflict, match=r"by eve\).*changes are kept here: resolve it by 'ours'") as caught:
        matrix.save("put right")
    assert caught.value.ids == {"liver": [ids[0]]}
    assert labelled.head() == theirs.id
    assert len(matrix.changes) == 2
    matrix.save("put right", resolve="ours")
    stored = labelled.read("liver").set_index("id").loc[ids].label.to_list()
    assert stored == ["stroma", "vessel", "stroma", "tumor"]
    # what others did meanwhile is seen, too
    assert matrix.validation.table.label.to_list() == stored


def test_what_was_deleted_meanwhile_is_a_conflict(labelled, matrix, ids):
    session = labelled.session()
    session["liver"].delete(ids[0])
    session.commit("gone")
    matrix.relabel(ids[0], "stroma")
    with pytest.raises(Conflict):
        matrix.save("put right")


def test_a_slide_that_was_removed_meanwhile_cannot_be_resolved(labelled, page, matrix, ids):
    page.say(event="relabel", ids=[ids[0]], label="stroma")
    labelled.slides.remove("liver")
    page.say(event="save", message="put right", resolve=None)
    assert "'liver' was removed" in matrix.error
    assert not matrix.conflict
    assert len(matrix.changes) == 1


def test_what_the_version_lacks_is_told(labelled, ids):
    rows = labelled.read("liver")
    session = labelled.session()
    session["liver"].delete(ids[0])
    session.commit("gone")
    matrix = labelled.confusion(validation_of(rows))
    with pytest.raises(UnknownAnnotation, match=ids[0]):
        matrix.place(0)
    matrix.relabel(ids[0], "stroma")
    with pytest.raises(UnknownAnnotation, match=ids[0]):
        matrix.save("put right")
    matrix.undo()
    matrix.relabel(ids[1], "stroma")
    matrix.save("put right")


def test_edits_are_on_the_version_of_the_crops(labelled, ids):
    pictures = crops(labelled, size=32)
    session = labelled.session(author="eve")
    session["liver"].upsert(labelled.read("liver").iloc[[0]].assign(label="vessel"))
    session.commit("a vessel")
    order = pictures.table.id.to_list()
    rows = labelled.read("liver", pictures.version).set_index("id").loc[order].reset_index()
    matrix = labelled.confusion(validation_of(rows), pictures)
    assert matrix.base == pictures.version
    matrix.relabel(ids[0], "stroma")
    with pytest.raises(Conflict):
        matrix.save("put right")


def test_bad_words_from_python_change_nothing(labelled, matrix, ids):
    with pytest.raises(UnknownLabel, match="did you mean 'stroma'"):
        matrix.relabel(ids[0], "stromma")
    with pytest.raises(UnknownAnnotation, match="nobody"):
        matrix.relabel([ids[0], "nobody"], "stroma")
    with pytest.raises(InvalidInput, match="nothing to save"):
        matrix.save("nothing")
    matrix.confirm(ids[0])
    with pytest.raises(InvalidInput, match="message"):
        matrix.save(" ")
    assert len(matrix.changes) == 1
    for trait, value in (("selection", ["nobody"]), ("shown", {"label": "x", "predicted": None})):
        with pytest.raises(TraitError):
            setattr(matrix, trait, value)
    matrix.discard()
    assert not len(matrix.changes)


def test_what_is_no_validation_of_this_project_is_refused(labelled, tmp_path):
    rows = labelled.read("liver")
    with pytest.raises(InvalidInput, match="Validation"):
        labelled.confusion(rows)
    with pytest.raises(InvalidInput, match="no picture"):
        labelled.confusion(Validation(validation_of(rows).table.iloc[:0], ("stroma", "tumor"), True))
    with pytest.raises(UnknownSlide, match="liver"):
        ConfusionMatrix(validation_of(rows), wsinb.create_project(tmp_path / "other"))
    with pytest.raises(UnknownVersion):
        labelled.confusion(validation_of(rows), branch="elsewhere")
    other = wsinb.create_project(tmp_path / "third")
    with pytest.raises((UnknownVersion, UnknownSlide)):
        other.confusion(validation_of(rows), crops(labelled, size=32))
    with pytest.raises(InvalidInput, match="4 pictures were validated, but 1"):
        labelled.confusion(validation_of(rows), [np.zeros((8, 8, 3), np.uint8)])


def test_a_page_reads_a_cell_in_parts(page, ids):
    page.set(shown={"label": "tumor", "predicted": None})
    page.say(event="rows", asked="a", label="tumor", predicted=None, start=1, count=2)
    (told,) = [content for content, _ in page.heard]
    assert (told["asked"], told["total"], told["start"]) == ("a", 4, 1)
    assert [row["id"] for row in told["rows"]] == [ids[1], ids[3]]
    assert told["rows"][0] == {
        **{"row": 1, "id": ids[1], "slide": "liver", "label": "tumor", "predicted": "stroma"},
        **{"sure": pytest.approx(0.7), "own": pytest.approx(0.3)},
    }


def test_patches_come_as_jpeg_one_by_one(page):
    page.say(event="patches", page="p", rows=[2, 0], side=64)
    page.wait_for(2)
    assert [content["row"] for content, _ in page.heard] == [2, 0]
    for content, (jpeg,) in page.heard:
        assert content["event"] == "patch"
        assert (content["page"], content["why"]) == ("p", "")
        assert Image.open(io.BytesIO(jpeg)).size == (64, 64)


def test_a_patch_shows_its_annotation(labelled, page):
    page.say(event="patches", page="p", rows=[0], side=100)
    page.wait_for(1)
    patch = np.asarray(Image.open(io.BytesIO(page.heard[0][1][0])).convert("RGB")).astype(float)
    xmin, ymin, xmax, ymax = labelled.read("liver").geometry.iloc[0].bounds
    side = max(xmax - xmin, ymax - ymin) * 1.5
    corner = (xmin + xmax - side) / 2, (ymin + ymax - side) / 2
    seen = labelled.slides.open("liver").read(*corner, 100, 100, downsample=side / 100)
    assert np.abs(patch - seen).mean() < 6


def test_patches_are_the_crops_that_were_validated(labelled, monkeypatch):
    pictures = crops(labelled, size=24)
    order = pictures.table.id.to_list()
    rows = labelled.read("liver").set_index("id").loc[order].reset_index()
    matrix = labelled.confusion(validation_of(rows), pictures[::-1])
    page = Page(matrix, monkeypatch)
    page.say(event="patches", page="p", rows=[1], side=128)
    page.wait_for(1)
    patch = np.asarray(Image.open(io.BytesIO(page.heard[0][1][0])))
    assert patch.shape == (24, 24, 3), "never larger than it is"
    assert np.abs(patch.astype(float) - pictures[1]).mean() < 6


def test_pictures_of_no_annotations_are_shown_but_not_relabelled(labelled, monkeypatch):
    rows = labelled.read("liver")
    images = [np.full((200, 100, 3), 60 * n, np.uint8) for n in range(3)] + [np.zeros(3)]
    matrix = labelled.confusion(validation_of(rows, ids=list("0123")), images)
    assert matrix.counts == [[0, 0], [2, 2]]
    assert (matrix.can_edit, matrix.has_patches) == (False, True)
    assert "nothing to relabel" in matrix.note
    page = Page(matrix, monkeypatch)
    page.say(event="patches", page="p", rows=[1, 3], side=50)
    page.wait_for(2)
    assert Image.open(io.BytesIO(page.heard[0][1][0])).size == (25, 50)
    assert page.heard[1][1] is None
    assert "picture 3" in page.heard[1][0]["why"]
    page.say(event="relabel", ids=["1"], label="stroma")
    assert "nothing to relabel" in matrix.error
    page.say(event="look", row=1, tab=True, asked="x")
    assert "no annotation" in matrix.error
    assert not labelled.confusion(validation_of(rows, ids=list("0123"))).has_patches


def test_a_missing_file_is_told_in_place_of_the_patch(labelled, slide_path, page):
    slide_path.unlink()
    page.say(event="patches", page="p", rows=[0], side=64)
    page.wait_for(1)
    content, buffers = page.heard[0]
    assert buffers is None
    assert "liver" in content["why"]


def test_points_and_labels_of_the_whole_image_have_patches(labelled, monkeypatch):
    session = labelled.session()
    session["liver"].delete(labelled.read("liver").id)
    session["liver"].upsert(wsinb.new_annotations([shapely.Point(500, 300)], label="tumor"))
    session["liver"].upsert(wsinb.new_annotations([None], shape="image", label="tumor"))
    session.commit("others")
    rows = labelled.read("liver")
    matrix = labelled.confusion(validation_of(rows, STROMA[:2]))
    page = Page(matrix, monkeypatch)
    page.say(event="patches", page="p", rows=[0, 1], side=64)
    page.wait_for(2)
    assert all(Image.open(io.BytesIO(jpeg)).size == (64, 64) for _, (jpeg,) in page.heard)
    whole = rows.geometry.isna().to_numpy().nonzero()[0][0]
    assert matrix.place(int(whole))["box"] == [0, 0, 1024, 768]


def test_a_page_edits_and_saves(labelled, page, matrix, ids):
    page.say(event="relabel", ids=[ids[2]], label="stroma")
    page.say(event="confirm", ids=[ids[0]])
    page.say(event="confirm", ids=[ids[1]])
    page.say(event="undo")
    assert matrix.edits == [
        {"id": ids[2], "label": "stroma", "ok": False},
        {"id": ids[0], "label": None, "ok": True},
    ]
    page.say(event="save", message="", resolve=None)
    assert matrix.saved == labelled.head()
    assert labelled.log()[0].message == "1 relabelled, 1 confirmed in a confusion matrix"


def test_a_page_is_told_of_a_conflict_and_resolves_it(labelled, page, matrix, ids):
    session = labelled.session(author="eve")
    session["liver"].upsert(labelled.read("liver").iloc[[2]].assign(label="vessel"))
    session.commit("a vessel")
    page.say(event="relabel", ids=[ids[2]], label="stroma")
    page.say(event="save", message="mine", resolve=None)
    assert matrix.conflict
    assert matrix.error
    assert page.heard[-1][0] == {"event": "failed"}
    page.set(error="")
    assert not matrix.conflict
    page.say(event="save", message="mine", resolve="theirs")
    assert (matrix.error, matrix.conflict) == ("", False)


def test_a_page_looks_at_the_slide_in_a_tab_or_below(labelled, page, matrix, ids):
    page.say(event="look", row=2, tab=True, asked="q")
    told = page.heard[-1][0]
    box = labelled.read("liver").geometry.iloc[2].bounds
    assert told["asked"] == "q"
    assert told["place"] == {
        **{"project": str(labelled.path), "branch": "main", "slide": "liver"},
        **{"annotation": ids[2], "box": list(box)},
    }
    page.say(event="look", row=2)
    viewer = matrix.viewer
    assert viewer.selection == [ids[2]]
    page.say(event="look", row=1)
    assert matrix.viewer is viewer, "one viewer for one slide"
    assert viewer.selection == [ids[1]]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"event": "open"},
        {"event": ["rows"]},
        {"event": "rows", "asked": "a", "label": "nobody", "predicted": None, "start": 0, "count": 5},
        {"event": "rows", "asked": "a", "label": None, "predicted": None, "start": -1, "count": 5},
        {"event": "rows", "asked": "a", "label": None, "predicted": None, "start": 0, "count": 10**9},
        {"event": "rows", "asked": 1, "label": 3, "predicted": {}, "start": 0, "count": 1},
        {"event": "patches", "page": "p", "rows": [4], "side": 64},
        {"event": "patches", "page": "p", "rows": [True], "side": 64},
        {"event": "patches", "page": "p", "rows": [0] * (MAX_PATCHES + 1), "side": 64},
        {"event": "patches", "page": "p", "rows": [0], "side": 100_000},
        {"event": "patches", "page": "", "rows": [0], "side": 64},
        {"event": "relabel", "ids": "all", "label": "stroma"},
        {"event": "relabel", "ids": [None], "label": "stroma"},
        {"event": "relabel", "ids": ["x"], "label": "stroma"},
        {"event": "relabel", "ids": [], "label": None},
        {"event": "save", "message": "x", "resolve": "mine"},
        {"event": "save", "message": {"a": 1}, "resolve": None},
        {"event": "look", "row": 4},
        {"event": "look", "row": "0", "tab": True},
        {"event": "look", "row": 0, "tab": True},
    ],
)
def test_a_message_of_another_form_is_told_and_changes_nothing(labelled, page, matrix, content):
    head = labelled.head()
    page.say(**content)
    assert matrix.error
    assert [told for told, _ in page.heard] == [{"event": "failed"}]
    assert not len(matrix.changes)
    assert labelled.head() == head


def test_a_page_sets_only_what_is_its_own(page, matrix, ids):
    page.set(counts=[[9]], edits=[{"id": ids[0]}], saved="x", can_edit=False, percent=True, selection=ids[:1])
    assert matrix.counts == [[0, 0], [2, 2]]
    assert (matrix.edits, matrix.saved, matrix.can_edit) == ([], None, True)
    assert (matrix.percent, matrix.selection) == (True, ids[:1])
    assert not len(matrix.changes)


def test_a_new_order_of_a_page_takes_the_place_of_the_old_one(labelled, ids, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    class Slow(list):
        def __getitem__(self, at):
            begun.set()
            assert go_on.wait(60)
            return super().__getitem__(at)

    images = Slow([np.zeros((8, 8, 3), np.uint8)] * 4)
    matrix = labelled.confusion(validation_of(labelled.read("liver")), images)
    page = Page(matrix, monkeypatch)
    page.say(event="patches", page="p", rows=[0, 1, 2], side=64)
    assert begun.wait(60)
    # the kernel is free while a picture is read, and what is not seen any more is not read
    page.say(event="patches", page="p", rows=[3], side=64)
    go_on.set()
    page.wait_for(2)
    assert [content["row"] for content, _ in page.heard] == [0, 3]


def test_it_is_a_table_where_there_is_no_browser(matrix, ids):
    bundle = matrix._repr_mimebundle_()
    assert bundle[VIEW_MIME] == {"model_id": matrix.model_id}
    assert "<table>" in bundle["text/html"]
    assert bundle["text/plain"] == repr(matrix)
    assert "4 pictures" in repr(matrix)
    matrix.relabel(ids[0], "stroma")
    assert "1 change not saved" in repr(matrix)


def test_fifty_classes_and_thousands_of_pictures(labelled):
    names = [f"class {n:02}" for n in range(50)]
    own = np.arange(20_000) % 50
    said = np.where(np.arange(20_000) % 7 == 0, (own + 1) % 50, own)
    proba = np.full((20_000, 50), 0.01)
    proba[np.arange(20_000), said] = 0.51
    table = pd.DataFrame({"id": "", "slide": "", "fold": 0}, index=range(20_000))
    table["label"], table["predicted"] = [names[n] for n in own], [names[n] for n in said]
    table[[f"p({name})" for name in names]] = proba
    matrix = labelled.confusion(Validation(table, tuple(names), True))
    assert np.sum(matrix.counts) == 20_000
    assert np.trace(matrix.counts) == (own == said).sum()
