"""`verify_run`: whether everything that a run was made of is still there."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from wsinb.errors import WsinbError
from wsinb.jobs.runs import Plan, RunStore
from wsinb.listing import html_table
from wsinb.versions.storage.layout import artifact_key
from wsinb.versions.storage.objects import read_verified

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["RunCheck", "verify_run"]


@dataclass(frozen=True, repr=False)
class RunCheck:
    """Whether a run could be repeated.

    Attributes
    ----------
    run : str
    problems : list of (str, str)
        What is missing or has changed, and how.
    checked : int
        How many things were looked at.
    """

    run: str
    problems: list[tuple[str, str]]
    checked: int

    @property
    def ok(self) -> bool:
        """Whether nothing is missing and nothing has changed."""
        return not self.problems

    def __repr__(self) -> str:
        if self.ok:
            return f"<run {self.run} can be repeated: all of {self.checked} inputs and results are there>"
        told = "; ".join(f"{what} {how}" for what, how in self.problems[:3])
        return f"<run {self.run}: {len(self.problems)} of {self.checked} are not as they were: {told}>"

    def _repr_html_(self) -> str:
        text = f"<p>{escape(repr(self)[1:-1])}</p>"
        return text + (html_table(("what", "how"), self.problems) if self.problems else "")


def verify_run(project: Project, run: str) -> RunCheck:
    """Check that everything that a run was made of, and what it gave, is there as it was then.

    Slides are read whole to compare their checksums.

    Parameters
    ----------
    project : Project
    run : str
        Id of the run, or its beginning or end.

    Returns
    -------
    RunCheck

    Raises
    ------
    UnknownRun
        If there is no such run.
    """
    runs = RunStore(project.repository.store)
    plan = runs.plan(runs.find(run))
    problems: list[tuple[str, str]] = []
    checked = 0

    def check(what: str, trouble: str | None) -> None:
        nonlocal checked
        checked += 1
        if trouble is not None:
            problems.append((what, trouble))

    check("the input version", _version_trouble(project, plan.input_version))
    check("the notebook", _stored_trouble(project, plan.source))
    for slide in plan.slides:
        check(f"slide {slide['name']!r}", _slide_trouble(project, plan, slide["name"], slide["checksum"]))
    for outcome in runs.latest(plan.id).values():
        for table in outcome.tables:
            check(f"the result on {table.slide!r}", _stored_trouble(project, table.sha256))
        for file in outcome.files:
            check(f"the file {file.name!r}", _stored_trouble(project, file.sha256))
    end = runs.last_end(plan.id)
    if end is not None and end.output_version is not None:
        check("the output version", _version_trouble(project, end.output_version))
    return RunCheck(plan.id, problems, checked)


def _version_trouble(project: Project, version: str) -> str | None:
    try:
        project.commit(version)
    except WsinbError as error:
        return f"cannot be read: {error}"
    return None


def _stored_trouble(project: Project, sha: str) -> str | None:
    try:
        read_verified(project.repository.store, artifact_key(sha), sha)
    except WsinbError as error:
        return f"cannot be read: {error}"
    return None


def _slide_trouble(project: Project, plan: Plan, name: str, checksum: str) -> str | None:
    """Say what is wrong with a slide's file: looked for where it is now, and where it was then."""
    try:
        with project.slides.open_entry(project.slides_at(plan.input_version)[name]) as slide:
            return None if slide.checksum == checksum else "is another file than it was"
    except WsinbError as error:
        return f"cannot be opened: {error}"
