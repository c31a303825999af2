"""The slide list of a project: every change of it is a commit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, SlideNotFound, UnknownSlide
from wsinb.listing import Cell, code, html_table
from wsinb.names import given_path, is_among, is_name, unknown
from wsinb.versions.about import check_metadata
from wsinb.versions.author import check_author
from wsinb.versions.graph.commits import Draft
from wsinb.versions.graph.records import Record
from wsinb.versions.repository import MAIN, Repository
from wsinb.versions.slideentry import SlideEntry, check_same_size, check_there
from wsinb.versions.storage.layout import canonical

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["SlideEntry", "Slides", "check_same_size", "check_there"]

MAX_NAME = 200


class Slides(Mapping[str, SlideEntry]):
    """The slides of a project, by name; changing the list makes a commit, on main if not `on` a branch."""

    def __init__(self, repository: Repository, folder: Path | None, branch: str = MAIN) -> None:
        self._repository = repository
        self._folder = folder
        self._branch = branch

    def on(self, branch: str) -> Slides:
        """Return the slides of a branch, to read and to change."""
        return Slides(self._repository, self._folder, branch)

    def _entries(self) -> dict[str, Any]:
        return self._repository.slides_of(self._repository.branch_head(self._branch).record)

    def __getitem__(self, name: str) -> SlideEntry:
        return SlideEntry.from_json(name, _known(self._entries(), name))

    def __contains__(self, name: object) -> bool:
        return name in self._entries()

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries())

    def __len__(self) -> int:
        return len(self._entries())

    def add(
        self,
        path: str | Path,
        name: str | None = None,
        mpp: float | tuple[float, float] | None = None,
        metadata: Mapping[str, Any] | None = None,
        author: str | None = None,
    ) -> SlideEntry:
        """Add a slide file to the project, as a commit.

        Parameters
        ----------
        path
            The file; it stays where it is. Stored relative to the project if it lies inside.
        name
            Unique within the project; the file's name without its ending by default.
        mpp
            Micrometres per level-0 pixel, if the file does not say or says it wrongly.
        metadata
            JSON values to keep with the slide, for example ``{"patient": "p12"}``.
        author
            Who commits; the user by default.

        Returns
        -------
        SlideEntry

        Raises
        ------
        InvalidInput
            If the project has a slide of that name, or the name cannot be used.
        SlideNotFound, UnreadableSlide
            If there is no file, or it is no slide.
        """
        from wsinb.tiles import open_slide

        file = self._locate(path)
        with open_slide(file, mpp=mpp) as slide:
            checked = _check_name(slide.name if name is None else name)
            # before the checksum, which reads the whole file
            _refuse_taken(checked, self._entries())
            entry = SlideEntry(
                checked,
                self._stored_path(file),
                slide.checksum,
                (int(slide.size[0]), int(slide.size[1])),
                None if slide.mpp_xy is None else (float(slide.mpp_xy[0]), float(slide.mpp_xy[1])),
                check_metadata(metadata, "slide"),
            )

        def change(entries: dict[str, Any]) -> None:
            _refuse_taken(entry.name, entries)
            entries[entry.name] = entry.to_json()

        self._edit(f"Add slide {entry.name}", {"added": [entry.name]}, change, author)
        return entry

    def remove(self, name: str, author: str | None = None) -> None:
        """Remove a slide and its annotations from the project, as a commit.

        Earlier versions keep both; the file stays where it is.

        Raises
        ------
        UnknownSlide
            If the project has no slide of that name.
        """

        def change(entries: dict[str, Any]) -> None:
            _known(entries, name)
            del entries[name]

        self._edit(f"Remove slide {name}", {"removed": [name]}, change, author)

    def relocate(self, name: str, path: str | Path, author: str | None = None) -> SlideEntry:
        """Say where the file of a slide is now, as a commit.

        Parameters
        ----------
        name
            Name of the slide.
        path
            The file, the same bytes in another place.
        author
            Who commits; the user by default.

        Raises
        ------
        UnknownSlide
            If the project has no slide of that name.
        InvalidInput
            If the file's checksum is not that of the slide.
        """
        from wsinb.tiles import open_slide

        before = self[name]
        file = self._locate(path)
        with open_slide(file) as slide:
            checksum = slide.checksum
        if checksum != before.checksum:
            raise InvalidInput(
                f"The file {file} is not slide {name!r}: its checksum differs; add it as a new slide."
            )
        stored = self._stored_path(file)

        return self._set(name, {"path": stored}, f"Move slide {name}", author)

    def set_mpp(
        self, name: str, mpp: float | tuple[float, float] | None, author: str | None = None
    ) -> SlideEntry:
        """Set the micrometres per level-0 pixel of a slide, as a commit; None makes them unknown.

        Raises
        ------
        InvalidInput
            If `mpp` is not positive.
        """
        from wsinb.tiles.model import check_mpp

        known = check_mpp(mpp)

        stored = None if known is None else list(known)
        return self._set(name, {"mpp": stored}, f"Set micrometres per pixel of slide {name}", author)

    def set_metadata(self, name: str, metadata: Mapping[str, Any], author: str | None = None) -> SlideEntry:
        """Set what the project keeps with a slide, as a commit; it takes the place of what was there.

        Parameters
        ----------
        name
            Name of the slide.
        metadata
            JSON values, for example ``{"patient": "p12"}``.
        author
            Who commits; the user by default.

        Raises
        ------
        UnknownSlide
            If the project has no slide of that name.
        InvalidInput
            If the metadata are no dict of JSON values.
        """
        checked = check_metadata(metadata, "slide")

        return self._set(name, {"metadata": checked}, f"Set metadata of slide {name}", author)

    def update_metadata(self, name: str, changes: Mapping[str, Any], author: str | None = None) -> SlideEntry:
        """Set some of what the project keeps with a slide, as a commit; the rest stays as it is.

        Parameters
        ----------
        name
            Name of the slide.
        changes
            JSON values by their names, for example ``{"progress": "done"}``; None takes one away. Where
            all is so already, there is no commit.
        author
            Who commits; the user by default.

        Raises
        ------
        UnknownSlide
            If the project has no slide of that name.
        InvalidInput
            If the changes are no dict of JSON values.
        """
        checked = check_metadata(changes, "slide")

        def changed(entry: Mapping[str, Any]) -> dict[str, Any]:
            members = {**entry["metadata"], **checked}
            return {key: value for key, value in members.items() if value is not None or key not in checked}

        def change(entries: dict[str, Any]) -> None:
            entry = _known(entries, name)
            entries[name] = {**entry, "metadata": changed(entry)}

        now = _known(self._entries(), name)
        # as JSON: 1 and True are equal
        if canonical(changed(now)) != canonical(now["metadata"]):
            what = ", ".join(checked)
            what = what if is_name(what, MAX_NAME) else "metadata"
            self._edit(f"Set {what} of slide {name}", {"updated": [name]}, change, author)
        return self[name]

    def path(self, name: str) -> Path:
        """Return the absolute path of a slide's file, whether or not it is there.

        Raises
        ------
        SlideNotFound
            If it is relative to a folder, and the project is in none.
        """
        return self._file(self[name])

    def open(self, name: str) -> Slide:
        """Open the file of a slide, with the stored micrometres per pixel.

        Raises
        ------
        SlideNotFound
            If the file is not where it was added.
        InvalidInput
            If the file now has another size than the slide.
        """
        return self.open_entry(self[name])

    def open_entry(self, entry: SlideEntry) -> Slide:
        """Open the file of a slide of any version, where it is now if it was moved since; see `open`."""
        from wsinb.tiles import open_slide

        now = self._entries().get(entry.name)
        if now is not None and now["checksum"] == entry.checksum:
            entry = replace(entry, path=now["path"])
        file = self._file(entry)
        check_there(entry, file)
        slide = open_slide(file, mpp=entry.mpp)
        try:
            check_same_size(entry, slide)
        except InvalidInput:
            slide.close()
            raise
        return slide

    def _locate(self, path: str | Path) -> Path:
        """Return the absolute path of a file; a relative one is seen from here, or from the project."""
        here = given_path(path, "A slide is added by the path of its file")
        if self._folder is None:
            return here
        inside = self._folder / Path(path).expanduser()
        # not Path.exists, which raises where a name is too long to be that of a file
        return inside if os.path.exists(inside) and not os.path.exists(here) else here  # noqa: PTH110

    def _file(self, entry: SlideEntry) -> Path:
        if self._folder is None and not Path(entry.path).is_absolute():
            raise SlideNotFound(
                f"The file of slide {entry.name!r} is stored as {entry.path}, seen from the project's "
                f"folder, and this project is in none: say where it is with "
                f"project.slides.relocate({entry.name!r}, path)."
            )
        return (self._folder or Path()) / entry.path

    def _stored_path(self, file: Path) -> str:
        if self._folder is None:
            return file.as_posix()
        root = self._folder.resolve()
        resolved = file.resolve()
        return (resolved.relative_to(root) if resolved.is_relative_to(root) else file).as_posix()

    def _set(self, name: str, members: dict[str, Any], message: str, author: str | None) -> SlideEntry:
        """Set members of the entry of one slide, as a commit."""

        def change(entries: dict[str, Any]) -> None:
            entries[name] = {**_known(entries, name), **members}

        self._edit(message, {"updated": [name]}, change, author)
        return self[name]

    def _edit(
        self,
        message: str,
        edits: dict[str, list[str]],
        change: Callable[[dict[str, Any]], None],
        author: str | None = None,
    ) -> None:
        signed = check_author(author)

        def prepare(record: Record) -> Draft:
            entries = self._repository.slides_of(record)
            change(entries)
            return Draft(message, signed, slides=entries, edits={"slides": edits})

        self._repository.edit(prepare, self._branch)

    def __repr__(self) -> str:
        return f"Slides({', '.join(self)})"

    def _repr_html_(self) -> str:
        entries = self._entries()  # once: each look-up by name reads the head of the branch
        rows = (_row(SlideEntry.from_json(name, data)) for name, data in entries.items())
        return html_table(("slide", "size", "µm per pixel", "file"), rows)


def _check_name(name: Any) -> str:
    if isinstance(name, str) and len(name) > MAX_NAME:
        raise InvalidInput(f"The slide name {name[:40]!r}... has over {MAX_NAME} characters: shorten it.")
    if not is_name(name, trimmed=True):
        raise InvalidInput(f"A slide needs a printable name without spaces at its ends, not {name!r}.")
    return name


def _known(entries: Mapping[str, Any], name: str) -> dict[str, Any]:
    if not is_among(name, entries):
        raise UnknownSlide(unknown("slide", name, entries, "add one with project.slides.add(path)."))
    entry: dict[str, Any] = entries[name]
    return entry


def _refuse_taken(name: str, entries: Mapping[str, Any]) -> None:
    if name in entries:
        raise InvalidInput(f"The project has a slide {name!r} already: add this one with another name.")


def _row(entry: SlideEntry) -> tuple[Cell, ...]:
    """Return one slide as a row of an HTML table."""
    mpp = "unknown" if entry.mpp is None else f"{entry.mpp[0]:g}"
    return entry.name, f"{entry.size[0]} × {entry.size[1]}", mpp, code(entry.path)
