"""Python and TypeScript must agree on what they call themselves and on the traits they share."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import wsinb
from wsinb.tiles import SLIDE_SUFFIXES
from wsinb.view import SlideLayer
from wsinb.view.bundle import VIEW_MIME
from wsinb.view.difference import KINDS
from wsinb.view.layer import PROTOCOL

WIDGETS = Path(__file__).parents[2] / "widgets"


def source(name):
    return (WIDGETS / "src" / name).read_text()


def test_versions_agree():
    assert json.loads((WIDGETS / "package.json").read_text())["version"] == wsinb.__version__
    assert f"MODULE_VERSION = '{wsinb.__version__}'" in source("version.ts")


def test_protocols_agree():
    assert f"PROTOCOL = {PROTOCOL};" in source("types.ts")


def test_output_types_agree():
    assert f"VIEW_MIME = '{VIEW_MIME}'" in source("faces/output.ts")


@pytest.mark.parametrize("suffix", [s for s in SLIDE_SUFFIXES if s not in (".png", ".jpg", ".jpeg", ".jp2")])
def test_a_double_click_opens_what_python_reads(suffix):
    # .tif and .tiff are JupyterLab's own type, which the viewer claims
    assert suffix in (".tif", ".tiff") or f"'{suffix}'" in source("faces/filetypes.ts")


def test_the_twins_share_their_traits():
    state = re.search(r"interface SlideLayerState[^{]*\{(.*?)\n\}", source("faces/layer.ts"), re.DOTALL)
    in_browser = set(re.findall(r"^  (\w+): ", state.group(1), re.MULTILINE))
    own = set(SlideLayer.class_own_traits(sync=True))
    assert in_browser == {name for name in own if not name.startswith("_")}


def test_kinds_of_changes_look_alike():
    told = re.findall(
        r"(\w+): \{ name: '(\w+)', color: '(#\w+)', width: [\d.]+, dash: \[(.*?)\]",
        source("history/kinds.ts"),
    )
    in_browser = {
        key: (color, tuple(int(n) for n in dash.split(",") if n))
        for key, name, color, dash in told
        if key == name
    }
    assert in_browser == {kind: (style.color, style.dash) for kind, style in KINDS.items()}
