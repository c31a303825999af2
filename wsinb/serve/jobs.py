"""Jobs over HTTP: what there is, what a job takes, starting, watching and stopping runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, UnknownJob
from wsinb.names import unknown
from wsinb.serve.bodies import MAX_WORD, author_of, member, optional_member
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.sources import open_allowed_project

if TYPE_CHECKING:
    from wsinb.jobs import Job, Parameter
    from wsinb.jobs.runs import Plan, RunStore
    from wsinb.project import Project
    from wsinb.serve.core import Core

__all__ = ["get_job", "get_jobs", "get_run", "get_runs", "post_cancel", "post_resume", "post_run"]

MAX_RUNS = 200
MAX_PARAMETERS = 200
PICKERS = ("slides", "version", "branch", "set", "part", "model", "label", "labels", "layer", "layers")
OPTIONS = ("scheduler", "workers", "time_limit", "memory_limit", "retries", "reuse", "commit")


def get_jobs(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the jobs that have a name, those of a project among them."""
    from wsinb.jobs import all_jobs

    project = open_allowed_project(core, request.text("project"))
    return json_response({"jobs": [_described(job) for job in all_jobs(project)]})


def get_job(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with what a job takes."""
    project = open_allowed_project(core, request.text("project"))
    job = _named(project, request.text("name"))
    return json_response({**_described(job), "parameters": [_asked(one) for one in job.parameters]})


def post_run(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Check a run and start it in a process of its own; answer with its id."""
    from wsinb.jobs.planning import plan_run
    from wsinb.jobs.runs import RunStore

    body = request.json()
    project = open_allowed_project(core, body.get("project"))
    job = _named(project, member(body, "name", MAX_WORD))
    plan = plan_run(
        project,
        job.name,
        _parameters(body),
        slides=_slides(body),
        version=optional_member(body, "version", MAX_WORD),
        branch=member(body, "branch", MAX_WORD, default="main"),
        author=author_of(request),
        **{name: body[name] for name in OPTIONS if body.get(name) is not None and name != "reuse"},
    )
    RunStore(project.repository.store).begin(plan)
    _start(core, project, plan.id)
    return json_response({"id": plan.id})


def get_runs(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the newest runs of a project and how far they are."""
    from wsinb.jobs.runs import RunStore

    limit = request.integer("limit", 50, 1, MAX_RUNS)
    project = open_allowed_project(core, request.text("project"))
    runs = RunStore(project.repository.store)
    core.children.reap()
    return json_response({"runs": [_run(runs, id_) for id_ in runs.ids()[:limit]]})


def get_run(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with all about a run: its parameters, its tasks, its progress and the end of its log."""
    from wsinb.jobs.live import read_log
    from wsinb.jobs.runs import RunStore

    project = open_allowed_project(core, request.text("project"))
    runs = RunStore(project.repository.store)
    core.children.reap()
    id_ = runs.find(request.text("id"))
    plan, latest = runs.plan(id_), runs.latest(id_)
    told = {
        **_run(runs, id_),
        "parameters": plan.parameters,
        "input_version": plan.input_version,
        "tasks": [_task(plan, number, latest.get(number)) for number in range(len(plan.tasks))],
        "log": read_log(id_),
    }
    return json_response(told)


def post_cancel(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Stop a run that goes on on this machine."""
    from wsinb.jobs.background import cancel

    body = request.json()
    project = open_allowed_project(core, body.get("project"))
    cancel(project, member(body, "id", MAX_WORD))
    return json_response({})


def post_resume(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Go on with a run that failed, was cancelled or interrupted."""
    from wsinb.jobs.runs import RunStore

    body = request.json()
    project = open_allowed_project(core, body.get("project"))
    runs = RunStore(project.repository.store)
    id_ = runs.find(member(body, "id", MAX_WORD))
    state = runs.state(id_)
    if state in ("done", "running"):
        raise InvalidInput(f"Run {id_} is {state}: there is nothing to go on with.")
    _start(core, project, id_)
    return json_response({"id": id_})


def _start(core: Core, project: Project, run: str) -> None:
    from wsinb.jobs.background import start_process

    core.children.add(start_process(project, run))


def _named(project: Project, name: str) -> Job:
    """Return a job that has a name: a browser runs no notebook by its path."""
    from wsinb.jobs import all_jobs

    known = {job.name: job for job in all_jobs(project)}
    if name not in known:
        raise UnknownJob(unknown("job", name, known))
    return known[name]


def _described(job: Job) -> dict[str, Any]:
    return {
        "name": job.name,
        "title": job.title,
        "help": job.help,
        "from": job.origin,
        "per_slide": job.per_slide,
    }


def _asked(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter as a form needs it; `picker` says what to choose it from."""
    picker = parameter.name if parameter.name in PICKERS else None
    return {**asdict(parameter), "range": parameter.range, "picker": picker}


def _parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("parameters", {})
    if not isinstance(given, dict) or len(given) > MAX_PARAMETERS:
        raise InvalidInput(f"'parameters' must be an object of at most {MAX_PARAMETERS} members.")
    return given


def _slides(body: Mapping[str, Any]) -> list[str] | None:
    slides = body.get("slides")
    if slides is not None and not (isinstance(slides, list) and all(isinstance(s, str) for s in slides)):
        raise InvalidInput("'slides' must be a list of names or patterns, or null.")
    return slides or None


def _run(runs: RunStore, id_: str) -> dict[str, Any]:
    from wsinb.jobs.live import read_live
    from wsinb.jobs.runs import state_of

    plan, start, end = runs.plan(id_), runs.last_start(id_), runs.last_end(id_)
    live = read_live(id_) if end is None else None
    return {
        "id": id_,
        "job": plan.job,
        "title": plan.title,
        "author": plan.author,
        "state": state_of(start, end),
        "started_at": plan.started_at,
        "slides": len(plan.slides),
        "n_tasks": len(plan.tasks),
        "seconds": None if end is None else end.seconds,
        "message": "" if end is None else end.message,
        "metrics": {} if end is None else end.metrics,
        "output_version": None if end is None else end.output_version,
        "live": live,
    }


def _task(plan: Plan, number: int, outcome: Any) -> dict[str, Any]:
    slides = plan.tasks[number]
    if outcome is None:
        return {"slides": slides, "state": "open", "message": "", "seconds": None}
    return {
        "slides": slides,
        "state": outcome.state,
        "message": outcome.message,
        "seconds": outcome.seconds,
        "cell": outcome.cell,
    }
