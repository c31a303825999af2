"""`find_reusable`: a run that is done already and whose causes did not change since."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, WsinbError
from wsinb.jobs.finish import result_of
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.record import package_versions
from wsinb.jobs.runs import Plan, RunStore
from wsinb.jobs.runs.outcome import DONE

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["find_reusable"]

CAUSES = ("source", "tasks", "slides", "branch", "takes")
MODEL = "model"
LISTS = {"labels", "columns"}


def find_reusable(project: Project, plan: Plan, aside: Collection[str] = ()) -> JobResult | None:
    """Return the newest run that would give what a plan gives, if there is one.

    It had the same notebook, parameters, slides (by checksum), packages and models; on these slides nothing
    changed between what it read and what the plan reads, but in layers that it wrote itself, which still hold
    what it wrote.

    Parameters
    ----------
    project : Project
    plan : Plan
        What would be run.
    aside : collection of str
        Layers that it does not read, such as those that later steps of a pipeline write.
    """
    runs = RunStore(project.repository.store)
    for id_ in runs.ids():
        former = runs.plan(id_)
        if not _same_causes(plan, former):
            continue
        end = runs.last_end(id_)
        if end is None or end.state != DONE or (plan.commit and not former.commit):
            continue
        result = result_of(project, former, end)
        if result.record["packages"] == package_versions() and _still_holds(
            project, plan, former, result, aside
        ):
            return result
    return None


def _same_causes(plan: Plan, former: Plan) -> bool:
    if any(getattr(plan, name) != getattr(former, name) for name in CAUSES):
        return False
    one, two = ({**each.parameters, "version": None} for each in (plan, former))
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


def _still_holds(
    project: Project, plan: Plan, former: Plan, result: JobResult, aside: Collection[str]
) -> bool:
    output = result.record["output_version"]
    slides = [slide["name"] for slide in plan.slides]
    written = {table["layer"] for task in result.record["tasks"] for table in task["tables"]}
    head = project.head(plan.branch)
    try:
        ancestry = project.repository.ancestry
        if output is not None and not ancestry.holds(head, output):
            return False
        since = _touched(project, former.input_version, plan.input_version, slides)
        same_input = since <= written | set(aside)
        same_output = output is None or not (_touched(project, output, head, slides) & written)
        return same_input and same_output and _same_model(project, plan, former)
    except WsinbError:  # a version that cannot be read any more: better run it again
        return False


def _touched(project: Project, a: str, b: str, slides: list[str]) -> set[str | None]:
    """Return the layers in which annotations of slides differ between two versions; None: so do labels."""
    if a == b:
        return set()
    difference = project.diff(a, b, slides)
    layers: set[str | None] = {None} if LISTS & set(difference.entries) else set()
    for slide in slides:
        for side in (difference[slide].old, difference[slide].new):
            layers.update(side.column("layer").unique().to_pylist())
    return layers


def _same_model(project: Project, plan: Plan, former: Plan) -> bool:
    """Say whether the model that the job names is the same file in both input versions."""
    name = plan.parameters.get(MODEL)
    if not isinstance(name, str):
        return True
    hashes: list[str | None] = []
    for version in (plan.input_version, former.input_version):
        try:
            hashes.append(project.models.find(name, version).sha256)
        except InvalidInput:  # not there: a training will make it
            hashes.append(None)
    return hashes[0] == hashes[1] or hashes[1] is None
