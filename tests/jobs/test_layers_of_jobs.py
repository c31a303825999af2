"""Results in a layer of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely

import wsinb
from wsinb.errors import InvalidInput, UnknownLabel, UnknownVersion
from wsinb.jobs import check_layer, copies, replace_layer


def found(n: int, **columns: Any) -> Any:
    shapes = [shapely.box(10 * k, 0, 10 * k + 5, 5) for k in range(n)]
    return wsinb.new_annotations(shapes, **{"layer": "job:x", **columns})


def test_a_result_takes_the_place_of_the_one_before_and_of_nothing_else(study):
    session = study.session()
    session["case-1"].upsert(found(2, layer="manual"))
    session["case-2"].upsert(found(1, layer="manual"))
    session.commit("drawn")
    first = replace_layer(study, "main", "job:x", {"case-1": found(3), "case-2": found(1)}, "first")
    second = replace_layer(study, "main", "job:x", {"case-1": found(4)}, "second")
    assert second.parents == (first.id,) or list(second.parents) == [first.id]
    layers = study.read("case-1")["layer"].value_counts()
    assert layers.to_dict() == {"job:x": 4, "manual": 2}
    assert study.read("case-2")["layer"].value_counts().to_dict() == {"job:x": 1, "manual": 1}
    assert replace_layer(study, "main", "job:y", {"case-1": found(0)}, "nothing") is None


@pytest.mark.parametrize("layer", ["manual", "", " ", None, "two\nlines"])
def test_a_layer_that_is_not_the_jobs_is_refused(study, layer):
    with pytest.raises(InvalidInput, match="layer"):
        check_layer(study, layer)
    with pytest.raises(InvalidInput, match="layer"):
        replace_layer(study, "main", layer, {"case-1": found(1, layer="manual")}, "mine")
    assert len(study.read("case-1")) == 0


def test_rows_of_another_layer_are_refused(study):
    with pytest.raises(InvalidInput, match="'case-1' is not all of layer 'job:y'"):
        replace_layer(study, "main", "job:y", {"case-1": found(1)}, "mixed")


def test_labels_and_branches_are_asked_for_before_the_work(study):
    check_layer(study, "job:x", ["tumor", None])
    with pytest.raises(UnknownLabel, match=r"did you mean 'tumor'.*labels\.add"):
        check_layer(study, "job:x", ["tumour"])
    with pytest.raises(UnknownVersion):
        check_layer(study, "job:x", branch="nowhere")


def test_copies_say_what_they_stand_for():
    known = found(2, label=["a", None], score=[0.5, None])
    circle = wsinb.new_annotations([None], shape="circle", shape_params={"cx": 9.0, "cy": 9.0, "r": 4.0})
    for table in (known, circle):
        made = copies(table, "job:y", "test")
        assert not set(made["id"]) & set(table["id"])
        assert [json.loads(text)["of"] for text in made["properties"]] == table["id"].tolist()
        assert made.geometry.geom_equals(table.geometry).all()
        for column in ("label", "score", "shape", "shape_params"):
            assert made[column].astype(object).where(made[column].notna(), None).tolist() == (
                table[column].astype(object).where(table[column].notna(), None).tolist()
            )
    assert len(copies(known.iloc[:0], "job:y", "test")) == 0
