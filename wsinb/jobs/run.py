"""`run`: a notebook as a job on slides of a project; `resume`: going on with one that stopped or failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from wsinb.jobs.coordinate import carry_out
from wsinb.jobs.finish import result_of
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.planning import plan_run
from wsinb.jobs.reuse import find_reusable
from wsinb.jobs.runs import Plan, RunStore
from wsinb.progress import Progress

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["resume", "run", "run_plan"]


def run(
    project: Project,
    name: str,
    slides: str | Iterable[str] | None = None,
    version: str | None = None,
    branch: str = "main",
    author: str | None = None,
    progress: Progress = None,
    *,
    commit: bool = True,
    scheduler: str = "threads",
    workers: int = 1,
    time_limit: float | None = None,
    memory_limit: int | str | None = None,
    retries: int = 1,
    reuse: bool = False,
    **values: object,
) -> JobResult:
    """Run a notebook as a job on slides of a project.

    Parameters
    ----------
    project : Project
        Where the slides, the input version and the result live.
    name : str
        A job (``segment_train``, see `all_jobs`), or the path of a notebook with a parameters cell.
    slides : str or iterable of str, optional
        Names or patterns (``"case-*"``) of slides; all slides of the version by default.
    version : str, optional
        Commit, branch or tag that the job reads, pinned to a commit id; the head of `branch` by default.
    branch : str
        The branch that the job commits to.
    author : str, optional
        Author of the commit; the user by default.
    progress : bool, callable or None
        See `wsinb.progress`. A callable may raise `wsinb.progress.Cancelled`.
    commit : bool
        Whether annotations that the job gives are committed; else they only stand in the record.
    scheduler : str
        ``"threads"``: kernels on this machine; ``"processes"``: a Dask cluster on this machine;
        ``"tcp://..."``: a Dask scheduler; ``"gateway"``: Dask Gateway. The result is the same.
    workers : int
        How many tasks at a time; for ``tcp://...`` the workers of the cluster decide.
    time_limit : float, optional
        Seconds for a task.
    memory_limit : int or str, optional
        For the kernel of a task, as bytes or as a text such as ``"4 GB"``.
    retries : int
        How often a task is tried again whose kernel or worker was lost.
    reuse : bool
        Whether the result of an earlier run is taken whose causes did not change: the same notebook,
        parameters, slides, packages and models, and on these slides nothing changed since but its own layers.
    **values
        Parameters of the notebook.

    Returns
    -------
    JobResult

    Raises
    ------
    UnknownJob, InvalidParameter, InvalidInput, UnknownSlide, UnknownVersion
        Before a kernel starts; `InvalidInput` if the author is no name.
    JobFailed
        If a cell raises, a kernel dies too often, a limit is passed, or the notebook tells no usable result;
        the notebook as far as it ran is kept, and the message says where. What is done stays so: `resume`.
    Cancelled, KeyboardInterrupt
        If the run is stopped; its kernels are ended and nothing is committed.
    """
    plan = plan_run(
        project,
        name,
        values,
        slides=slides,
        version=version,
        branch=branch,
        author=author,
        commit=commit,
        scheduler=scheduler,
        workers=workers,
        time_limit=time_limit,
        memory_limit=memory_limit,
        retries=retries,
    )
    return run_plan(project, plan, progress, reuse=reuse)


def run_plan(
    project: Project, plan: Plan, progress: Progress, *, reuse: bool, aside: Collection[str] = ()
) -> JobResult:
    """Run what was planned, or find that it was run before; `aside` are layers that it does not read."""
    if reuse and (former := find_reusable(project, plan, aside)) is not None:
        return replace(former, reused=True)
    RunStore(project.repository.store).begin(plan)
    return carry_out(project, plan, progress)


def resume(project: Project, run: str, progress: Progress = None) -> JobResult:
    """Go on with a run that was interrupted, cancelled or failed: only what is not done is done.

    Parameters
    ----------
    project : Project
    run : str
        Id of the run, or its beginning or end.
    progress : bool, callable or None
        As in `run`.

    Returns
    -------
    JobResult
        Also of a run that is done already.

    Raises
    ------
    UnknownRun
        If there is no such run.
    JobFailed, Cancelled, KeyboardInterrupt
        As in `run`.
    """
    runs = RunStore(project.repository.store)
    plan = runs.plan(runs.find(run))
    end = runs.last_end(plan.id)
    if end is not None and end.state == "done":
        return result_of(project, plan, end)
    return carry_out(project, plan, progress)
