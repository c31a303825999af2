"""Who may ask: every route and verb of the table, with and without credentials."""

from __future__ import annotations

import http.client
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

import wsinb
from wsinb.serve.routes import ROUTES, find_route

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
EXAMPLES = sorted({route.example for route in ROUTES})
WRITING = [route for route in ROUTES if route.method == "POST"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.example}")
def test_the_table_finds_each_route_by_its_example(route):
    assert find_route(route.method, route.example)[0] is route


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("path", [*EXAMPLES, "no-such-route", ""])
def test_nothing_answers_without_a_token(server, verb, path):
    answer = server.anonymous().request(verb, path, body=b"{}" if verb == "POST" else None)
    assert answer.status in (302, 401, 403)
    for header in ("etag", "cache-control"):
        assert "immutable" not in answer.headers.get(header, "")


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_wrong_token_is_no_token(server, path):
    answer = server.anonymous().get(path, headers={"Authorization": "token wrong"})
    assert answer.status in (302, 401, 403)


NAMED = {(route.method, route.example) for route in ROUTES}


@pytest.mark.parametrize(("verb", "path"), sorted(set(itertools.product(VERBS, EXAMPLES)) - NAMED))
def test_a_verb_that_the_table_does_not_name_is_refused(server, verb, path):
    assert server.request(verb, path, body=b"{}").status == 405


def test_an_unknown_address_is_not_found(server):
    answer = server.get("no-such-route")
    assert answer.status == 404
    assert answer.json["kind"] == "NotServed"


@pytest.fixture(scope="module")
def browser(server):
    """Headers of a browser that logged in: cookies, and no token."""
    cookies = []
    for page in (f"login?token={server.token}", "login"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", server.base_url + page)
        cookies += connection.getresponse().headers.get_all("Set-Cookie", [])
        connection.close()
    pairs = [cookie.split(";")[0] for cookie in cookies]
    return {"Cookie": "; ".join(pairs), "Host": f"127.0.0.1:{server.port}"}


def xsrf(browser):
    return next(pair.split("=", 1)[1] for pair in browser["Cookie"].split("; ") if pair.startswith("_xsrf"))


def test_a_browser_reads_with_its_cookie(server, browser):
    page = f"http://127.0.0.1:{server.port}/user/alice/lab"
    answer = server.anonymous().get("version", headers={**browser, "Referer": page})
    assert answer.status == 200
    assert answer.json["protocol"] == 1


@pytest.mark.parametrize("route", WRITING, ids=lambda route: route.example)
def test_a_browser_cannot_write_without_the_xsrf_token(server, browser, route):
    answer = server.anonymous().request(route.method, route.example, body=b"{}", headers=browser)
    assert answer.status == 403
    assert "xsrf" in answer.json["error"].lower()


@pytest.mark.parametrize("route", WRITING, ids=lambda route: route.example)
def test_a_browser_with_the_xsrf_token_reaches_the_route(server, browser, route):
    headers = {**browser, "X-XSRFToken": xsrf(browser)}
    answer = server.anonymous().request(route.method, route.example, body=b"{}", headers=headers)
    assert answer.status == 400
    assert answer.json["kind"] == "InvalidInput"


@pytest.mark.parametrize("route", WRITING, ids=lambda route: route.example)
def test_another_site_cannot_write(server, browser, route):
    headers = {**browser, "X-XSRFToken": xsrf(browser), "Origin": "http://evil.example"}
    answer = server.anonymous().request(route.method, route.example, body=b"{}", headers=headers)
    assert answer.status in (403, 404)


def test_loading_the_extension_imports_nothing_heavy():
    code = """
import json, sys
from jupyter_server.serverapp import ServerApp
options = ["--no-browser", "--allow-root", "--port=0", "--ServerApp.jpserver_extensions", "wsinb=True"]
app = ServerApp()
app.initialize(options, new_httpserver=False)
point = app.extension_manager.extensions["wsinb"].extension_points["wsinb"]
heavy = ["numpy", "pandas", "pyarrow", "geopandas", "shapely", "numba", "sklearn", "skimage", "scipy"]
heavy += ["large_image", "openslide", "pyvips", "tifffile", "cv2", "simplejpeg", "ipyleaflet", "papermill"]
print("RESULT", json.dumps([point.app.workers is not None, [name for name in heavy if name in sys.modules]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    assert json.loads(line.removeprefix("RESULT")) == [True, []]


def test_the_configuration_that_is_installed_enables_the_extension():
    file = Path(__file__).parents[2] / "jupyter_config" / "wsinb.json"
    assert json.loads(file.read_text()) == {"ServerApp": {"jpserver_extensions": {"wsinb": True}}}
    (point,) = wsinb._jupyter_server_extension_points()
    assert (point["module"], point["app"].name) == ("wsinb.serve.extension", "wsinb")
