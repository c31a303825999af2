"""`run_pipeline`: jobs one after another, from a file; what did not change is not run again."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, JobFailed, WsinbError
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.planning import plan_run
from wsinb.jobs.registry import find_job
from wsinb.jobs.run import run_plan
from wsinb.jobs.runs import Plan
from wsinb.listing import html_table
from wsinb.names import given_path
from wsinb.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

    from wsinb.project import Project

__all__ = ["Pipeline", "PipelineResult", "PipelineStep", "read_pipeline", "run_pipeline"]

_TOP = ("slides", "branch", "author", "scheduler", "workers", "step")
_STEP = ("name", "job")


@dataclass(frozen=True)
class PipelineStep:
    """One job of a pipeline: what it is called, the job, and its options and parameters."""

    name: str
    job: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Pipeline:
    """Jobs one after another; `name` is that of the file."""

    name: str
    steps: tuple[PipelineStep, ...]


@dataclass(frozen=True, repr=False)
class PipelineResult:
    """What the steps of a pipeline gave, in their order.

    Attributes
    ----------
    name : str
        Of the pipeline.
    steps : dict of str to JobResult
        Those that were not run again have `reused` set.
    """

    name: str
    steps: dict[str, JobResult]

    @property
    def table(self) -> pd.DataFrame:
        """One row a step: job, run, state (``"run"``, ``"reused"``), seconds, the version with its result."""
        import pandas as pd

        rows = [
            {
                "step": name,
                "job": result.job,
                "run": result.id,
                "state": "reused" if result.reused else "run",
                "seconds": result.record["seconds"],
                "version": result.commit,
            }
            for name, result in self.steps.items()
        ]
        return pd.DataFrame(rows).set_index("step")

    def __repr__(self) -> str:
        reused = sum(result.reused for result in self.steps.values())
        return f"<pipeline {self.name}: {len(self.steps)} steps, {reused} of them not run again>"

    def _repr_html_(self) -> str:
        rows = [
            (name, result.job, "not run again" if result.reused else "run", result.commit[:10])
            for name, result in self.steps.items()
        ]
        return f"<p>{escape(repr(self)[1:-1])}</p>" + html_table(("step", "job", "", "version"), rows)


def read_pipeline(file: str | Path) -> Pipeline:
    """Read a pipeline from a TOML file.

    At the top may stand `slides`, `branch`, `author`, `scheduler` and `workers`, which hold for all steps.
    Each ``[[step]]`` names its `job`, may have a `name`, and holds options of `run` and parameters.

    Raises
    ------
    InvalidInput
        If there is no such file, or it is no pipeline.
    """
    path = given_path(file, "A pipeline is the path of a TOML file")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read as a pipeline ({error}): write it as TOML.") from error
    unknown = set(data) - set(_TOP)
    if unknown:
        raise InvalidInput(f"{path} has {sorted(unknown)[0]!r} at its top; put parameters into a [[step]].")
    steps = data.pop("step", None)
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        raise InvalidInput(f'{path} has no steps: write [[step]] and below it job = "..." for each.')
    return Pipeline(path.stem, tuple(_steps(path, steps, data)))


def run_pipeline(
    project: Project,
    file: str | Path | Pipeline,
    *,
    reuse: bool = True,
    progress: Progress = None,
    **options: Any,
) -> PipelineResult:
    """Run the steps of a pipeline one after another; each reads what the one before has committed.

    A step whose causes did not change since it was done is not run again (see `wsinb.jobs.run`), so that a
    pipeline that failed or was interrupted goes on where it stopped. What later steps write, into the layer
    that their parameter `layer` names, is no cause of a step.

    Parameters
    ----------
    project : Project
    file : str, Path or Pipeline
        See `read_pipeline`.
    reuse : bool
        False runs every step.
    progress : bool, callable or None
        See `wsinb.progress`.
    **options
        Of `run`, for all steps: `slides`, `branch`, `scheduler`, `workers`; they rule those in the file.

    Returns
    -------
    PipelineResult

    Raises
    ------
    InvalidInput
        If the file is no pipeline.
    JobFailed
        If a step fails; the sentence names it. What is done stays done.
    WsinbError
        Whatever else is wrong with a step, before it starts.
    """
    pipeline = file if isinstance(file, Pipeline) else read_pipeline(file)
    results: dict[str, JobResult] = {}
    for number, step in enumerate(pipeline.steps, 1):
        try:
            plan = _planned(project, step, options)
            aside = {_layer(project, later) for later in pipeline.steps[number:]}
            results[step.name] = run_plan(project, plan, progress, reuse=reuse, aside=aside)
        except JobFailed as error:
            raise JobFailed(f"Step {step.name!r} of pipeline {pipeline.name!r} failed: {error}") from error
        except WsinbError as error:
            error.add_note(f"in step {step.name!r} of pipeline {pipeline.name!r}")
            raise
    return PipelineResult(pipeline.name, results)


def _planned(project: Project, step: PipelineStep, options: Mapping[str, Any]) -> Plan:
    """Return the plan of a step on the project as it is now."""
    given = {**step.options, **options}
    known = inspect.signature(plan_run).parameters
    values = {name: value for name, value in given.items() if name not in known}
    return plan_run(project, step.job, values, **{n: v for n, v in given.items() if n in known})


def _layer(project: Project, step: PipelineStep) -> str:
    """Return the layer that a step writes, as far as its parameters tell; else an empty text."""
    declared = {parameter.name: parameter.default for parameter in find_job(step.job, project).parameters}
    return str(step.options.get("layer", declared.get("layer")) or "")


def _steps(path: Path, steps: list[Mapping[str, Any]], common: Mapping[str, Any]) -> Iterator[PipelineStep]:
    seen: set[str] = set()
    for number, step in enumerate(steps, 1):
        job = step.get("job")
        name = step.get("name", job)
        if not isinstance(job, str) or not isinstance(name, str):
            raise InvalidInput(f'Step {number} of {path} has no job: write job = "segment_apply", say.')
        if name in seen:
            raise InvalidInput(f"Two steps of {path} are called {name!r}: give one another name.")
        seen.add(name)
        own = {key: value for key, value in step.items() if key not in _STEP}
        if "reuse" in own or "progress" in own:
            raise InvalidInput(f"Step {name!r} of {path} sets reuse or progress: give them to the pipeline.")
        yield PipelineStep(name, job, {**common, **own})
