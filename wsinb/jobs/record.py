"""The record of a run: what a result was made of."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from wsinb.jobs.parameters import Value

__all__ = ["RECORD_FORMAT", "RunPlan", "new_run_id", "package_versions", "record_json", "write_record"]

RECORD_FORMAT = "wsinb.job/1"
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


@dataclass(frozen=True)
class RunPlan:
    """Everything that is fixed before a job's kernel starts.

    Attributes
    ----------
    id : str
        Unique id of the run; sorts by time.
    job : str
        Name of the job.
    notebook : Path
        The notebook that is executed.
    parameters : dict
        Every parameter of the notebook with its value.
    slides : list of dict
        ``name, checksum, size, mpp`` of each slide the job may read.
    input_version : str
        Id of the commit that the job reads.
    branch : str
        The branch that the job commits to.
    author : str
        Who started it.
    """

    id: str
    job: str
    notebook: Path
    parameters: dict[str, Value]
    slides: list[dict[str, Any]]
    input_version: str
    branch: str
    author: str


def new_run_id() -> str:
    """Return a fresh id that sorts by time: ``20260131T120000-1a2b3c4d``."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


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


def write_record(
    plan: RunPlan,
    *,
    output_version: str | None,
    metrics: Mapping[str, Any],
    started_at: datetime,
    seconds: Mapping[str, Any],
    notebook: str,
) -> dict[str, Any]:
    """Return the record of a finished run as plain JSON values.

    Parameters
    ----------
    plan : RunPlan
        What was run.
    output_version : str or None
        Id of the commit that holds the result; None if the job committed nothing.
    metrics : mapping
        What the notebook reported.
    started_at : datetime
        When the run was started, with its time zone.
    seconds : mapping
        Durations: ``total``, and ``cells`` (one per code cell).
    notebook : str
        Name of the artifact that holds the executed notebook.
    """
    return {
        "format": RECORD_FORMAT,
        "id": plan.id,
        "job": plan.job,
        "author": plan.author,
        "branch": plan.branch,
        "input_version": plan.input_version,
        "output_version": output_version,
        "parameters": plan.parameters,
        "seeds": {name: value for name, value in plan.parameters.items() if "seed" in name.split("_")},
        "slides": plan.slides,
        "metrics": dict(metrics),
        "notebook": notebook,
        "notebook_source_sha256": hashlib.sha256(plan.notebook.read_bytes()).hexdigest(),
        "packages": package_versions(),
        "platform": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
        },
        "started_at": started_at.isoformat(),
        "seconds": dict(seconds),
    }


def record_json(record: Mapping[str, Any]) -> bytes:
    """Return a record as the bytes that are stored: indented JSON with sorted keys."""
    return json.dumps(record, indent=1, sort_keys=True, allow_nan=False).encode() + b"\n"
