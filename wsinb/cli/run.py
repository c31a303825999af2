"""`wsinb run`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from wsinb.cli.output import echo_json, output_option, project_option
from wsinb.cli.results import echo_result

if TYPE_CHECKING:
    from wsinb.jobs import Parameter
    from wsinb.project import Project

__all__ = ["command"]

PARAMETERS_ROOT = "wsinb.parameters/1"


@click.command("run", add_help_option=False)
@click.argument("name", required=False)
@project_option
@click.option(
    "--slides", "-s", multiple=True, metavar="PATTERN", help="Slides by name or pattern.  [default: all]"
)
@click.option("--version", "-v", metavar="VERSION", help="Version that is read.  [default: the head]")
@click.option("--branch", "-b", default="main", show_default=True, help="Branch that the job commits to.")
@click.option("--author", metavar="NAME", help="Author of the commit; you by default.")
@click.option(
    "--parameter", "-p", "assignments", multiple=True, metavar="KEY=VALUE", help="A parameter of the job."
)
@click.option(
    "--scheduler", default="threads", show_default=True, help="threads, processes, tcp://..., gateway."
)
@click.option(
    "--workers", "-j", type=click.IntRange(min=1), default=1, show_default=True, help="Tasks at a time."
)
@click.option("--time-limit", type=float, metavar="SECONDS", help="For each task.")
@click.option("--memory-limit", metavar="BYTES", help="For the kernel of each task, such as '4 GB'.")
@click.option("--retries", type=click.IntRange(min=0), default=1, show_default=True, help="For lost workers.")
@click.option(
    "--commit/--no-commit", default=True, help="Whether annotations are committed.  [default: commit]"
)
@click.option("--reuse", is_flag=True, help="Take an earlier run whose causes did not change.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@click.option("--parameters", "list_parameters", is_flag=True, help="List the job's parameters and stop.")
@output_option
@click.option("--help", "-h", "show_help", is_flag=True, help="Show this message and the job's parameters.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    name: str | None,
    project: str,
    slides: tuple[str, ...],
    assignments: tuple[str, ...],
    quiet: bool,
    list_parameters: bool,
    output: str,
    show_help: bool,
    **options: Any,
) -> None:
    """Run the notebook NAME (a shipped job, or a path) as a job on slides of a project."""
    if show_help or name is None:
        _help(ctx, name, project)
        if not show_help:
            ctx.exit(2)
        return
    if list_parameters:
        _list_parameters(name, project, output)
        return
    from wsinb.cli.projects import open_nearest
    from wsinb.jobs import find_job, run

    opened = open_nearest(project)
    values = read_assignments(assignments, find_job(name, opened).parameters, name)
    chosen = list(slides) or None
    result = run(opened, name, slides=chosen, progress=not quiet, **options, **values)
    echo_result(result, output)


def read_assignments(assignments: tuple[str, ...], declared: list[Any], job: str) -> dict[str, Any]:
    """Return the values of ``key=value`` texts by the types that a job declares.

    Parameters
    ----------
    assignments : tuple of str
        As given on the command line; a list may be given by commas or by several assignments.
    declared : list of wsinb.jobs.Parameter
        What the job takes.
    job : str
        Its name, for the messages.

    Raises
    ------
    InvalidParameter
        If an assignment has no ``=``, an unknown key, or a value of another type.
    """
    from wsinb.errors import InvalidParameter
    from wsinb.jobs.parameters import unknown_name
    from wsinb.jobs.planning import INPUTS

    known = {parameter.name: parameter for parameter in declared}
    texts: dict[str, list[str]] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise InvalidParameter(f"Parameter {assignment!r} has no value; write -p {assignment}=VALUE.")
        if key not in known:
            raise InvalidParameter(unknown_name(key, list(known), job))
        if key in INPUTS:
            raise InvalidParameter(f"Give {key!r} by the option --{key}, not by -p.")
        texts.setdefault(key, []).append(text)
    return {key: known[key].parse(given) for key, given in texts.items()}


def _help(ctx: click.Context, name: str | None, project: str) -> None:
    from wsinb.jobs import job_names

    click.echo(ctx.get_help())
    click.echo(f"\nJobs: {', '.join(job_names(_project_of(project)))}")
    if name is not None:
        click.echo()
        _list_parameters(name, project, "text")


def _project_of(folder: str) -> Project | None:
    """Return the project that is meant, or None: what jobs take can be asked without one."""
    from wsinb.cli.projects import open_nearest
    from wsinb.errors import UnknownProject

    try:
        return open_nearest(folder)
    except UnknownProject:
        return None


def _list_parameters(name: str, project: str, output: str) -> None:
    from wsinb.jobs import find_job
    from wsinb.jobs.planning import INPUTS

    declared = find_job(name, _project_of(project)).parameters
    if output == "json":
        echo_json(PARAMETERS_ROOT, [asdict(parameter) for parameter in declared])
        return
    click.echo(f"Parameters of {name}:")
    rows = [
        (f"  {p.name}: {p.type}" + ("" if p.required else f" = {p.default!r}"), _explained(p))
        for p in declared
        if p.name not in INPUTS
    ]
    width = max((len(left) for left, _ in rows), default=0)
    for left, right in rows:
        click.echo(f"{left.ljust(width)}  {right}".rstrip())


def _explained(parameter: Parameter) -> str:
    """Return the help of a parameter with what it may be."""
    allowed = parameter.range or (f"unit {parameter.unit}" if parameter.unit else "")
    if parameter.choices:
        allowed = "one of " + ", ".join(map(str, parameter.choices))
    return "; ".join(filter(None, (parameter.help, allowed)))
