"""Results of a job: a layer of its own, replaced by each run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, UnknownLabel
from wsinb.jobs.outbox import open_outbox, put_tables
from wsinb.names import is_name, unknown

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.project import Project
    from wsinb.versions import Commit
    from wsinb.versions.slidesession import SlideSession

__all__ = ["DRAWN", "check_layer", "copies", "replace_layer", "replace_rows"]

DRAWN = "manual"
"""The layer that people draw in."""


def check_layer(
    project: Project, layer: str, labels: Iterable[str | None] = (), branch: str = "main"
) -> None:
    """Refuse a layer or labels that could not be committed; ask before a long run, not after it.

    Raises
    ------
    InvalidInput
        If the layer has no name, or is the one that people draw in.
    UnknownLabel
        If the branch's project lacks one of the labels; None is no label.
    UnknownVersion
        If there is no such branch.
    """
    if not is_name(layer):
        raise InvalidInput(f"A layer is named by a printable text, not {layer!r}.")
    if layer == DRAWN:
        raise InvalidInput(
            f"The layer {DRAWN!r} holds what people drew, and a job replaces its layer: choose another name."
        )
    known = project.checkout(branch).labels
    for label in labels:
        if label is not None and label not in known:
            hint = f"add it with project.labels.add(wsinb.Label({label!r}))."
            message = unknown("label", label, known, hint)
            raise UnknownLabel(message if not len(known) else f"{message[:-1]}; or {hint}")


def replace_layer(
    project: Project, branch: str, layer: str, found: Mapping[str, gpd.GeoDataFrame], message: str
) -> Commit | None:
    """Commit results in place of what the layer held on the same slides; other layers are not touched.

    In a run of the job nothing is committed yet: the run commits the results of all its tasks together.

    Parameters
    ----------
    project : Project
    branch : str
    layer : str
        That of all rows of `found`.
    found : mapping of slide to GeoDataFrame
        Annotation tables.
    message : str

    Returns
    -------
    Commit or None
        None if there was nothing before and there is nothing now, and in a run.

    Raises
    ------
    InvalidInput, UnknownLabel
        As of `check_layer`, or if a row is of another layer.
    """
    check_layer(project, layer, branch=branch)
    for name, table in found.items():
        if (table["layer"] != layer).any():
            raise InvalidInput(f"What was found on slide {name!r} is not all of layer {layer!r}: set it.")
    outbox = open_outbox()
    if outbox is not None:
        put_tables(outbox, layer, found, message)
        return None
    session = project.session(branch)
    for name, table in found.items():
        replace_rows(session[name], layer, table)
    return session.commit(message) if session.changes else None


def replace_rows(slide: SlideSession, layer: str, table: gpd.GeoDataFrame) -> None:
    """Put annotations in the place of what a layer of a slide holds, in an open session."""
    former = slide.read()
    slide.delete(former.loc[former["layer"] == layer, "id"].tolist())
    slide.upsert(table)


def copies(table: gpd.GeoDataFrame, layer: str, created_by: str) -> gpd.GeoDataFrame:
    """Return the same shapes, labels and scores as new annotations of another layer.

    Each says in its `properties` which one it stands for: ``{"of": id}``.
    """
    from wsinb.annotate import empty_annotations, new_annotations

    if not len(table):
        return empty_annotations()
    kept = ("label", "score", "shape", "shape_params", "z", "t", "c")
    columns: dict[str, Any] = {name: table[name].tolist() for name in kept}
    properties = [{"of": id_} for id_ in table["id"]]
    return new_annotations(
        table.geometry.tolist(), layer=layer, created_by=created_by, properties=properties, **columns
    )
