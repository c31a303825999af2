"""The `wsinb` command: its verbs, and how errors become exit codes."""

from __future__ import annotations

import importlib
import sys
from typing import Any, NoReturn

import click

from wsinb import __version__
from wsinb.errors import StorageError, WsinbError

__all__ = ["VERBS", "cli", "main"]

# a verb's help is here as well, so that `wsinb --help` imports none of them
VERBS = {
    "blame": "Tell who changed an annotation, when and how.",
    "branch": "List, make or delete branches.",
    "compact": "Put tables in as few files as they need.",
    "demo": "Make a demo project and open it in JupyterLab.",
    "diff": "Tell what changed between two versions.",
    "doctor": "Check the installation and say what is wrong.",
    "export": "Write the annotations of a version to a folder.",
    "gc": "Remove files that no version needs.",
    "jobs": "List the jobs that can be run.",
    "log": "List the versions of a project.",
    "merge": "Merge a branch into another.",
    "pipeline": "Run the jobs of a file one after another.",
    "rerun": "Repeat a run of a job and say whether its result is the same.",
    "restore": "Set annotations back to what they were at a version.",
    "resume": "Go on with a run that was interrupted or failed.",
    "revert": "Undo what one version did, as a new commit.",
    "run": "Run a notebook as a job on slides of a project.",
    "runs": "List the runs of jobs, with states and metrics.",
    "show": "Show one version and what it changed.",
    "status": "Tell how large the tables are and what is not committed.",
    "tag": "List, make or delete tags.",
    "verify": "Read every file again and name what is damaged.",
    "verify-run": "Check that all that a run was made of is still there.",
}
INTERRUPTED = 130


class _Verbs(click.Group):
    """A group that imports the module of a verb when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"wsinb.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wsinb")
def cli() -> None:
    """Whole-slide images in notebooks: projects, versions and jobs."""


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    Parameters
    ----------
    args : list of str, optional
        The words after ``wsinb``; those of the process by default.

    Raises
    ------
    SystemExit
        Always. 0 is success, 2 a wrong call, 130 an interrupt, else the `exit_code` of the `WsinbError`.
    """
    sys.exit(_exit_code(args))


def _exit_code(args: list[str] | None) -> int:
    try:
        outcome: Any = cli.main(args, prog_name="wsinb", standalone_mode=False)
    except WsinbError as error:
        click.echo(f"wsinb: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("wsinb: interrupted; nothing half-done was stored.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader has enough (`wsinb log | head`): leave without the traceback of the closing flush
        sys.stdout = None
        return 0
    except OSError as error:
        # a full disk behind stdout, a temporary folder that is gone: whatever no room has explained
        place = f" ({error.filename})" if error.filename else ""
        click.echo(f"wsinb: {error.strerror or error}{place}: check that place and its disk.", err=True)
        return StorageError.exit_code
    return outcome if isinstance(outcome, int) else 0
