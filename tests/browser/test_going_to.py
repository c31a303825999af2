"""Going to a position, or to an annotation by its id."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("text", ["1500, 700", "750, 350 µm", "(0.75; 0.35) mm"])
def test_a_position_is_gone_to_and_marked(around, text):
    around.go_to(text)
    around.page.wait_for_selector(".wsinb-place-mark")
    mark = around.page.locator(".wsinb-place-mark").bounding_box()
    seen = around.under(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    assert seen == pytest.approx((1500, 700), abs=4)
    assert around.middle() == pytest.approx((1500, 700), abs=4)
    around.page.wait_for_selector(".wsinb-place-mark", state="detached")


def test_an_annotation_is_gone_to_by_its_id(around, project):
    row = project.read("liver").iloc[2]
    around.zoom(6, "40×")
    around.go_to(row["id"])
    around.page.wait_for_selector(".wsinb-place-outline", state="attached")
    xmin, ymin, xmax, ymax = row.geometry.bounds
    assert around.middle() == pytest.approx(((xmin + xmax) / 2, (ymin + ymax) / 2), abs=4)
    around.page.wait_for_selector(".wsinb-place-outline", state="detached")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9000, 2", "outside of the slide"),
        ("somewhere", "Type a position"),
        ("0f8fad5b", "beginning of an id"),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "has no annotation"),
    ],
)
def test_what_cannot_be_gone_to_is_said_under_the_field(around, text, said):
    before = around.middle()
    around.go_to(text)
    around.page.wait_for_selector(f".wsinb-problem:text({said!r})")
    assert around.middle() == pytest.approx(before)
    around.go_to("100, 100")
    expect(around.page.locator(".wsinb-problem").first).to_have_text("")
