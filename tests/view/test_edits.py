"""Edits that travel as differences: the browser's side is played here, the real one in tests/browser."""

from __future__ import annotations

import contextlib

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from traitlets import TraitError

from wsinb.annotate import new_annotations, to_features
from wsinb.errors import InvalidInput
from wsinb.view import SlideLayer
from wsinb.view.edits import spliced

NOTHING = {"at": 0, "remove": 0, "add": []}
FEATURES = to_features(new_annotations([shapely.box(n, 0, n + 5, 5) for n in range(4)], label="tumor"))


@pytest.fixture
def layer(monkeypatch):
    sent = []
    monkeypatch.setattr(SlideLayer, "send", lambda self, content, buffers=None: sent.append(content))
    monkeypatch.setattr(SlideLayer, "send_state", lambda self, key=None: sent.append(key))
    layer = SlideLayer(source={"path": "/a.tif"})
    sent.clear()
    layer.sent = lambda: sent
    return layer


def tell(layer, start, end, drawn=NOTHING, deleted=NOTHING):
    message = {"event": "edits", "page": "p", "from": start, "to": end, "drawn": drawn, "deleted": deleted}
    layer._handle_custom_msg(message, [])
    return message


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)), st.data())
def test_a_splice_is_what_slices_do(items, add, data):
    at = data.draw(st.integers(0, len(items)))
    remove = data.draw(st.integers(0, len(items) - at))
    expected = list(items)
    expected[at : at + remove] = add
    assert spliced(items, {"at": at, "remove": remove, "add": add}) == expected


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"at": -1, "remove": 0, "add": []},
        {"at": 0, "remove": 3, "add": []},
        {"at": 0.0, "remove": 0, "add": []},
        {"at": True, "remove": 0, "add": []},
        {"at": 0, "remove": 0, "add": {}},
    ],
)
def test_what_does_not_fit_is_refused(change):
    with pytest.raises(InvalidInput):
        spliced([1, 2], change)


def test_only_differences_are_told_and_other_pages_hear_of_them(layer):
    first = tell(layer, None, "a", {"at": 0, "remove": 0, "add": FEATURES[:3]}, {**NOTHING, "add": ["x"]})
    second = tell(layer, "a", "b", {"at": 1, "remove": 1, "add": FEATURES[3:]})
    assert layer.drawn == [FEATURES[0], FEATURES[3], FEATURES[2]]
    assert layer.deleted == ["x"]
    assert layer.edits == "b"
    # nothing of it goes back as a whole
    assert layer.sent() == [first, second]


def test_a_difference_from_another_state_is_asked_for_as_a_whole(layer):
    tell(layer, None, "a", {"at": 0, "remove": 0, "add": FEATURES[:1]})
    layer.drawn = []
    assert layer.edits != "a"
    tell(layer, "a", "b", {"at": 1, "remove": 0, "add": FEATURES[1:]})
    assert layer.drawn == []
    assert layer.sent()[-1] == {"event": "resend"}
    tell(layer, None, "c", {"at": 0, "remove": 0, "add": FEATURES})
    assert layer.drawn == FEATURES


def test_what_python_sets_while_it_hears_is_told(layer):
    layer.observe(lambda change: setattr(layer, "drawn", FEATURES[2:]) if change.new else None, "deleted")
    tell(layer, None, "a", {"at": 0, "remove": 0, "add": FEATURES[:1]}, {**NOTHING, "add": ["x"]})
    assert layer.drawn == FEATURES[2:]
    assert "drawn" in layer.sent()
    assert layer.edits != "a"


@pytest.mark.parametrize(
    "wrong",
    [
        {"drawn": {"at": 0, "remove": 0, "add": [{"geometry": 3}]}},
        {"deleted": {"at": 0, "remove": 0, "add": [5]}},
        {"drawn": {"at": 7, "remove": 0, "add": []}},
        {"end": ""},
        {"start": 4},
        {"drawn": None},
    ],
)
def test_bad_edits_change_nothing(layer, wrong):
    tell(layer, None, "a", {"at": 0, "remove": 0, "add": FEATURES[:1]})
    with contextlib.suppress(InvalidInput, TraitError):
        tell(layer, **{"start": "a", "end": "b", **wrong})
    assert layer.drawn == FEATURES[:1]
    assert layer.deleted == []
