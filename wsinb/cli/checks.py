"""What `wsinb doctor` looks at: one function, one check."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

__all__ = ["CHECKS", "Finding", "run_checks"]

# what is imported, where the name differs from the package's
IMPORTS = {
    "ipython": "IPython",
    "pillow": "PIL",
    "pyzmq": "zmq",
    "large-image": "large_image",
    "large-image-source-dicom": "large_image_source_dicom",
    "large-image-source-openslide": "large_image_source_openslide",
    "large-image-source-pil": "large_image_source_pil",
    "large-image-source-tifffile": "large_image_source_tifffile",
    "opencv-python-headless": "cv2",
    "openslide-bin": "openslide_bin",
    "pyvips-binary": "pyvips",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}
REINSTALL = "install it by `pip install --force-reinstall wsinb`"


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes
    ----------
    name : str
        What was looked at.
    ok : bool
    detail : str
        What was found.
    remedy : str
        What to do; empty if nothing is wrong.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def check_python() -> Iterator[Finding]:
    """Python is 3.11 or newer."""
    text = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    yield Finding("python", ok, text, "" if ok else "use Python 3.11 or newer")


def check_packages() -> Iterator[Finding]:
    """Every dependency can be imported and has a version that wsinb allows."""
    from packaging.requirements import Requirement

    for text in _requirements():
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        name = requirement.name
        try:
            importlib.import_module(IMPORTS.get(name, name.replace("-", "_")))
            found = version(name)
        except PackageNotFoundError:
            yield Finding(name, False, "not installed", f"pip install '{requirement}'")
        except Exception as error:  # noqa: BLE001 - a package may fail to import in any way
            yield Finding(
                name, False, f"cannot be imported: {error}", f"pip install --force-reinstall '{name}'"
            )
        else:
            ok = requirement.specifier.contains(found, prereleases=True)
            yield Finding(name, ok, found, "" if ok else f"pip install '{requirement}'")


def check_slide() -> Iterator[Finding]:
    """Write a small slide and read it back."""
    import numpy as np

    from wsinb.tiles import open_slide, write_pyramid

    image = np.full((512, 512, 3), (200, 120, 160), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = write_pyramid(image, Path(folder) / "tiny.tiff", mpp=0.5)
        with open_slide(path) as slide:
            pixels = slide.read(0, 0, 64, 64, um_per_px=1.0)
            ok = slide.size == (512, 512) and bool(np.abs(pixels.astype(int) - image[0, 0]).max() < 8)
            detail = f"{slide.source_name}, {slide.size[0]} x {slide.size[1]} px, {slide.mpp} µm per px"
    yield Finding("slide", ok, detail, "" if ok else REINSTALL)


def check_numba() -> Iterator[Finding]:
    """Numba compiles and runs."""
    import numba

    njit: Any = numba.njit

    @njit  # type: ignore[untyped-decorator]
    def total(n: int) -> int:
        found = 0
        for i in range(n):
            found += i
        return found

    ok = total(10) == 45
    yield Finding("numba compiles", ok, f"{numba.get_num_threads()} threads", "" if ok else REINSTALL)


def check_jupyterlab() -> Iterator[Finding]:
    """JupyterLab sees our extension, in the version of the package."""
    from jupyter_core.paths import jupyter_path

    from wsinb import __version__

    folders = [Path(path) / "wsinb" for path in jupyter_path("labextensions")]
    folder = next((path for path in folders if (path / "package.json").is_file()), None)
    if folder is None:
        remedy = f"{REINSTALL} into the environment of JupyterLab ({sys.prefix})"
        yield Finding("JupyterLab extension", False, "not found", remedy)
        return
    found = json.loads((folder / "package.json").read_text()).get("version")
    ok = found == __version__
    remedy = "" if ok else f"{REINSTALL}: the package is {__version__}"
    yield Finding("JupyterLab extension", ok, f"{found} in {folder}", remedy)


def check_server() -> Iterator[Finding]:
    """Find the server extension enabled, and load it."""
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager
    from jupyter_server.extension.manager import ExtensionPackage

    manager: Any = ExtensionConfigManager(read_config_path=jupyter_config_path())
    enabled = manager.get_jpserver_extensions()
    if not enabled.get("wsinb"):
        remedy = "run `jupyter server extension enable wsinb`"
        yield Finding("server extension", False, "not enabled", remedy)
        return
    package: Any = ExtensionPackage(name="wsinb", enabled=True)  # type: ignore[no-untyped-call]
    ok = package.validate()
    detail = "enabled" if ok else "enabled, but cannot be loaded"
    yield Finding("server extension", ok, detail, "" if ok else REINSTALL)


def check_kernel() -> Iterator[Finding]:
    """Notebooks of this environment get a kernel of this environment."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding("kernel", False, "no kernel python3", "run `python -m ipykernel install --sys-prefix`")
        return
    program = spec.argv[0]
    ours = program in ("python", "python3") or Path(program).resolve() == Path(sys.executable).resolve()
    remedy = "" if ours else "run `python -m ipykernel install --sys-prefix`: another Python would be started"
    yield Finding("kernel", ours, f"python3: {program}", remedy)


def check_temporary() -> Iterator[Finding]:
    """Write a temporary file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"wsinb")
    yield Finding("temporary folder", True, tempfile.gettempdir())


CHECKS: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("python", check_python),
    ("packages", check_packages),
    ("slide", check_slide),
    ("numba compiles", check_numba),
    ("JupyterLab extension", check_jupyterlab),
    ("server extension", check_server),
    ("kernel", check_kernel),
    ("temporary folder", check_temporary),
)


def run_checks() -> Iterator[Finding]:
    """Yield what every check finds; a check that fails in an unforeseen way is a finding too."""
    for name, check in CHECKS:
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - the doctor reports whatever is broken
            yield Finding(name, False, f"{type(error).__name__}: {error}", _remedy(name))


def _remedy(name: str) -> str:
    if name == "temporary folder":
        return "set TMPDIR to a folder that can be written and has room"
    return REINSTALL


def _requirements() -> list[str]:
    """Return what wsinb requires without extras: from its metadata, or in a checkout from pyproject.toml."""
    try:
        texts = requires("wsinb") or []
    except PackageNotFoundError:
        import tomllib

        project = Path(__file__).parents[2] / "pyproject.toml"
        texts = tomllib.loads(project.read_text())["project"]["dependencies"]
    return [text for text in texts if "extra ==" not in text]
