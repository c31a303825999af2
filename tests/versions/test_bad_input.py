"""What a person may get wrong is refused in one sentence, before anything is done."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import InvalidInput, SlideNotFound, WsinbError
from wsinb.project import create_project, find_project, open_project
from wsinb.testing.entries import add_slides

IDS = [str(uuid.UUID(int=number)) for number in range(1, 4)]


@pytest.fixture
def project(tmp_path):
    """A project with three squares on one slide, of which a later commit moved the first."""
    made = create_project(tmp_path / "study", author="ann")
    made.labels.add([Label("tumor")])
    add_slides(made, "one")
    session = made.session(author="ann")
    rows = new_annotations([shapely.box(20 * i, 0, 20 * i + 8, 8) for i in range(3)], label="tumor")
    session["one"].upsert(rows.assign(id=IDS))
    session.commit("squares")
    made.tag("v1")
    first = session["one"].read().set_index("id", drop=False).loc[[IDS[0]]].reset_index(drop=True)
    session["one"].upsert(first.assign(geometry=first.geometry.translate(1, 1)))
    session.commit("moved")
    return made


NO_LISTS = [None, 5, True, 0.5, b"one", object()]


@pytest.mark.parametrize("given", NO_LISTS[1:], ids=repr)
@pytest.mark.parametrize(
    "ask",
    [
        lambda project, given: project.diff("v1", slides=given),
        lambda project, given: project.compact(given),
        lambda project, given: project.export("main", project.path / "out", slides=given),
        lambda project, given: project.duckdb(slides=given),
        lambda project, given: project.dask(slides=given),
        lambda project, given: project.diff("v1").filter(slides=given),
        lambda project, given: project.diff("v1").filter(kinds=given),
        lambda project, given: project.diff("v1").filter(ids=given),
        lambda project, given: project.diff("v1").filter(labels=given),
        lambda project, given: project.diff("v1").filter(layers=given),
    ],
)
def test_what_is_no_list_of_names_is_refused(project, ask, given):
    with pytest.raises(InvalidInput, match="a text or a list of texts, not"):
        ask(project, given)


@pytest.mark.parametrize("given", NO_LISTS, ids=repr)
@pytest.mark.parametrize(
    "ask",
    [
        lambda project, given: project.restore("one", given, "v1"),
        lambda project, given: project.session()["one"].restore(given, "v1"),
        lambda project, given: project.session()["one"].delete(given),
    ],
)
def test_what_is_no_list_of_ids_is_refused(project, ask, given):
    with pytest.raises(InvalidInput, match="a text or a list of texts, not"):
        ask(project, given)
    assert project.recover() == []


def test_one_slide_may_be_given_by_its_name_everywhere(project):
    assert [path.name for path in project.export("main", project.path / "out", slides="one")] == [
        "one.parquet",
        "version.json",
    ]
    assert project.duckdb(slides="one").sql("select count(*) from annotations").fetchall() == [(3,)]
    assert len(project.dask(slides="one").compute()) == 3
    assert len(project.diff("v1", slides="one").filter(slides="one", labels="tumor")) == 1


def test_a_condition_is_a_function(project):
    with pytest.raises(InvalidInput, match="`where` is a function of a change, not 'moved'"):
        project.diff("v1").filter(where="moved")


def test_numbers_too_large_for_a_box_are_refused(project):
    with pytest.raises(InvalidInput, match="A box is four numbers"):
        project.read("one", bbox=(0, 0, 10**400, 1))


def test_any_period_of_grace_can_be_subtracted(project):
    assert project.gc(timedelta.max).removed == {}


@pytest.mark.parametrize("artifacts", [5, "report.csv", ["report.csv"]])
def test_artifacts_are_named(project, artifacts):
    session = project.session()
    session["one"].delete(IDS[0])
    with pytest.raises(InvalidInput, match="a dict of names and bytes or paths, not"):
        session.commit("with files", artifacts)
    assert session.commit("without").message == "without"


@pytest.mark.parametrize(
    ("unit", "description"), [("\ud800", ""), ("a\x00", ""), (None, "\ud800"), (None, "\x1b")]
)
def test_columns_are_described_in_print(project, unit, description):
    with pytest.raises(InvalidInput, match="printable text"):
        project.columns.add("area", "float", unit=unit, description=description)


@pytest.mark.parametrize("type_", [[], {}, ["float"]])
def test_the_type_of_a_column_is_a_word(project, type_):
    with pytest.raises(InvalidInput, match="A column has one of the types"):
        project.columns.add("area", type_)


def test_a_restore_that_is_refused_leaves_no_draft(project):
    with pytest.raises(InvalidInput, match="needs a message"):
        project.restore("one", IDS[0], "v1", message=" ")
    assert project.recover() == []


def test_long_names_are_cut_in_sentences(project):
    with pytest.raises(KeyError) as caught:
        project.read("x" * 5000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("path", ["~no-such-person/study", "a\x00b", "\ud800", 5, None, b"study"])
def test_paths_that_cannot_be_are_refused(project, path):
    for ask in (
        open_project,
        find_project,
        lambda place: project.export("main", place),
        lambda file: project.slides.add(file),
        lambda file: project.slides.relocate("one", file),
    ):
        with pytest.raises(InvalidInput):
            ask(path)


def test_a_name_that_no_file_can_have_is_no_slide(project):
    with pytest.raises(SlideNotFound):
        project.slides.add("x" * 5000)


@pytest.mark.parametrize("name", [["one"], {}, 5, None, b"one"], ids=repr)
@pytest.mark.parametrize(
    "ask",
    [
        lambda project, name: project.read(name),
        lambda project, name: project.path_of("main", name),
        lambda project, name: project.blame(name, IDS[0]),
        lambda project, name: project.restore(name, IDS[0], "v1"),
        lambda project, name: project.diff("v1")[name],
        lambda project, name: project.checkout()[name],
        lambda project, name: project.session()[name],
        lambda project, name: project.slides[name],
        lambda project, name: project.slides.remove(name),
        lambda project, name: project.labels[name],
        lambda project, name: project.labels.add(name or 0),
        lambda project, name: project.columns[name],
        lambda project, name: project.columns.remove(name),
        lambda project, name: project.sets[name],
        lambda project, name: project.sets.remove(name),
        lambda project, name: project.read_artifact("main", name),
        lambda project, name: project.export("main", project.path / "out", format=name),
    ],
)
def test_what_is_no_name_names_nothing(project, ask, name):
    with pytest.raises(WsinbError):
        ask(project, name)


def test_a_commit_is_no_branch(project):
    with pytest.raises(InvalidInput, match="is the id of a commit"):
        project.session(project.head())


def test_metadata_too_deep_for_json_are_refused(project):
    deep = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(InvalidInput, match="JSON values"):
        project.set_metadata(deep)
