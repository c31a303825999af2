"""Thousands of annotations at once: the page goes on, the kernel knows the same, little travels."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import wsinb
from tests.browser.cells import SHOW, last_output, once, open_notebook, show_viewer

pytestmark = pytest.mark.browser

ROWS, COLUMNS = 50, 100
N = ROWS * COLUMNS
AROUND = ((380, 280), (1520, 1220))
COUNT_SENT = """
window.sentBytes = 0;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
    window.sentBytes += data.length ?? data.byteLength;
    return send.call(this, data);
};
"""
REPORT = (
    "print(len(viewer.layer.drawn), len(viewer.layer.deleted), "
    "*sorted({str(feature['label']) for feature in viewer.layer.drawn}))"
)


@pytest.fixture
def many(project):
    """The project with 5,000 small regions instead of its own."""
    x, y = np.meshgrid(400 + 11 * np.arange(COLUMNS), 300 + 18 * np.arange(ROWS))
    regions = shapely.buffer(shapely.points(x.ravel(), y.ravel()), 4, quad_segs=5)
    session = project.session(author="job")
    session["liver"].delete(list(project.read("liver")["id"]))
    session["liver"].upsert(wsinb.new_annotations(regions, label="tumor"))
    session.commit("many")
    return project


def know(drawn, deleted):
    """Source of a cell that tells the kernel's edits, once it knows of so many."""
    return once(f"(len(viewer.layer.drawn), len(viewer.layer.deleted)) == ({drawn}, {deleted})", REPORT)


def come_back(lab):
    """To the viewer: a cell that was run has perhaps scrolled the notebook."""
    lab.page.locator(".wsinb-map").scroll_into_view_if_needed()
    lab.wait_for_viewer()


def press(lab, keys):
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press(keys)


def select_all(lab):
    come_back(lab)
    press(lab, "Shift+A")
    lab.drag(*AROUND)
    lab.page.wait_for_selector(f".wsinb-selection-text:text-is('{N:,} selected')")


def sent_since(lab, action, expected):
    """Bytes that the page sends to the kernel by an action, until the viewer says what is expected."""
    before = lab.page.evaluate("window.sentBytes")
    action()
    lab.unsaved(expected)
    return lab.page.evaluate("window.sentBytes") - before


def test_thousands_are_relabelled_deleted_taken_back_and_saved(lab, many):
    lab.page.add_init_script(COUNT_SENT)
    states = ((N, 0), (N + 1, 0), (N, 0), (0, 0), (N, 0), (0, N), (N, 0))
    open_notebook(lab, many, SHOW, *(know(*state) for state in states))
    show_viewer(lab)

    def told(cell):
        lab.run_cell(cell)
        return last_output(lab).split()

    select_all(lab)
    press(lab, "s")
    label = lab.page.locator(".wsinb-selection button", has_text="Label: stroma")
    everything = sent_since(lab, label.click, f"{N} unsaved")
    assert told(1) == [str(N), "0", "stroma"]

    press(lab, "Escape")
    come_back(lab)
    one_more = sent_since(lab, lambda: lab.draw("rectangle", (420, 1300), (600, 1400)), f"{N + 1} unsaved")
    assert told(2) == [str(N + 1), "0", "stroma"]
    press(lab, "Escape")
    undone = sent_since(lab, lambda: press(lab, "Control+z"), f"{N} unsaved")
    assert told(3) == [str(N), "0", "stroma"]
    assert max(one_more, undone) < everything / 50, "what did not change does not travel again"

    assert sent_since(lab, lambda: press(lab, "Control+z"), "All saved") < everything / 50
    assert told(4) == ["0", "0"]
    press(lab, "Control+Shift+Z")
    lab.unsaved(f"{N} unsaved")
    assert told(5) == [str(N), "0", "stroma"]

    select_all(lab)
    press(lab, "Delete")
    lab.page.locator(".wsinb-selection").wait_for(state="hidden")
    assert told(6) == ["0", str(N)]
    press(lab, "Control+z")
    assert told(7) == [str(N), "0", "stroma"]

    lab.save("all are stroma")
    assert many.read("liver")["label"].value_counts().to_dict() == {"stroma": N}
    assert many.log()[0].changes["liver"] == {"added": 0, "updated": N, "deleted": 0}
