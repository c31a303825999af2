"""`plan_run`: everything that was asked for, checked and pinned before a kernel starts."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, InvalidParameter
from wsinb.jobs.parameters import Parameter, validate
from wsinb.jobs.registry import find_job
from wsinb.jobs.runs import Plan
from wsinb.jobs.runs.plan import new_run_id
from wsinb.jobs.schedule import check_scheduler
from wsinb.jobs.select import select_slides
from wsinb.numbers import real

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["INPUTS", "plan_run"]

INPUTS = ("project", "slides", "version", "branch")
"""Parameters of a notebook that are set by arguments of `run`."""

_MEMORY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?)i?B?\s*", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def plan_run(
    project: Project,
    name: str,
    values: Mapping[str, object],
    *,
    slides: str | Iterable[str] | None = None,
    version: str | None = None,
    branch: str = "main",
    author: str | None = None,
    commit: bool = True,
    scheduler: str = "threads",
    workers: int = 1,
    time_limit: float | None = None,
    memory_limit: int | str | None = None,
    retries: int = 1,
) -> Plan:
    """Check everything that was asked for and pin what the job reads; see `wsinb.jobs.run`."""
    from wsinb.versions.author import check_author

    job = find_job(name, project)
    signed = check_author(author)
    limits = {
        "scheduler": check_scheduler(scheduler),
        "workers": _count("workers", workers, 1),
        "retries": _count("retries", retries, 0),
        "time_limit": None if time_limit is None else _seconds(time_limit),
        "memory_limit": None if memory_limit is None else _bytes(memory_limit),
    }
    declared = job.parameters
    for reserved in INPUTS:
        if reserved in values:
            raise InvalidParameter(
                f"Give {reserved!r} as an argument of run, not as a parameter of {job.name!r}."
            )
    takes = [parameter.name for parameter in declared if parameter.name in INPUTS]
    if slides is not None and "slides" not in takes:
        raise InvalidParameter(f"Job {job.name!r} takes no slides; leave them out.")
    # before the store is asked, so that a misspelt name is answered at once
    validate([p for p in declared if p.name not in INPUTS], values, job.name)
    input_version = project.resolve(branch if version is None else version)
    names = _slides(project, slides, input_version, declared, values) if "slides" in takes else []
    given = {"project": project.url, "slides": names, "version": input_version, "branch": branch}
    parameters = validate(declared, {**values, **{input_: given[input_] for input_ in takes}}, job.name)
    parameters.pop("slides", None)
    source = project.repository.artifacts.put(job.path.name, job.path.read_bytes())
    return Plan(
        id=new_run_id(),
        job=job.path.stem,
        title=job.title,
        origin=job.origin,
        source=source.sha256,
        parameters=parameters,
        tasks=[[name] for name in names] if job.per_slide and names else [names],
        slides=_pinned(project, names, input_version),
        input_version=input_version,
        branch=branch,
        author=signed,
        commit=bool(commit),
        takes=takes,
        code=_git_commit(job.path),
        **limits,  # type: ignore[arg-type]
    )


def _slides(
    project: Project,
    slides: str | Iterable[str] | None,
    version: str,
    declared: Iterable[Parameter],
    values: Mapping[str, object],
) -> list[str]:
    """Return the slides that are meant; of a job with the parameters `set` and `part` those of them."""
    known = {parameter.name for parameter in declared}
    of_set, part = (values.get(name) if name in known else None for name in ("set", "part"))
    return select_slides(project, slides, version, of_set=of_set, part=part)  # type: ignore[arg-type]


def _pinned(project: Project, names: Iterable[str], version: str) -> list[dict[str, Any]]:
    entries = project.slides_at(version)
    return [
        {
            "name": name,
            "checksum": entries[name].checksum,
            "size": list(entries[name].size),
            "mpp": _listed(entries[name].mpp),
        }
        for name in names
    ]


def _git_commit(notebook: Path) -> dict[str, Any] | None:
    """Return the git commit of a notebook, and whether it was changed since; None outside of a repository."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(notebook.parent), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return {"commit": commit, "changed": bool(git("status", "--porcelain", "--", notebook.name))}
    except (OSError, subprocess.SubprocessError):
        return None


def _count(name: str, value: object, lowest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise InvalidInput(f"{name} is a whole number from {lowest} on, not {value!r}.")
    return value


def _seconds(value: object) -> float:
    seconds = real(value)
    if seconds is None or seconds <= 0:
        raise InvalidInput(f"time_limit is a number of seconds above 0, not {value!r}.")
    return seconds


def _bytes(value: object) -> int:
    """Return a number of bytes that is given as one, or as a text such as ``"4 GB"``."""
    if isinstance(value, str) and (match := _MEMORY.fullmatch(value)):
        return _bytes(int(float(match[1]) * 1000 ** _POWERS[match[2].upper()]))
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise InvalidInput(f"memory_limit is a number of bytes or a text such as '4 GB', not {value!r}.")
    return value


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
