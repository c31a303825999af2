"""What an installation holds, and how little `import wsinb` loads."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import wsinb

ROOT = Path(__file__).parent.parent
HEAVY = ["numpy", "pandas", "pyarrow", "geopandas", "numba", "sklearn", "cv2", "large_image", "IPython"]


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, wsinb; print([m for m in {HEAVY!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "[]"


@pytest.mark.parametrize("name", [n for n in wsinb.__all__ if n != "__version__"])
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(wsinb, name).__doc__
    assert name in dir(wsinb)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        wsinb.no_such_name  # noqa: B018


def test_versions_agree() -> None:
    package = json.loads((ROOT / "widgets" / "package.json").read_text())
    assert package["version"] == wsinb.__version__
    try:
        installed = metadata.version("wsinb")
    except metadata.PackageNotFoundError:
        pytest.fail("wsinb is not installed in this environment: run `pip install .`")
    assert installed == wsinb.__version__


def test_the_prebuilt_extension_is_installed() -> None:
    folder = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "wsinb"
    assert (folder / "package.json").is_file(), f"no prebuilt extension in {folder}: run `pip install .`"
    assert json.loads((folder / "package.json").read_text())["version"] == wsinb.__version__
    # an editable install links the folder of the build, which has no install.json
    assert folder.is_symlink() or (folder / "install.json").is_file()


def test_the_server_extension_is_enabled() -> None:
    config = Path(sys.prefix) / "etc" / "jupyter" / "jupyter_server_config.d" / "wsinb.json"
    assert json.loads(config.read_text())["ServerApp"]["jpserver_extensions"] == {"wsinb": True}
