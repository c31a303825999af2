"""Versions in the viewer: what a person sees and clicks, and what the store then holds."""

from __future__ import annotations

import functools
import json
import urllib.parse

import numpy as np
import pytest
import shapely
from playwright.sync_api import expect

import wsinb
from tests.browser.cells import last_output, once, open_notebook, show_viewer
from wsinb.testing import synthetic_regions
from wsinb.view.difference import KINDS, rgb

pytestmark = pytest.mark.browser

SIZE = (2048, 1536)
TUMOR = synthetic_regions(SIZE)["tumor"]
SQUARE = ((850, 300), (1150, 300), (1150, 480), (850, 480))


def row_at(project, shape, version="main"):
    """The stored annotation that covers the middle of a known region, as a table of one row."""
    table = project.read("liver", version=version)
    return table[table.contains(shape.representative_point())].iloc[:1].copy()


def commit_as(project, author, message, *tables, delete=(), branch="main"):
    session = project.session(branch, author=author)
    for table in tables:
        session["liver"].upsert(table)
    if delete:
        session["liver"].delete(list(delete))
    return session.commit(message).id


def relabelled(row, label):
    row["label"] = label
    return row


def moved(row, dx, dy):
    row.geometry = row.translate(dx, dy)
    return row


def second_reading(project):
    """One region moved, one relabelled, one deleted, a square added."""
    return commit_as(
        project,
        "reader-2",
        "second reading",
        moved(row_at(project, TUMOR[0]), 150, 60),
        relabelled(row_at(project, TUMOR[1]), "stroma"),
        wsinb.new_annotations([shapely.Polygon(SQUARE)], label="stroma"),
        delete=list(row_at(project, TUMOR[2])["id"]),
    )


def open_history(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.keyboard.press("h")
    lab.page.wait_for_selector(".wsinb-commit")


def choose_version(lab, message):
    lab.page.locator(".wsinb-commit-button", has_text=message).click()


def action(lab, name):
    lab.page.locator(".wsinb-commit-actions button", has_text=name).click()


def answer(lab, text, accept):
    lab.page.locator(".wsinb-question input").fill(text)
    lab.page.locator(".wsinb-question button", has_text=accept).click()


def drafts(lab, project):
    """What the server kept of this person's unsaved edits."""
    query = urllib.parse.urlencode({"project": project.path, "slide": "liver", "branch": "main"})
    return json.loads(lab.server.get(f"wsinb/api/drafts?{query}"))["drafts"]


def is_painted(lab, place, color):
    """Whether a colour is on the screen near a place of the slide."""
    lab._find_frame()
    patch = lab.patch(*place, half=8).reshape(-1, 3).astype(int)
    return (np.abs(patch - color).max(axis=1) < 40).any()


def step_to(lab, kind):
    for _ in range(10):
        lab.page.keyboard.press("n")
        if lab.page.locator(".wsinb-kind").inner_text() == kind:
            return
    pytest.fail(f"No change is {kind}.")


def test_the_panel_lists_versions_and_opens_one_read_only(lab, project):
    first = project.head()
    second_reading(project)
    project.tag("v1", at=first)
    open_history(lab, project)
    page = lab.page
    messages = ["second reading", "the known regions", "Add slide liver"]
    assert page.locator(".wsinb-commit-message").all_inner_texts() == messages
    assert page.locator(".wsinb-commit-author").all_inner_texts()[:2] == ["reader-2", "pathologist"]
    assert page.locator(".wsinb-commit-counts").all_inner_texts() == ["+1 ~2 −1", "+4"]
    assert page.locator(".wsinb-commit[class*=shown] .wsinb-ref").all_inner_texts() == ["main"]
    page.keyboard.press("h")
    expect(page.locator(".wsinb-history")).to_be_hidden()
    page.keyboard.press("Shift+H")
    choose_version(lab, "the known regions")
    banner = page.locator(".wsinb-banner-text")
    banner.wait_for()
    assert banner.inner_text().startswith(f"Version {first[:7]} of")
    assert banner.inner_text().endswith("read-only")
    expect(page.locator(".wsinb-label:has-text('tumor') .wsinb-count")).to_have_text("4")
    expect(page.locator(".wsinb-toolbar [data-tool=polygon]")).to_be_hidden()
    expect(page.locator(".wsinb-save")).to_be_hidden()
    assert page.locator(".wsinb-commit[class*=shown] .wsinb-ref").all_inner_texts() == ["v1"]
    page.locator(".wsinb-banner button").click()
    page.wait_for_selector(".wsinb-label:has-text('tumor') .wsinb-count:text-is('2')")
    expect(page.locator(".wsinb-save")).to_be_visible()
    expect(banner).to_be_hidden()


def test_versions_are_tagged_branched_and_reverted(lab, project):
    second = second_reading(project)
    open_history(lab, project)
    choose_version(lab, "second reading")
    action(lab, "Tag")
    answer(lab, "v2", "Tag")
    lab.page.wait_for_selector(".wsinb-ref:text-is('v2')")
    assert project.tags["v2"] == second
    action(lab, "Revert")
    lab.page.locator(".wsinb-question button", has_text="Revert").click()
    lab.page.wait_for_selector(".wsinb-label:has-text('tumor') .wsinb-count:text-is('4')")
    assert len(project.log()[0].parents) == 1
    assert sorted(project.read("liver")["label"]) == ["tumor"] * 4
    action(lab, "Branch")
    answer(lab, "review", "Begin")
    lab.page.wait_for_selector(".wsinb-label:has-text('tumor') .wsinb-count:text-is('2')")
    assert project.branches["review"] == second
    lab.page.keyboard.press("h")
    lab.draw("polygon", *SQUARE)
    lab.save("on the branch")
    assert project.log("review", limit=1)[0].message == "on the branch"
    assert project.log(limit=1)[0].message != "on the branch"


def test_a_difference_is_painted_counted_and_stepped_through(lab, project):
    project.tag("v1")
    second_reading(project)
    deleted = row_at(project, TUMOR[2], version=project.log()[1].id)
    open_history(lab, project)
    page = lab.page
    choose_version(lab, "second reading")
    action(lab, "Changes")
    page.wait_for_selector(".wsinb-changes:visible")
    counts = {
        row.get_attribute("data-kind"): row.locator(".wsinb-count").inner_text()
        for row in page.locator(".wsinb-changes .wsinb-legend-row").all()
    }
    assert counts == {"added": "1", "deleted": "1", "moved": "1", "relabelled": "1", "changed": "0"}
    page.locator("[aria-label^='Fold the history']").click()
    page.locator(".wsinb-map").focus()
    for kind, place in (("added", SQUARE[1]), ("deleted", TUMOR[2].exterior.coords[0])):
        step_to(lab, kind)
        lab.until(functools.partial(is_painted, lab, place, rgb(KINDS[kind].color)), kind)
    step_to(lab, "relabelled")
    assert page.locator(".wsinb-fields").inner_text().split() == ["label", "tumor", "→", "stroma"]
    page.locator("[data-kind=added] input").uncheck()
    page.locator("[data-kind=moved] input").uncheck()
    page.locator(".wsinb-map").focus()
    step_to(lab, "deleted")
    assert page.locator(".wsinb-step").first.inner_text().endswith("of 2")
    page.locator(".wsinb-changes button", has_text="Restore").click()
    page.wait_for_selector(".wsinb-changes >> text=Restored")
    assert deleted["id"].iloc[0] in set(project.read("liver")["id"])
    page.keyboard.press("Shift+H")
    page.get_by_title("Compare two versions").click()
    form = page.locator(".wsinb-compare")
    form.locator("select").nth(0).select_option("main")
    form.locator("select").nth(1).select_option("v1")
    form.locator("button").click()
    page.wait_for_selector(".wsinb-changes .wsinb-subtitle:text-is('main → v1')")
    counts = page.locator(".wsinb-changes .wsinb-legend-row .wsinb-count").all_inner_texts()
    assert counts == ["0", "1", "1", "1", "0"], "the other way round, and one restored"


def test_a_conflict_is_resolved_by_clicking(lab, project):
    first, second = (shape.representative_point() for shape in TUMOR[:2])
    ids = [row_at(project, shape)["id"].iloc[0] for shape in TUMOR[:2]]
    lab.open_slide(project.path.name, "liver.tif")
    lab.select(first.x, first.y)
    lab.page.keyboard.press("s")
    lab.page.keyboard.press("Escape")
    lab.select(second.x, second.y)
    lab.drag((second.x, second.y), (second.x + 60, second.y + 40))
    lab.unsaved("2 unsaved")
    theirs = moved(row_at(project, TUMOR[1]), -120, 0)
    head = commit_as(project, "reader-2", "meanwhile", relabelled(row_at(project, TUMOR[0]), None), theirs)
    panel = lab.page.locator(".wsinb-conflicts")
    lab.page.keyboard.press("Control+s")
    panel.get_by_role("button", name="Back").click()
    lab.unsaved("2 unsaved")
    assert project.head() == head
    lab.page.locator(".wsinb-save button", has_text="Save").click()
    panel.wait_for()
    sentence = panel.locator(".wsinb-sentence").inner_text()
    assert sentence == "2 of your edits were changed by reader-2 meanwhile."
    for done in range(2):
        lab.page.wait_for_selector(f".wsinb-conflicts .wsinb-state:text-is('{done} of 2 chosen')")
        if "label" in panel.locator("[data-side=ours]").inner_text():
            panel.get_by_role("button", name="Keep mine", exact=True).first.click()
        else:
            lab.page.wait_for_function("!document.querySelector('.leaflet-zoom-anim, .leaflet-pan-anim')")
            lab._find_frame()
            outline = theirs.geometry.iloc[0].exterior
            lab.click(outline.bounds[0], outline.coords[int(np.argmin(outline.xy[0]))][1])
    lab.page.wait_for_selector(".wsinb-conflicts .wsinb-state:text-is('2 of 2 chosen')")
    panel.get_by_role("button", name="Save", exact=True).click()
    lab.unsaved("All saved")
    table = project.read("liver").set_index("id")
    assert table.loc[ids[0], "label"] == "stroma", "mine"
    assert table.loc[ids[1]].geometry.equals(theirs.geometry.iloc[0]), "theirs"


def test_a_branch_is_merged_in_the_panel(lab, project):
    project.branch("review")
    added = wsinb.new_annotations([shapely.Polygon(SQUARE)], label="stroma")
    commit_as(
        project,
        "reader-2",
        "reviewed",
        relabelled(row_at(project, TUMOR[0]), "stroma"),
        added,
        branch="review",
    )
    commit_as(project, "reader-1", "not sure", relabelled(row_at(project, TUMOR[0]), None))
    open_history(lab, project)
    lab.page.get_by_title("Merge another branch into this one").click()
    lab.page.locator(".wsinb-question select").select_option("review")
    lab.page.locator(".wsinb-question button", has_text="Merge").click()
    panel = lab.page.locator(".wsinb-conflicts")
    panel.wait_for()
    assert (
        panel.locator(".wsinb-sentence").inner_text() == "One annotation was changed on review and on main."
    )
    panel.get_by_role("button", name="Take review", exact=True).first.click()
    panel.get_by_role("button", name="Merge", exact=True).click()
    lab.page.wait_for_selector(".wsinb-label:has-text('stroma') .wsinb-count:text-is('2')")
    (merged,) = project.log(limit=1)
    assert merged.parents[1] == project.head("review")
    assert row_at(project, TUMOR[0])["label"].iloc[0] == "stroma"


def test_unsaved_edits_outlive_a_closed_page(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("polygon", *SQUARE)
    lab.page.wait_for_selector(".wsinb-mod-selected", state="attached")
    lab.page.keyboard.press("Escape")
    lab.page.wait_for_selector(".wsinb-mod-selected", state="detached")
    place = TUMOR[1].representative_point()
    lab.select(place.x, place.y)
    lab.page.keyboard.press("Delete")
    lab.unsaved("2 unsaved")
    lab.until(
        lambda: [(len(kept["features"]), len(kept["deleted"])) for kept in drafts(lab, project)] == [(1, 1)],
        "both edits are kept",
    )

    def reopen():
        context = lab.page.context
        lab.page.close()
        lab.page = context.new_page()
        lab.page.set_default_timeout(20_000)
        lab.open_slide(project.path.name, "liver.tif")

    reopen()
    offer = lab.page.locator(".wsinb-notice.wsinb-mod-ask")
    assert offer.locator("p").inner_text().startswith("You have 2 unsaved edits from ")
    offer.get_by_role("button", name="Restore").click()
    lab.unsaved("2 unsaved")
    lab.until(lambda: len(drafts(lab, project)) == 1, "the restored edits are kept")
    lab.save("after the crash")
    assert len(project.read("liver")) == 4
    assert not drafts(lab, project)
    lab.draw("polygon", *SQUARE)
    lab.until(lambda: drafts(lab, project), "the new edit is kept")
    reopen()
    offer = lab.page.locator(".wsinb-notice.wsinb-mod-ask")
    offer.get_by_role("button", name="Discard").click()
    lab.page.wait_for_selector(".wsinb-notice >> text=for good?")
    offer.get_by_role("button", name="Discard").click()
    lab.until(lambda: not drafts(lab, project), "what was discarded is forgotten")
    lab.unsaved("All saved")


def test_a_difference_shows_itself_in_a_cell(lab, project):
    project.tag("v1")
    second_reading(project)
    source = "import wsinb\nviewer = wsinb.open_project('.').diff('v1').view('liver')\nviewer"
    report = once("viewer.layer.compare is None", "print(viewer.layer.version, viewer.layer.compare)")
    open_notebook(lab, project, source, report)
    show_viewer(lab)
    lab.page.wait_for_selector(".wsinb-changes:visible")
    expect(lab.page.locator(".wsinb-step").first).to_have_text("4 changes")
    lab.page.locator(".wsinb-banner button").click()
    lab.page.wait_for_selector(".wsinb-save:visible")
    lab.run_cell(1)
    assert last_output(lab).split() == ["None", "None"]
