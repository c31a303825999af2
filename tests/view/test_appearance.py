"""Settings of a viewer: one set of values, whoever changes them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traitlets import TraitError

import wsinb
from wsinb.errors import InvalidInput, UnknownColumn, UnknownVersion
from wsinb.serve import Core, Request, Settings
from wsinb.view import SlideLayer
from wsinb.view.appearance import Appearance
from wsinb.view.settings import LOOK, PICTURE

SOURCE = {"path": "/slides/a.tif"}


def pair():
    settings, layer = Appearance(), SlideLayer(source=SOURCE)
    settings.follow(layer)
    return settings, layer


def test_a_plain_viewer_carries_plain_settings():
    _, layer = pair()
    assert (layer.look, layer.picture, layer.selection) == (LOOK, PICTURE, [])


def test_what_python_sets_goes_to_the_browser():
    settings, layer = pair()
    settings.color_by = "score"
    settings.layer_settings = {"model": {"visible": False}}
    settings.plane = (2, 0)
    settings.selection = ["a", "b"]
    assert layer.look == {**LOOK, "color_by": "score", "layers": {"model": {"visible": False}}}
    assert layer.picture == {**PICTURE, "z": 2}
    assert layer.selection == ["a", "b"]


def test_what_the_browser_sets_can_be_observed():
    settings, layer = pair()
    heard = []
    settings.observe(lambda change: heard.append((change["name"], change["new"])))
    layer.look = {**LOOK, "threshold": 0.25}
    layer.picture = {**PICTURE, "t": 7, "gamma": 2}
    layer.selection = ["a"]
    assert heard == [("threshold", 0.25), ("plane", (0, 7)), ("gamma", 2.0), ("selection", ["a"])]
    assert layer.look["threshold"] == 0.25
    assert layer.picture["t"] == 7


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "threshold": st.floats(0, 1),
            "opacity": st.floats(0, 1),
            "fill": st.booleans(),
            "color_by": st.sampled_from(["label", "layer", "verified"]),
            "gamma": st.floats(0.1, 10),
            "invert": st.booleans(),
            "selection": st.lists(st.text(max_size=3), max_size=3),
        },
    ),
    st.fixed_dictionaries(
        {}, optional={"threshold": st.floats(0, 1), "color_by": st.sampled_from(["score", "layer"])}
    ),
)
def test_both_sides_say_the_same_after_any_changes(by_python, by_browser):
    settings, layer = pair()
    for name, value in by_python.items():
        setattr(settings, name, value)
    layer.look = {**layer.look, **by_browser}
    assert layer.look == settings.look
    assert layer.picture == settings.image_settings
    assert {**by_python, **by_browser}.items() <= {
        name: getattr(settings, name) for name in settings.trait_names()
    }.items()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 1.5),
        ("opacity", float("nan")),
        ("brightness", -2),
        ("gamma", 0),
        ("plane", (-1, 0)),
        ("colors", {"a": "red"}),
        ("colors", {"a": "#12345"}),
        ("layer_settings", {"a": {"visibel": True}}),
        ("layer_settings", {"a": {"opacity": 2}}),
        ("layer_settings", {"a": {"visible": 1}}),
        ("channels", [{"visible": True}]),
        ("channels", [{"visible": True, "color": "x", "low": 0, "high": 1}]),
    ],
)
def test_values_that_make_no_sense_are_refused_and_change_nothing(name, value):
    settings, layer = pair()
    before = getattr(settings, name)
    with pytest.raises(InvalidInput):
        setattr(settings, name, value)
    assert getattr(settings, name) == before
    assert (layer.look, layer.picture) == (LOOK, PICTURE)


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("look", {"threshold": "high"}),
        ("look", {"colour": "score"}),
        ("look", {"layers": []}),
        ("look", {"since": 3}),
        ("picture", {"z": float("nan")}),
        ("picture", {"channels": [{"visible": True, "color": "#000000", "low": 0}]}),
        ("link", {"group": "a"}),
        ("link", {"group": "a", "affine": [0, 0, 0, 0, 0, 0]}),
        ("link", {"group": "a", "affine": [1, 0, 0, 0, 1, "x"]}),
        ("draft", {"id": 3, "revision": 1}),
    ],
)
def test_what_a_browser_must_not_send_is_refused(trait, value):
    layer = SlideLayer(source=SOURCE)
    before = getattr(layer, trait)
    with pytest.raises(TraitError):
        setattr(layer, trait, value)
    assert getattr(layer, trait) == before


def test_a_column_that_is_not_there_is_refused_with_a_near_name(project):
    viewer = project.view("liver")
    with pytest.raises(UnknownColumn, match="created_by"):
        viewer.color_by = "created_bye"
    assert viewer.color_by == "label"
    project.columns.add("area", "float")
    viewer.color_by = "area"
    assert viewer.layer.look["color_by"] == "area"


def test_python_and_the_server_know_the_same_columns(project):
    project.columns.add("grade", "text")
    viewer = project.view("liver")
    core = Core(Settings(project.path))
    query = {"project": str(project.path), "slide": "liver"}
    told = json.loads(core.handle(Request("GET", "vector/meta", query)).body)["columns"]
    core.close()
    for name in ("label", "layer", "score", *(column["name"] for column in told)):
        viewer.color_by = name
        assert viewer.layer.look["color_by"] == name
    with pytest.raises(UnknownColumn) as caught:
        viewer.color_by = "changes"
    assert "'change'" in str(caught.value)


def test_changes_are_coloured_since_a_version_that_exists(project):
    project.tag("first", at="main")
    viewer = project.view("liver", color_by="change", since="first")
    assert (viewer.layer.look["color_by"], viewer.layer.look["since"]) == ("change", "first")
    with pytest.raises(UnknownVersion, match="first"):
        viewer.since = "frist"
    assert viewer.since == "first"
    viewer.since = None
    assert viewer.layer.look["since"] is None
    viewer.layer.look = {**LOOK, "since": project.head()}
    assert viewer.since == project.head()


def test_a_version_that_is_gone_does_not_keep_other_settings_back(project):
    project.branch("trial")
    viewer = project.view("liver", since="trial")
    project.delete_branch("trial")
    viewer.layer.look = {**viewer.layer.look, "threshold": 0.5}
    assert (viewer.since, viewer.threshold) == ("trial", 0.5)


def test_since_needs_a_project(slide_path):
    with pytest.raises(InvalidInput, match="needs a project"):
        wsinb.open_slide(slide_path).view().since = "main"


def test_planes_and_channels_that_the_slide_lacks_are_refused(project):
    viewer = project.view("liver")
    with pytest.raises(InvalidInput, match="z = 3"):
        viewer.plane = (3, 0)
    channel = {"visible": True, "color": "#ff0000", "low": 0, "high": 255}
    with pytest.raises(InvalidInput, match="1 channels"):
        viewer.channels = [channel, channel]


def test_settings_can_be_given_when_the_viewer_is_made(project):
    viewer = project.view("liver", color_by="layer", threshold=0.5, invert=True)
    assert (viewer.layer.look["color_by"], viewer.layer.look["threshold"]) == ("layer", 0.5)
    assert viewer.layer.picture["invert"] is True
