"""Own columns of a project: adding, renaming and removing them, and their values through all of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from wsinb.annotate import COLUMNS, new_annotations, to_features
from wsinb.errors import InvalidAnnotation, InvalidInput
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.versions.tables.columns import own_keys, plain_table

TYPED = {
    "area": ("float", [1.5, None, -0.25]),
    "nuclei": ("int", [3, None, 2**60]),
    "grade": ("text", ["II", None, "Grad drei: schlecht, µ"]),
    "checked": ("bool", [True, None, False]),
    "seen": (
        "time",
        [pd.Timestamp("2026-01-31T12:00:00.000001Z"), pd.NaT, pd.Timestamp("1999-01-01T00:00Z")],
    ),
}


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study")
    add_slides(made, "one", "two")
    return made


def points(n=3, **columns):
    gdf = new_annotations([shapely.Point(i, 0) for i in range(n)])
    return gdf.assign(**columns)


def commit(project, gdf, slide="one"):
    session = project.session()
    ids = session[slide].upsert(gdf)
    session.commit("edit")
    return ids


def by_id(gdf, ids):
    return gdf.set_index("id").loc[ids]


def store_files(project):
    root = project.path / ".wsinb"
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", TYPED)
def test_values_of_every_type_come_back(project, name):
    kind, values = TYPED[name]
    project.columns.add(name, kind)
    gdf = points(**{name: pd.Series(values, dtype=object if kind == "text" else None).convert_dtypes()})
    ids = commit(project, gdf)
    read = by_id(open_project(project.path).read("one"), ids)[name]
    assert [None if pd.isna(value) else value for value in read] == [
        None if pd.isna(v) else v for v in values
    ]
    label = str(project.read("one")["label"].dtype)
    dtypes = {"float": "float64", "int": "Int64", "text": label, "bool": "boolean"}
    assert str(read.dtype) == dtypes.get(kind, "datetime64[us, UTC]")
    empty = project.read("two")[name]
    assert (len(empty), empty.dtype) == (0, read.dtype)


def test_they_stand_behind_the_columns_of_every_table(project):
    project.columns.add("zebra", "float")
    project.columns.add("area", "float", unit="µm²", description="Area of the outline")
    assert list(project.read("one").columns) == [name for name in COLUMNS if name != "bbox"] + [
        "zebra",
        "area",
    ]
    assert (project.columns["area"].unit, project.columns["area"].description) == (
        "µm²",
        "Area of the outline",
    )
    assert list(project.columns) == ["zebra", "area"]
    assert "µm²" in project.columns._repr_html_()
    assert repr(project.columns) == "Columns(zebra, area)"


def test_adding_renaming_and_removing_are_commits_and_rewrite_nothing(project):
    ids = commit(project, points())
    project.columns.add("area", "float", author="ann")
    commit(project, by_id(project.read("one"), ids).reset_index().assign(area=[1.0, 2.0, 3.0]))
    with_area = project.head()
    before = store_files(project)
    project.columns.rename("area", "size")
    project.columns.remove("size")
    new = store_files(project) - before
    assert not any(name.endswith(".parquet") for name in new)
    log = project.log(limit=4)
    assert [each.message for each in log[:2]] == ["Remove column size", "Rename column area to size"]
    assert [each.edits for each in log[:2]] == [
        {"columns": {"removed": ["size"]}},
        {"columns": {"updated": ["size"]}},
    ]
    assert (log[3].author, log[3].edits) == ("ann", {"columns": {"added": ["area"]}})
    # each version by its own names
    assert "size" not in project.read("one").columns
    assert by_id(project.read("one", log[1].id), ids)["size"].tolist() == [1.0, 2.0, 3.0]
    assert by_id(project.read("one", with_area), ids)["area"].tolist() == [1.0, 2.0, 3.0]
    assert by_id(project.read("one", log[3].id), ids)["area"].isna().all()
    assert "area" not in project.read("one", log[3].parents[0]).columns


def test_rows_written_before_read_as_null_and_columns_that_an_upsert_lacks_are_kept(project):
    ids = commit(project, points())
    project.columns.add("area", "float")
    project.columns.add("grade", "text")
    commit(project, project.read("one").assign(area=[1.0, None, 3.0], grade="I"))
    commit(
        project,
        project.read("one")[["id", "geometry", "grade"]].assign(
            label=None, score=0.5, grade=["I", "II", "I"]
        ),
    )
    read = by_id(project.read("one"), ids)
    assert read["area"].fillna(-1).tolist() == [1.0, -1, 3.0]
    assert read["grade"].tolist() == ["I", "II", "I"]
    assert read["score"].tolist() == [0.5] * 3


def test_a_feature_of_the_browser_keeps_them(project):
    from wsinb.annotate import from_features

    project.columns.add("area", "float")
    commit(project, points(area=7.0))
    features = to_features(project.read("one"))
    assert all("area" not in feature for feature in features)
    commit(project, from_features([{**feature, "score": 0.5} for feature in features]))
    assert project.read("one")[["area", "score"]].to_numpy().tolist() == [[7.0, 0.5]] * 3


def test_values_of_a_removed_column_are_carried_along_and_its_name_is_free(project):
    project.columns.add("area", "float")
    ids = commit(project, points(area=[1.0, 2.0, 3.0]))
    key = project.columns["area"].key
    project.columns.remove("area")
    assert project.columns.add("area", "text").key != key
    commit(project, project.read("one").assign(score=0.5, area="large"))
    state = project.repository.committer.state(project.repository.branch_head("main"), "one")
    rows = project.repository.tables.read(state)
    kept = dict(zip(rows["id"].to_pylist(), rows[key].to_pylist(), strict=True))
    assert kept == dict(zip(ids, [1.0, 2.0, 3.0], strict=True))
    assert set(project.read("one")["area"]) == {"large"}


def test_a_session_notices_columns_that_were_added_and_renamed_after_it_was_opened(project):
    commit(project, points())
    session = project.session()
    project.columns.add("area", "float")
    assert "area" not in session["one"].read().columns
    session["one"].upsert(session["one"].read().assign(area=2.0))
    assert set(session["one"].read()["area"]) == set(session["one"].edits()["area"]) == {2.0}
    project.columns.rename("area", "size")
    session.commit("areas")
    assert set(project.read("one")["size"]) == set(session["one"].read()["size"]) == {2.0}


def test_values_in_bulk_go_through_parts(project):
    project.columns.add("area", "float", unit="µm²")
    gdf = points(21_000, area=np.arange(21_000.0))
    ids = commit(project, gdf)
    (part,) = (project.path / ".wsinb" / "parts").iterdir()
    assert pq.read_schema(part).names[-1] == project.columns["area"].key
    assert by_id(project.read("one"), ids)["area"].tolist() == gdf["area"].tolist()
    box = project.read("one", bbox=(5, 0, 9, 1))
    assert sorted(box["area"]) == [5.0, 6.0, 7.0, 8.0]
    commit(project, by_id(gdf, ids[5:7]).reset_index().assign(area=[50.0, None]))
    assert sorted(project.read("one", bbox=(5, 0, 9, 1))["area"].fillna(-1)) == [-1, 7.0, 8.0, 50.0]


def test_a_change_of_an_own_value_is_a_change_and_back_is_none(project):
    project.columns.add("area", "float")
    (id_, *_) = commit(project, points(area=1.0))
    session = project.session()
    session["one"].upsert(session["one"].read())
    assert not session.changes
    first = by_id(session["one"].read(), [id_]).reset_index()
    session["one"].upsert(first.assign(area=2.0))
    assert session.changes == {"one": {"added": 0, "updated": 1, "deleted": 0}}
    session["one"].upsert(first)
    assert not session.changes


def test_adding_a_column_changes_no_hash(project):
    session = project.session()
    session["one"].upsert(points())
    commit_before = session.commit("add")
    project.columns.add("area", "float")
    session = project.session()
    session["one"].upsert(session["one"].read().assign(score=0.5, area=None))
    commit_after = session.commit("score")
    overlays = [
        pq.read_table(project.path / ".wsinb" / "objects" / f"{sha}.changes.parquet").sort_by("id")
        for each in (commit_before, commit_after)
        for sha in project.repository.record(each.id).data["changes"]["one"]["sets"]
    ]
    assert overlays[0]["_new"].to_pylist() == overlays[1]["_old"].to_pylist()
    # a column without any value takes no room
    assert own_keys(overlays[1].schema) == []


BAD = {
    "float": ["x", True, [np.inf], ["1"], pd.Timestamp("2026-01-01T00:00Z")],
    "int": [1.5, "1", True],
    "text": [1, b"x", True],
    "bool": [1, "yes", 0.0],
    "time": ["2026-01-01", 5, pd.Timestamp("2026-01-01")],
}


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values]
)
def test_values_of_another_type_are_refused_and_nothing_is_changed(project, kind, value):
    project.columns.add("mine", kind)
    session = project.session()
    values = value if isinstance(value, list) else [value]
    with pytest.raises(InvalidAnnotation, match=rf"'mine' has the type '{kind}' and must hold .*: ") as error:
        session["one"].upsert(points(1, mine=values))
    assert str(error.value).count(". ") == 0
    assert not session.changes


def test_unknown_columns_are_refused_with_the_remedy(project):
    project.columns.add("area", "float")
    session = project.session()
    with pytest.raises(
        InvalidAnnotation, match=r"no column 'arae': did you mean 'area'.*columns\.add\('arae'"
    ):
        session["one"].upsert(points(arae=1.0))
    twice = points(area=1.0)
    twice = pd.concat([twice, twice[["area"]]], axis=1)
    with pytest.raises(InvalidAnnotation, match="'area' occurs twice"):
        session["one"].upsert(twice)


@pytest.mark.parametrize(
    "name", ["label", "ID", "slide", "bbox", "_op", "", " a", "a\n", "x" * 101, None, 5, "AREA"]
)
def test_names_that_cannot_be_are_refused(project, name):
    project.columns.add("area", "float")
    project.columns.add("other", "float")
    head = project.head()
    with pytest.raises(InvalidInput):
        project.columns.add(name, "float")
    with pytest.raises(InvalidInput):
        project.columns.rename("other", name)
    assert project.head() == head


def test_other_bad_input_is_told(project):
    with pytest.raises(
        InvalidInput, match="one of the types 'float', 'int', 'text', 'bool', 'time', not 'double'"
    ):
        project.columns.add("area", "double")
    with pytest.raises(InvalidInput, match=r"The unit .*'µm²'"):
        project.columns.add("area", "float", unit=5)
    with pytest.raises(InvalidInput, match="description"):
        project.columns.add("area", "float", description=None)
    project.columns.add("area", "float")
    project.columns.rename("area", "Area")  # only the case
    for act in (
        project.columns.__getitem__,
        project.columns.remove,
        lambda name: project.columns.rename(name, "b"),
    ):
        with pytest.raises(InvalidInput, match="did you mean 'Area'"):
            act("Arae")


def test_plain_tables_have_names_units_and_descriptions(project):
    project.columns.add("area", "float", unit="µm²", description="Area of the outline")
    project.columns.add("gone", "float")
    project.columns.add("grade", "text")
    commit(project, points(area=2.0, gone=1.0))
    project.columns.remove("gone")
    head = project.repository.branch_head("main")
    columns = project.repository.columns_of(head.record)
    rows = project.repository.tables.read(project.repository.committer.state(head, "one"))
    plain = plain_table(rows, columns)
    assert plain.column_names == [*COLUMNS, "area", "grade"]
    assert plain.schema.field("area").metadata == {
        b"unit": "µm²".encode(),
        b"description": b"Area of the outline",
    }
    assert plain.schema.field("grade").metadata is None
    assert plain["area"].to_pylist() == [2.0] * 3
    assert plain["grade"].to_pylist() == [None] * 3


def test_restoring_a_row_restores_its_own_values(project):
    ids = commit(project, points())
    before = project.head()
    project.columns.add("area", "float")
    commit(project, by_id(project.read("one"), ids).reset_index().assign(area=[1.0, 2.0, 3.0]))
    measured = project.head()
    commit(project, by_id(project.read("one"), ids).reset_index().assign(area=9.0))
    project.restore("one", ids[:1], measured)
    project.restore("one", ids[1:2], before)
    assert by_id(project.read("one"), ids)["area"].fillna(-1).tolist() == [1.0, -1, 9.0]


def test_differences_call_own_columns_by_name(project):
    project.columns.add("area", "float")
    ids = commit(project, points(area=1.0))
    before = project.head()
    project.columns.rename("area", "size")
    commit(project, by_id(project.read("one"), ids[:1]).reset_index().assign(size=2.0))
    diff = project.diff(before)
    (change,) = diff["one"].changes()
    assert (change.id, change.fields) == (ids[0], ("size",))
    assert (change.old["size"], change.new["size"]) == (1.0, 2.0)
    assert diff.edits == {"columns": {"updated": ["size"]}}
    assert diff.to_frame()["size"].tolist() == [2.0]
    session = project.session()
    (~diff).apply(session)
    session.commit("back")
    assert set(project.read("one")["size"]) == {1.0}


def test_branches_with_own_columns_merge(project):
    ids = commit(project, points())
    project.branch("review")
    project.columns.add("area", "float")
    commit(project, by_id(project.read("one"), ids).reset_index().assign(area=[1.0, 2.0, 3.0]))
    session = project.session("review")
    session["one"].upsert(by_id(session["one"].read(), ids[:1]).reset_index().assign(score=0.5))
    session.commit("score")
    project.merge("main", "review")
    merged = by_id(project.read("one", "review"), ids)
    assert merged["area"].tolist() == [1.0, 2.0, 3.0]
    assert merged["score"].fillna(-1).tolist() == [0.5, -1, -1]


def test_values_in_bulk_can_be_read_and_edited_before_the_commit(project):
    project.columns.add("area", "float")
    session = project.session()
    ids = session["one"].upsert(points(21_000, area=np.arange(21_000.0)))
    session["one"].upsert(by_id(session["one"].read(), ids[:2]).reset_index().assign(area=[-5.0, None]))
    session["one"].delete(ids[2])
    expected = [-5.0, -1.0, *np.arange(3.0, 21_000.0)]
    kept = [*ids[:2], *ids[3:]]
    for table in (session["one"].read(), session["one"].edits()):
        assert by_id(table, kept)["area"].fillna(-1).tolist() == expected
    session.commit("bulk")
    assert by_id(project.read("one"), kept)["area"].fillna(-1).tolist() == expected


def test_the_columns_of_all_types_are_there_when_all_values_are_null(project):
    for name, (kind, _) in TYPED.items():
        project.columns.add(name, kind)
    commit(project, points(**dict.fromkeys(TYPED)))
    read = project.read("one")
    empty = project.read("two")
    assert read[list(TYPED)].isna().all(axis=None)
    assert (read.dtypes == empty.dtypes).all()
