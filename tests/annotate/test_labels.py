"""Labels and label sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinb.annotate import Label, LabelSet
from wsinb.errors import InvalidInput, UnknownLabel
from wsinb.testing.annotations import labels


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": " a"},
        {"name": "a\nb"},
        {"name": 3},
        {"name": "a", "color": "red"},
        {"name": "a", "color": "#12345"},
        {"name": "a", "color": "#cc4444;x"},
        {"name": "a", "key": "ab"},
        {"name": "a", "key": ""},
        {"name": "a", "shape": "blob"},
        {"name": "a", "default_size": 0},
        {"name": "a", "default_size": float("inf")},
        {"name": "a", "order": 1.5},
        {"name": "a", "active": 1},
        {"name": "a", "description": None},
        {"name": "a", "example": 3},
    ],
)
def test_bad_labels_are_refused(values):
    with pytest.raises(InvalidInput, match="abel"):
        Label(**values)


def test_labels_are_ordered_by_order_then_name():
    found = LabelSet([Label("b"), Label("a"), Label("z", order=-1)])
    assert list(found) == ["z", "a", "b"]
    assert found["a"] == Label("a")


def test_keys_are_unique_among_active_labels_and_nothing_is_added_on_error():
    found = LabelSet([Label("a", key="t"), Label("old", key="t", active=False)])
    with pytest.raises(InvalidInput, match="'a' and 'b' share the key 't'"):
        found.add([Label("c"), Label("b", key="t")])
    assert list(found) == ["a", "old"]


def test_a_label_takes_the_place_of_one_of_its_name():
    found = LabelSet([Label("a")])
    found.add(Label("a", color="#000000"))
    assert found["a"].color == "#000000"
    assert len(found) == 1


def test_an_unknown_label_suggests_near_names():
    found = LabelSet([Label("tumor"), Label("stroma")])
    with pytest.raises(UnknownLabel, match="did you mean 'tumor'"):
        found["tumour"]
    with pytest.raises(KeyError):
        found.remove("tumour")
    found.remove("tumor")
    assert "tumor" not in found


@given(st.lists(labels(), unique=True, max_size=5), st.integers(-5, 5))
def test_json_round_trip(names, order):
    found = LabelSet([Label(name, order=order * i) for i, name in enumerate(names)])
    assert LabelSet.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    "data", [{}, [1], [{}], [{"name": "a", "colour": "#000000"}], [{"name": "a"}, {"name": "a"}]]
)
def test_bad_json_is_refused(data):
    with pytest.raises(InvalidInput, match="label"):
        LabelSet.from_json(data)


def test_html_shows_swatches_and_escapes():
    html = LabelSet([Label("<script>alert(1)</script>", color="#12ab34", description="<b>")])._repr_html_()
    assert "background:#12ab34" in html
    assert "<script>" not in html
    assert "<td><b>" not in html
