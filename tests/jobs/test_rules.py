"""Rules of a workflow, written as texts."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import wsinb
from wsinb import open_slide
from wsinb.errors import InvalidParameter, UnknownMpp
from wsinb.jobs import AreaRule, area_rules
from wsinb.testing import synthetic_slide


def test_rules_are_read_as_they_are_written():
    texts = ["..20 label small debris", "2.5..400 model cells", " 400..  keep "]
    assert area_rules(texts) == [
        AreaRule("..20 label small debris", None, 20.0, "label", "small debris"),
        AreaRule("2.5..400 model cells", 2.5, 400.0, "model", "cells"),
        AreaRule("400..  keep", 400.0, None, "keep"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "label x", "1-2 label x", "..", "1..2", "1..2 label", "1..2 forest x", "-1..2 keep", "a..b keep"],
)
def test_what_is_no_rule_is_refused_with_the_form(text: str):
    with pytest.raises(InvalidParameter, match=r"is no rule: write '50\.\.200 label cell'"):
        area_rules([text])


def test_a_rule_that_takes_nothing_is_refused():
    with pytest.raises(InvalidParameter, match="takes nothing"):
        area_rules(["5..5 keep"])


@given(st.text())
def test_any_other_text_is_refused_or_read(text: str):
    try:
        (rule,) = area_rules([text])
    except InvalidParameter:
        return
    assert rule.what in ("label", "model", "keep")


def test_areas_are_those_of_the_slide(tmp_path):
    slide = open_slide(synthetic_slide(tmp_path / "s.tiff", size=(256, 256), mpp=0.5))
    squares = wsinb.new_annotations([shapely.box(0, 0, side, side) for side in (4, 8, 20)])
    first, second = (rule.on(slide) for rule in area_rules(["..4 label a", "4..16.5 label b"]))
    assert first.takes(squares, "first").tolist() == [False, False, False]
    assert second.takes(squares, "second").tolist() == [True, True, False]
    unknown = open_slide(synthetic_slide(tmp_path / "u.tiff", size=(256, 256), mpp=None))
    with pytest.raises(UnknownMpp):
        area_rules(["..4 keep"])[0].on(unknown)
    assert area_rules([".. label all"])[0].on(unknown).takes(squares, "all").all()
