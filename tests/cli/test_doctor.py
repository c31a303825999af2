from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator

import pytest

from wsinb.cli import checks, main


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        main(["doctor", *words])
    return int(left.value.code or 0), capsys.readouterr().out


def only(monkeypatch: pytest.MonkeyPatch, *kept: tuple) -> None:
    monkeypatch.setattr(checks, "CHECKS", kept)


def test_nothing_is_wrong_where_wsinb_is_installed():
    findings = {finding.name: finding for finding in checks.run_checks()}
    assert [finding for finding in findings.values() if not finding.ok] == []
    assert {"python", "numpy", "pillow", "slide", "numba compiles", "kernel"} <= set(findings)
    assert {"JupyterLab extension", "server extension", "temporary folder"} <= set(findings)
    assert all(finding.remedy == "" for finding in findings.values())


def test_what_is_wrong_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(checks, "_requirements", lambda: ["no-such-package>=1", "numpy>=99", "click"])
    only(monkeypatch, ("packages", checks.check_packages))
    code, out = call(capsys)
    assert code == 1
    assert "WRONG no-such-package" in out
    assert "pip install 'numpy>=99'" in out
    assert "ok    click" in out
    assert "2 of 3 checks failed." in out


def test_a_check_that_raises_is_a_finding(monkeypatch: pytest.MonkeyPatch, capsys):
    def broken() -> Iterator[checks.Finding]:
        raise OSError("libvips is gone")
        yield

    only(monkeypatch, ("slide", broken))
    code, out = call(capsys, "-o", "json")
    report = json.loads(out)["wsinb.doctor/1"]
    assert code == 1
    assert report["ok"] is False
    assert report["findings"][0]["detail"] == "OSError: libvips is gone"
    assert report["findings"][0]["remedy"]


def test_a_temporary_folder_that_is_gone_is_found(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent/folder")
    only(monkeypatch, ("temporary folder", checks.check_temporary))
    code, out = call(capsys)
    assert code == 1
    assert "set TMPDIR" in out


def test_a_missing_extension_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path.joinpath(*parts))])
    (finding,) = checks.check_jupyterlab()
    assert not finding.ok
    folder = tmp_path / "labextensions" / "wsinb"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "0.0.1"}')
    (finding,) = checks.check_jupyterlab()
    assert not finding.ok
    assert "the package is" in finding.remedy


def test_all_in_order_leaves_with_zero(monkeypatch: pytest.MonkeyPatch, capsys):
    only(monkeypatch, ("python", checks.check_python))
    assert call(capsys) == (0, "ok    python: " + capsys_version() + "\nEverything is in place.\n")


def capsys_version() -> str:
    import platform

    return platform.python_version()
