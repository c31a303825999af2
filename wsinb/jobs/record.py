"""The record of a run: what a result was made of."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from wsinb.jobs.runs import Outcome, Plan

__all__ = ["RECORD_FORMAT", "make_record", "package_versions", "record_json"]

RECORD_FORMAT = "wsinb.job/2"
PACKAGES = (
    "geopandas",
    "ipykernel",
    "large-image",
    "numba",
    "numpy",
    "opencv-python-headless",
    "openslide-bin",
    "pandas",
    "papermill",
    "pyarrow",
    "pyvips",
    "scikit-image",
    "scikit-learn",
    "shapely",
    "simplejpeg",
    "wsinb",
)


def package_versions(names: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return the installed versions of the packages that a result may depend on."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if "wsinb" not in found:
        from wsinb import __version__

        found["wsinb"] = __version__
    return found


def make_record(
    plan: Plan,
    outcomes: Sequence[Outcome],
    *,
    output_version: str | None,
    metrics: Mapping[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """Return the record of a run that is done as JSON values.

    Parameters
    ----------
    plan : Plan
        What was run.
    outcomes : sequence of Outcome
        That of each task.
    output_version : str or None
        Id of the commit that holds the result; None if the job committed nothing.
    metrics : mapping
        Of the whole run.
    seconds : float
        From its beginning to its end, attempts that were interrupted included.
    """
    return {
        "format": RECORD_FORMAT,
        "id": plan.id,
        "job": plan.job,
        "title": plan.title,
        "origin": plan.origin,
        "author": plan.author,
        "branch": plan.branch,
        "input_version": plan.input_version,
        "output_version": output_version,
        "parameters": plan.parameters,
        "seeds": {name: value for name, value in plan.parameters.items() if "seed" in name.split("_")},
        "slides": plan.slides,
        "notebook_source_sha256": plan.source,
        "code": plan.code,
        "metrics": dict(metrics),
        "tasks": [_task(plan, outcome) for outcome in outcomes],
        "limits": {"seconds": plan.time_limit, "memory": plan.memory_limit},
        "scheduler": {"name": plan.scheduler, "workers": plan.workers},
        "packages": package_versions(),
        "platform": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
        },
        "started_at": plan.started_at,
        "seconds": seconds,
    }


def _task(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    told = asdict(outcome)
    for name in ("state", "message", "cell", "task"):
        del told[name]
    return {"slides": plan.tasks[outcome.task], **told}


def record_json(record: Mapping[str, Any]) -> bytes:
    """Return a record as the bytes that are stored: indented JSON with sorted keys."""
    return json.dumps(record, indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"
