"""Colours that tell what became of annotations since a version."""

from __future__ import annotations

import pytest
import shapely
from playwright.sync_api import expect

import wsinb
from tests.browser.cells import last_output, once, open_notebook, show_viewer
from tests.browser.colours import (
    LEFT,
    MIDDLE,
    RIGHT,
    add_nuclei,
    color_by,
    opened,
    until_painted,
    zoom_out_to_density,
)

pytestmark = pytest.mark.browser

# those of differences
ADDED, CHANGED, UNCHANGED = (0, 158, 115), (230, 159, 0), (140, 140, 140)


@pytest.fixture
def nuclei(project):
    add_nuclei(project)
    return project


def box(place) -> shapely.Polygon:
    l0_x, l0_y = place
    return shapely.box(l0_x - 80, l0_y - 60, l0_x + 80, l0_y + 60)


SESSION = """
import shapely, wsinb
project = wsinb.open_project('.')
session = project.session(author='model')
viewer = project.view('liver', color_by='change', since='start', session=session)
viewer
"""
EDIT = """
row = session['liver'].read(bbox={left}).assign(label='stroma')
session['liver'].upsert(row)
session['liver'].upsert(wsinb.new_annotations([shapely.box{right}], layer='model'))
viewer.since = None
"""
UNDO = """
session['liver'].restore(row['id'].tolist(), session.base)
"""


def test_shapes_change_their_colours_as_a_session_edits_them(lab, project):
    session = project.session(author="pathologist")
    session["liver"].upsert(wsinb.new_annotations([box(LEFT)], label="tumor"))
    project.tag("start", at=session.commit("left").id)
    session["liver"].upsert(wsinb.new_annotations([box(MIDDLE)], label="tumor"))
    session.commit("middle")
    edit = EDIT.format(left=box(LEFT).bounds, right=box(RIGHT).bounds)
    heard = once("viewer.since == 'main'", "print(viewer.since)")
    # so high that nothing is scrolled when cells are run
    lab.page.set_viewport_size({"width": 1400, "height": 1300})
    open_notebook(lab, project, SESSION, edit, UNDO, "session.commit('right')", heard)
    show_viewer(lab)
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: ADDED, RIGHT: None}, CHANGED)
    lab.run_cell(1)
    # against what the session began with
    until_painted(lab, {LEFT: CHANGED, MIDDLE: UNCHANGED, RIGHT: ADDED})
    lab.run_cell(2)
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: UNCHANGED, RIGHT: ADDED}, CHANGED)
    lab.run_cell(3)
    lab.page.wait_for_selector(".wsinb-label:has-text('tumor') .wsinb-count:text-is('6')")
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: UNCHANGED, RIGHT: ADDED}, CHANGED)
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press("Shift+B")
    choice = lab.page.locator(".wsinb-since select")
    expect(choice).to_have_value("")
    choice.select_option("start")
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: ADDED, RIGHT: ADDED}, CHANGED)
    choice.select_option("main")
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: UNCHANGED, RIGHT: UNCHANGED}, ADDED, CHANGED)
    lab.run_cell(4)
    assert last_output(lab).strip() == "main"


def test_changes_are_counted_at_density_since_the_version_that_is_chosen(lab, nuclei):
    head = nuclei.head()
    session = nuclei.session(author="reader")
    right = nuclei.read("liver", bbox=(1020, 880, 1620, 1300)).query("layer == 'nuclei'")
    session["liver"].upsert(right.assign(score=0.5))
    newest = session.commit("right").id
    asked = opened(lab, nuclei)
    expect(lab.page.locator(".wsinb-since")).to_be_hidden()
    color_by(lab, "change")
    until_painted(lab, {LEFT: UNCHANGED, RIGHT: CHANGED}, ADDED)
    legend = lab.page.locator(".wsinb-color-legend .wsinb-category-name")
    expect(legend).to_have_text(["added", "changed", "unchanged"])
    assert asked == []
    color_by(lab, "label")
    zoom_out_to_density(lab)
    color_by(lab, "change")
    until_painted(lab, {LEFT: UNCHANGED, RIGHT: CHANGED}, ADDED)
    assert any("by=change" in url for url in asked)
    assert not any("since=" in url for url in asked)
    choice = lab.page.locator(".wsinb-since select")
    (first,) = (commit.id for commit in nuclei.log() if commit.message == "the known regions")
    choice.select_option(first)
    until_painted(lab, {LEFT: ADDED, RIGHT: ADDED}, CHANGED, UNCHANGED)
    assert any(f"by=change&since={first}" in url for url in asked)
    choice.select_option("main")
    until_painted(lab, {LEFT: UNCHANGED, RIGHT: UNCHANGED}, CHANGED, ADDED)
    assert any(f"by=change&since={newest}" in url for url in asked), "a branch is asked for by its commit"
    lab.page.locator(".wsinb-category-button", has_text="unchanged").click()
    until_painted(lab, {LEFT: None, RIGHT: None}, CHANGED, UNCHANGED)
    choice.select_option(head)
    until_painted(lab, {LEFT: None, RIGHT: CHANGED}, UNCHANGED, ADDED)
