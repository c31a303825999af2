"""A project of slides with cells that are labelled, ready for examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.annotate import Label, new_annotations
from wsinb.testing.cells import synthetic_cell_slide, synthetic_cells

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["cell_study"]

COLOURS = {"fibroblast": "#2ca02c", "lymphocyte": "#1f77b4", "tumor": "#d62728"}


def cell_study(
    folder: str | Path, n_slides: int = 3, size: tuple[int, int] = (768, 576), seed: int = 1
) -> Project:
    """Make a project of synthetic slides whose cells are labelled, and return it.

    Slides are called ``case-1``, ``case-2``, ...; each is of a patient of its own, as their metadata say.

    Parameters
    ----------
    folder : str or Path
        A new one.
    n_slides : int
    size : (int, int)
        Width and height of each, in pixels of 0.5 µm.
    seed : int
        Of the first slide; the others follow.

    Raises
    ------
    InvalidInput
        If there is a project in the folder.
    """
    from wsinb.project import create_project

    project = create_project(folder, author="ada")
    project.labels.add([Label(name, color=colour) for name, colour in COLOURS.items()], author="ada")
    for number in range(n_slides):
        name = f"case-{number + 1}"
        path = synthetic_cell_slide(Path(folder) / f"{name}.tiff", size, seed=seed + number)
        project.slides.add(path, metadata={"patient": f"patient {number + 1}"}, author="ada")
    session = project.session(author="ada")
    for number in range(n_slides):
        for kind, cells in synthetic_cells(size, seed + number).items():
            session[f"case-{number + 1}"].upsert(new_annotations(cells, label=kind))
    session.commit("cells labelled")
    return project
