"""Models as artifacts: where the one that is meant was attached."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["check_model_name", "find_artifact"]


def find_artifact(project: Project, name: str, version: str = "main") -> tuple[str, bytes]:
    """Return the newest artifact of a name that a version or one of its ancestors has.

    Parameters
    ----------
    project : Project
    name : str
        Name of the artifact, such as ``tumour.npz``.
    version : str
        Commit, branch or tag to begin at.

    Returns
    -------
    (str, bytes)
        The commit that has it, and its content.

    Raises
    ------
    InvalidInput
        If there is none; the message names those of the same kind.
    """
    start = project.resolve(version)
    waiting, seen = deque([start]), {start}
    others: set[str] = set()
    suffix = PurePosixPath(name).suffix
    while waiting:
        commit = waiting.popleft()
        names = [artifact.name for artifact in project.artifacts(commit)]
        if name in names:
            return commit, project.read_artifact(commit, name)
        others.update(other for other in names if other.endswith(suffix))
        for parent in project.commit(commit).parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    kind = f"{suffix} artifact" if suffix else "artifact"
    hint = (
        f"there are {', '.join(sorted(others))}"
        if others
        else f"there is no {kind}: run the job that makes it"
    )
    raise InvalidInput(
        f"No version up to {start[:12]} of project {project.name!r} has an artifact {name!r}; {hint}."
    )


def check_model_name(
    project: Project,
    name: str,
    version: str,
    *,
    labels: list[str],
    um_per_px: float | None,
    parameters: Mapping[str, Any],
) -> None:
    """Refuse to train a model whose name another model of the same version has.

    The same training again is allowed: it gives the same file.

    Parameters
    ----------
    project : Project
    name : str
        Name of the artifact, such as ``tumour.npz``.
    version : str
        The version that is trained on.
    labels, um_per_px, parameters
        What is asked for, as in the header of the model.

    Raises
    ------
    InvalidInput
        If the version has a model of that name that was trained otherwise.
    """
    from wsinb.trees import SegmentationForest

    if name not in [artifact.name for artifact in project.artifacts(version)]:
        return
    header = SegmentationForest.load(io.BytesIO(project.read_artifact(version, name))).header
    theirs = {key: header["parameters"].get(key) for key in parameters}
    if header["labels"][1:] != labels or header["um_per_px"] != um_per_px or theirs != dict(parameters):
        raise InvalidInput(
            f"Version {version[:12]} has a model {name!r} that was trained otherwise; choose another name."
        )
