"""Runs in processes of their own, which outlive whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, StorageError
from wsinb.jobs.live import live_folder
from wsinb.jobs.runs import RunStore

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["cancel", "start_process"]

OUTPUT = "output.txt"


def start_process(project: Project, run: str) -> subprocess.Popen[bytes]:
    """Carry out a run that was planned, or go on with one, in a new process that outlives this one.

    Parameters
    ----------
    project : Project
    run : str
        Id of the run.

    Raises
    ------
    StorageError
        If the process cannot be started.
    """
    command = [sys.executable, "-m", "wsinb", "resume", run, "--project", project.url, "--quiet"]
    folder = live_folder(run)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / OUTPUT).open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a closed terminal or a stopped server does not end it
            )
    except OSError as error:
        raise StorageError(
            f"No process could be started for run {run} ({error.strerror}): check the disk and its limits."
        ) from error


def cancel(project: Project, run: str) -> None:
    """Stop a run that goes on on this machine; what is done stays done, see `resume`.

    Parameters
    ----------
    project : Project
    run : str
        Id of the run, or its beginning or end.

    Raises
    ------
    UnknownRun
        If there is no such run.
    InvalidInput
        If it does not go on, or does so on another machine.
    """
    runs = RunStore(project.repository.store)
    id_ = runs.find(run)
    start, state = runs.last_start(id_), runs.state(id_)
    if start is not None and state == "unknown":
        raise InvalidInput(f"Run {id_} was begun on the machine {start.host!r}: cancel it there.")
    if start is None or state != "running":
        raise InvalidInput(f"Run {id_} is {state}: there is nothing to cancel.")
    with suppress(ProcessLookupError):
        os.kill(start.pid, signal.SIGINT)
