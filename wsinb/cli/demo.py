"""`wsinb demo`."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["command"]


@click.command("demo")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("wsinb-demo"))
@click.option("--headless", is_flag=True, help="Do everything but start JupyterLab.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object about the demo.")
@click.option(
    "--size", type=click.IntRange(2048, 100_000), help="Side of the slide in pixels.  [default: 20480]"
)
@click.option("--no-browser", is_flag=True, help="Start JupyterLab without opening a browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of JupyterLab.")
def command(
    folder: Path, headless: bool, as_json: bool, size: int | None, no_browser: bool, port: int | None
) -> int:
    """Make a demo project in FOLDER (./wsinb-demo by default) and open its tour in JupyterLab.

    A painted slide of stained tissue with known tumour regions is made, a model is trained on some of them
    and applied to the whole slide, and the result is compared with the regions that it has not seen.
    A finished demo is opened again as it is.
    """
    from wsinb.demo import make_demo, start_lab

    report = make_demo(folder, size=size, progress=True)
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        for line in report.lines():
            click.echo(line, err=not headless)
    if headless:
        return 0
    return start_lab(folder, browser=not no_browser, port=port)
