"""`wsinb doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from wsinb.cli.output import echo_json, output_option

__all__ = ["command"]

ROOT = "wsinb.doctor/1"


@click.command("doctor")
@output_option
def command(output: str) -> int:
    """Check the installation and say what is wrong, with a remedy."""
    from wsinb.cli.checks import run_checks

    findings = []
    for finding in run_checks():
        findings.append(finding)
        if output == "text":
            mark = "ok   " if finding.ok else "WRONG"
            click.echo(f"{mark} {finding.name}: {finding.detail}")
            if finding.remedy:
                click.echo(f"      {finding.remedy}")
    wrong = sum(not finding.ok for finding in findings)
    if output == "json":
        echo_json(ROOT, {"ok": not wrong, "findings": [asdict(finding) for finding in findings]})
    elif wrong:
        click.echo(f"{wrong} of {len(findings)} checks failed.")
    else:
        click.echo("Everything is in place.")
    return 1 if wrong else 0
