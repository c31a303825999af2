"""`ConfusionMatrix`: what a classifier confused, as a widget in which labels are put right."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, UnknownAnnotation, UnknownLabel
from wsinb.names import listed, unknown
from wsinb.trees.cropping import Crops
from wsinb.view.bundle import VIEW_MIME
from wsinb.view.confusion.cases import Cases
from wsinb.view.confusion.changes import Changes
from wsinb.view.confusion.committing import commit_changes, labels_since
from wsinb.view.confusion.courier import Courier
from wsinb.view.confusion.hearing import hear
from wsinb.view.confusion.pictures import pictures_of
from wsinb.view.confusion.places import Places
from wsinb.view.confusion.traits import ConfusionTraits
from wsinb.view.viewer import SlideViewer

if TYPE_CHECKING:
    import pandas as pd

    from wsinb.project import Project
    from wsinb.trees.classify import Validation
    from wsinb.versions import Commit
    from wsinb.view.confusion.asked import Patches

__all__ = ["ConfusionMatrix"]

_NOTHING_TO_RELABEL = "These pictures are of no annotations: there is nothing to relabel."


class ConfusionMatrix(ConfusionTraits):
    """The confusion matrix of a validation: look at what was confused, and put labels right.

    A click on a cell, or on the head of a row or column, shows its annotations as patches, the most surely
    wrong first. A click on a patch opens the slide there: in JupyterLab as a tab beside the notebook, by the
    command ``wsinb:show-annotation``; where there are no tabs (Notebook 7) in a `SlideViewer` below the
    matrix, `viewer`. Labels are changed and confirmed by keys or buttons; the changes are collected here, can
    be undone, and `save` commits them. They live in the kernel: a page that is loaded again shows them.

    Its twin in the browser is in ``widgets/src/confusion/``. What comes from there is validated here.

    Parameters
    ----------
    validation : Validation
        As `wsinb.trees.classify.cross_validate` returns it.
    project : Project, str or Path
        The project of the annotations, or its folder.
    crops : Crops or sequence of (h, w, 3) uint8 arrays, optional
        The pictures that were validated. Without them patches are cut from the slides: the box of each
        annotation, widened to a square, with a quarter of its sides around it.
    branch : str
        Where changes are committed.

    Attributes
    ----------
    shown : dict
        The cell whose patches are shown, ``{"label": name or None, "predicted": name or None}``, where None
        is all of a row or column; empty at first.
    selection : list of str
        Ids of the annotations that are marked.
    saved : str or None
        Id of the last commit made from here.
    error : str
        The last sentence about something that went wrong; empty once something went right.
    conflict : bool
        Whether `error` tells of a conflict, which ``save(message, resolve=...)`` can resolve.
    percent : bool
        Whether cells tell shares of their row instead of counts.
    viewer : SlideViewer or None
        What is shown below the matrix.

    Raises
    ------
    InvalidInput
        If it is no validation, holds no picture, or the crops are not those that were validated.
    UnknownProject, UnknownSlide, UnknownVersion
        If the annotations are of another project, or the branch is not there.

    Examples
    --------
    >>> matrix = project.confusion(cross_validate(DirectClassifier(), pictures), pictures)  # doctest: +SKIP
    >>> matrix.show("tumour", "stroma")                                                     # doctest: +SKIP
    >>> matrix.relabel(matrix.selection, "stroma")                                          # doctest: +SKIP
    >>> matrix.save("Labels put right")                                                     # doctest: +SKIP
    """

    _courier: Courier | None = None

    def __init__(
        self,
        validation: Validation,
        project: Project | str | Path,
        crops: Any = None,
        branch: str = "main",
        **options: Any,
    ) -> None:
        self._lock = threading.RLock()
        self._validation = validation
        self.cases = Cases(validation)
        self.project = _opened(project)
        self.branch = branch
        head = self.project.head(branch)
        self._base = _version_of(self.project, crops, head)
        self._changes = Changes(lambda name: self.cases.stored_label(self.cases.rows_of(name)[0]))
        self._places = Places(self.cases, self.project, self._base) if self.cases.has_ids else None
        pictures = pictures_of(self.cases, crops, self._places)
        self._courier = None if pictures is None else Courier(pictures, self._deliver)
        super().__init__(**options)
        self.set_trait("classes", list(self.cases.classes))
        self.set_trait("labels", self.project.labels_at(branch).to_json())
        self.set_trait("can_edit", self._places is not None)
        self.set_trait("has_patches", pictures is not None)
        self.set_trait("note", "" if self._places is not None else _NOTHING_TO_RELABEL)
        self._tell()
        self.on_msg(self._on_message)

    @property
    def base(self) -> str:
        """Id of the commit that the changes are made on: that of the crops or the last one saved."""
        return self._base

    @property
    def validation(self) -> Validation:
        """The validation with the labels as they are now, changes included."""
        return self.cases.relabelled(self._validation)

    @property
    def changes(self) -> pd.DataFrame:
        """What is not saved: id, slide, was, label, predicted and confirmed of each changed annotation."""
        import pandas as pd

        cases = self.cases
        with self._lock:
            rows = [(name, cases.rows_of(name)[0], change) for name, change in self._changes.items()]
            found = [
                (
                    name,
                    cases.slides[row],
                    cases.stored_label(row),
                    cases.label(row),
                    cases.predicted(row),
                    one.ok,
                )
                for name, row, one in rows
            ]
        return pd.DataFrame(found, columns=["id", "slide", "was", "label", "predicted", "confirmed"])

    def show(self, label: str | None = None, predicted: str | None = None) -> None:
        """Show the patches of a cell; None is all of a row or column.

        Raises
        ------
        UnknownLabel
            If there is no such row or column.
        """
        self.cases.check_cell((label, predicted))
        self.shown = {"label": label, "predicted": predicted}

    def ids(self, label: str | None = None, predicted: str | None = None) -> list[str]:
        """Return the ids of a cell, the most surely wrong first; None is all of a row or column.

        Raises
        ------
        UnknownLabel
            If there is no such row or column.
        """
        rows = self.cases.among((label, predicted))
        return [str(name) for name in self.cases.ids[rows] if name]

    def relabel(self, ids: str | Iterable[str], label: str) -> None:
        """Give annotations another label; `save` commits it.

        Raises
        ------
        InvalidInput
            If the pictures are of no annotations.
        UnknownAnnotation
            If an id is not among the pictures; then nothing is changed.
        UnknownLabel
            If the project has no such label.
        """
        known = self.project.labels_at(self.branch)
        if label not in known:
            remedy = "add it with project.labels.add(wsinb.Label(...))."
            raise UnknownLabel(unknown("label", label, known, remedy))
        with self._lock:
            self._changes.relabel(self._known(ids), label)
            self._tell()

    def confirm(self, ids: str | Iterable[str]) -> None:
        """Say that the labels of annotations are right; `save` adds this to their verifications.

        Raises
        ------
        InvalidInput
            If the pictures are of no annotations.
        UnknownAnnotation
            If an id is not among the pictures; then nothing is changed.
        """
        with self._lock:
            self._changes.confirm(self._known(ids))
            self._tell()

    def undo(self) -> None:
        """Take the last change back, if there is one."""
        with self._lock:
            self._changes.undo()
            self._tell()

    def discard(self) -> None:
        """Forget all that is not saved."""
        with self._lock:
            self._changes.clear()
            self._tell()

    def save(self, message: str, *, author: str | None = None, resolve: Any = None) -> Commit:
        """Commit the changes, on the version that the pictures are of.

        Parameters
        ----------
        message : str
            What was done.
        author : str, optional
            Signs the commit and the verifications; `wsinb.default_author` if None.
        resolve : str or callable, optional
            What to do with annotations that somebody else changed meanwhile, see `Session.commit`: "ours" or
            "theirs".

        Raises
        ------
        InvalidInput
            If nothing is changed, or the message is empty.
        Conflict
            If somebody else changed the same annotations meanwhile. Nothing is written, the changes stay.
        UnknownAnnotation
            If an annotation is not there.
        """
        with self._lock:
            if not len(self._changes):
                raise InvalidInput("There is nothing to save: relabel or confirm something first.")
            by_slide: dict[str, dict[str, Any]] = {}
            for name, change in self._changes.items():
                slide = str(self.cases.slides[self.cases.rows_of(name)[0]])
                by_slide.setdefault(slide, {})[name] = change
            commit = commit_changes(
                *(self.project, self.branch, self._base, by_slide, message), author=author, resolve=resolve
            )
            others = labels_since(self.project, self._base, commit, self.cases.ids_by_slide())
            self._base = commit.id
            self.cases.keep(others)
            self._changes.clear()
            with self.hold_sync():
                self.error = ""
                self.selection = []
                self._tell()
                self.set_trait("saved", commit.id)
        return commit

    def view(self, annotation: str) -> SlideViewer:
        """Return a viewer that looks at an annotation of the pictures, which is marked.

        Raises
        ------
        UnknownAnnotation
            If it is not among the pictures, or not in the version.
        """
        (name,) = self._known([annotation])
        slide = str(self.cases.slides[self.cases.rows_of(name)[0]])
        viewer = SlideViewer(self.project, slide, branch=self.branch)
        viewer.go_to(name)
        viewer.selection = [name]
        return viewer

    def place(self, row: int) -> dict[str, Any]:
        """Return where a picture's annotation is: project, branch, slide, annotation (its id) and box.

        Raises
        ------
        UnknownAnnotation
            If it is of none, or of one that is not in the version.
        InvalidInput
            If the project is in no folder: the server opens none other.
        """
        if self._places is None:
            raise UnknownAnnotation("This picture is of no annotation: it has no place on a slide.")
        found = self._places.of(row)
        where = {"project": str(self.project.path), "branch": self.branch, "slide": found.slide}
        return {**where, "annotation": str(self.cases.ids[row]), "box": list(found.l0_bounds)}

    def bring(self, wanted: Patches) -> None:
        """Send pictures to a page as they are read, on a thread."""
        if self._courier is not None:
            self._courier.want(wanted)

    def fail(self, sentence: str, *, conflict: bool = False) -> None:
        """Show what went wrong."""
        with self.hold_sync():
            self.error = sentence
            self.set_trait("conflict", conflict)

    def summary(self) -> str:
        """Return what is not saved, in a few words: "2 relabelled, 1 confirmed"."""
        relabelled = len(self._changes.labels)
        confirmed = sum(change.ok for _name, change in self._changes.items())
        told = ((relabelled, "relabelled"), (confirmed, "confirmed"))
        return ", ".join(f"{n} {what}" for n, what in told if n)

    def close(self) -> None:
        """Close the widget; nothing is read for it any more."""
        if self._courier is not None:
            self._courier.stop()
        super().close()

    def _known(self, ids: str | Iterable[str]) -> list[str]:
        if self._places is None:
            raise InvalidInput(_NOTHING_TO_RELABEL)
        names = listed(ids, "Ids are given as in the column 'id'")
        for name in names:
            if not isinstance(name, str) or not self.cases.rows_of(name):
                raise UnknownAnnotation(
                    f"There is no annotation {name!r} among the pictures: take ids from validation.table."
                )
        return names

    def _tell(self) -> None:
        """Let the browser know of the changes and what they make of the matrix."""
        self.cases.edit(self._changes.labels)
        with self.hold_sync():
            self.set_trait("names", list(self.cases.names))
            self.set_trait("counts", self.cases.counts().tolist())
            self.set_trait("edits", self._changes.told())
            self.set_trait("can_undo", self._changes.can_undo)

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict):
            with self._lock:
                hear(self, content)

    def _deliver(self, page: str, row: int, jpeg: bytes | None, why: str) -> None:
        told = {"event": "patch", "page": page, "row": row, "why": why}
        self.send(told, None if jpeg is None else [jpeg])

    def __repr__(self) -> str:
        n = len(self._changes)
        unsaved = f", {n} change{'s' * (n != 1)} not saved" if n else ""
        return f"ConfusionMatrix({self.validation!r}{unsaved})"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        # a table where there is no live matrix; why it is not Jupyter's own type: `view_bundle`
        return {
            "text/plain": repr(self),
            "text/html": self.validation._repr_html_(),
            VIEW_MIME: {"model_id": self.model_id},
        }


def _opened(project: Project | str | Path) -> Project:
    if isinstance(project, str | Path):
        from wsinb.project import open_project

        return open_project(project)
    if not hasattr(project, "slides"):
        raise InvalidInput(f"{type(project).__name__} is no project: give one or its folder")
    return project


def _version_of(project: Project, crops: Any, head: str) -> str:
    """Return the commit that the pictures are of: the one of the crops, or the head of the branch."""
    return project.resolve(crops.version) if isinstance(crops, Crops) else head
