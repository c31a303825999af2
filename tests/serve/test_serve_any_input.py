"""Whatever comes in, one sentence goes out: no route answers any input with a server error."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wsinb
from wsinb.serve import Core, Request, Settings
from wsinb.serve.routes import ROUTES
from wsinb.tiles import write_pyramid


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    root = tmp_path_factory.mktemp("any")
    write_pyramid(np.full((600, 900, 3), 200, np.uint8), root / "a.tif")
    (root / "broken.tif").write_bytes((root / "a.tif").read_bytes()[:5000])
    project = wsinb.create_project(root / "study")
    project.slides.add(root / "a.tif", name="one")
    project.labels.add(wsinb.Label("tumor"))
    project.branch("side")
    core = Core(Settings(root))
    core.commit = project.head()
    yield core
    core.close()


odd = st.one_of(
    st.sampled_from(
        ["", "study", "one", "a.tif", "broken.tif", "main", "0", "-1", "1,2", "..", "/", "\0", "é", "\ud800"]
    ),
    st.text(max_size=30),
)
names = ["path", "project", "slide", "version", "branch", "limit", "size", "ids", "rows", "v"]
names += ["from", "to", "offset", "folder"]
queries = st.dictionaries(st.sampled_from(names), odd, max_size=5)
numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), numbers, odd, st.just("\x7f"), st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(odd, inner, max_size=3)),
    max_leaves=8,
)
members = ["branch", "base", "message", "upsert", "delete", "folder", "name", "path", "labels", "choices"]
versions = st.one_of(st.sampled_from(["main", "side"]), values)
version_members = ["name", "at", "from", "into", "commit", "ids", "message", "branch", "choices", "draft"]
draft_members = ["base", "set", "unset", "delete", "undelete", "metadata"]
param_names = ["x", "y", "cx", "cy", "r", "rx", "ry", "width", "height", "angle"]
feature_members = ["id", "shape", "shape_params", "label", "layer", "score", "geometry", "properties"]
geometries = st.fixed_dictionaries(
    {"type": st.sampled_from(["Point", "Polygon", "LineString", "MultiPolygon", "GeometryCollection"])},
    optional={"coordinates": st.one_of(values, st.lists(numbers, max_size=3)), "geometries": values},
)
features = st.dictionaries(st.sampled_from(feature_members), st.one_of(values, geometries), max_size=8)
bodies = st.fixed_dictionaries(
    {"project": st.one_of(st.just("study"), values), "slide": st.one_of(st.just("one"), values)},
    optional=dict.fromkeys(members, values) | {"upsert": st.lists(features, max_size=3)},
)


def check(response):
    assert response.status != 500, response.body
    for name, value in response.headers.items():
        assert not set("\r\n\0") & set(name + value)
    if response.status >= 400:
        answer = json.loads(response.body)
        assert {"error", "kind"} <= set(answer) <= {"error", "kind", "conflicts"}
        assert answer["error"]
        assert "Traceback" not in answer["error"]


READING = [route for route in ROUTES if route.method == "GET"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(route=st.sampled_from(READING), query=queries, whole=st.booleans())
def test_any_query(core, route, query, whole):
    if whole:
        query = {"project": "study", "slide": "one", **query}
    check(core.handle(Request("GET", route.example.replace("0a1b2c", core.commit), query)))


@settings(max_examples=150, deadline=None)
@given(path=st.text(max_size=60))
def test_any_address(core, path):
    check(core.handle(Request("GET", path, {"path": "a.tif"})))


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=40), held=st.text(max_size=40))
def test_any_name_of_an_associated_image(core, name, held):
    check(core.handle(Request("GET", f"associated/{name}", {"path": "a.tif"}, if_none_match=held)))


@settings(max_examples=150, deadline=None)
@given(feature=features)
def test_any_feature(core, feature):
    body = {"project": "study", "slide": "one", "base": core.commit, "upsert": [feature]}
    check(core.handle(Request("POST", "commit", body=json.dumps(body).encode())))


@settings(max_examples=100, deadline=None)
@given(
    shape=st.sampled_from(["point", "circle", "ellipse", "rectangle", "line", "polygon", "image"]),
    params=st.dictionaries(
        st.sampled_from(["x", "y", "cx", "cy", "r", "rx", "ry", "width", "height", "angle"]),
        st.one_of(numbers, st.just(10**400)),
    ),
    point=st.one_of(st.none(), st.lists(numbers, min_size=2, max_size=2)),
)
def test_any_shape_is_refused_or_can_be_drawn(core, shape, params, point):
    geometry = None if point is None else {"type": "Point", "coordinates": point}
    feature = {"shape": shape, "shape_params": params or None, "geometry": geometry, "label": "tumor"}
    study = {"project": "study", "slide": "one"}
    body = {**study, "base": core.commit, "upsert": [feature]}
    response = core.handle(Request("POST", "commit", body=json.dumps(body).encode()))
    check(response)
    if response.status == 200:
        meta = core.handle(Request("GET", "vector/meta", study))
        assert meta.status == 200
        commit = json.loads(meta.body)["version"]
        for zxy in ("0/0/0", "-3/0/0", "-31/-1/-1"):
            assert core.handle(Request("GET", f"vector/{commit}/{zxy}", study)).status == 200


@settings(max_examples=150, deadline=None)
@given(body=bodies)
def test_any_commit(core, body):
    body = {"base": core.commit, **body}
    check(core.handle(Request("POST", "commit", body=json.dumps(body).encode())))


@settings(max_examples=150, deadline=None)
@given(body=bodies, route=st.sampled_from(["labels", "project"]))
def test_any_labels_and_projects(core, body, route):
    check(core.handle(Request("POST", route, body=json.dumps(body).encode())))


WRITING = [route.example for route in ROUTES if route.method == "POST"]
VERSIONS = [example for example in WRITING if example not in {"commit", "labels", "project"}]


@settings(max_examples=300, deadline=None)
@given(
    body=st.fixed_dictionaries(
        {"project": st.one_of(st.just("study"), values), "slide": st.one_of(st.just("one"), values)},
        optional=dict.fromkeys([*version_members, *draft_members], versions)
        | {word: st.lists(st.one_of(features, values), max_size=2) for word in ("set", "choices")},
    ),
    route=st.sampled_from(VERSIONS),
    grounded=st.booleans(),
)
def test_any_branch_merge_and_draft(core, body, route, grounded):
    if grounded:
        body = {**body, "base": core.commit, "branch": "main", "draft": None}
    check(core.handle(Request("POST", route, body=json.dumps(body).encode())))


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=80), route=st.sampled_from(WRITING))
def test_any_bytes(core, body, route):
    check(core.handle(Request("POST", route, body=body)))


@pytest.fixture(autouse=True)
def no_logged_errors(caplog):
    with caplog.at_level(logging.ERROR):
        yield
    assert not caplog.records
