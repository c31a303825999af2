"""A project: slides, labels, annotations and artifacts, all of them versioned, in one folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.annotate import Label, LabelSet
from wsinb.errors import InvalidInput, ProjectExists, SlideNotFound, StorageError, UnknownProject, UnknownSlide
from wsinb.names import unknown
from wsinb.versions import MAIN, Artifact, Commit, Log, PosixStore, Repository, Session, default_author
from wsinb.versions.commits import Draft

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.jobs import JobResult
    from wsinb.tiles import Slide
    from wsinb.view import SlideViewer

__all__ = ["Labels", "Project", "SlideEntry", "Slides", "create_project", "find_project", "open_project"]

STORE = ".wsinb"


@dataclass(frozen=True)
class SlideEntry:
    """A slide of a project.

    Attributes
    ----------
    name
        Unique within the project.
    path
        Relative to the project's folder, or absolute, as stored; "/" between segments.
    checksum
        ``"sha256:<hex>"`` of the file.
    size
        Width and height in level-0 pixels.
    mpp
        Micrometres per level-0 pixel along x and y, or None if unknown.
    metadata
        Whatever the project wants to keep with the slide, JSON values.
    """

    name: str
    path: str
    checksum: str
    size: tuple[int, int]
    mpp: tuple[float, float] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a JSON object, without the name."""
        return {
            "path": self.path,
            "checksum": self.checksum,
            "size": list(self.size),
            "mpp": None if self.mpp is None else list(self.mpp),
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_json(cls, name: str, data: Mapping[str, Any]) -> SlideEntry:
        """Make an entry of its stored form."""
        width, height = data["size"]
        mpp = data["mpp"]
        return cls(
            name,
            data["path"],
            data["checksum"],
            (width, height),
            None if mpp is None else (mpp[0], mpp[1]),
            data["metadata"],
        )


def create_project(folder: str | Path, name: str | None = None) -> Project:
    """Make a project in a folder, which is made if missing; its store is ``<folder>/.wsinb``.

    Parameters
    ----------
    folder
        Where the project lives.
    name
        What people call it; the name of the folder by default.

    Raises
    ------
    ProjectExists
        If the folder holds one already.
    StorageError
        If the folder cannot be written.
    """
    path = _absolute(folder)
    title = path.name if name is None else name
    if not isinstance(title, str) or not title.strip() or not title.isprintable():
        raise InvalidInput(f"A project needs a printable name, not {title!r}.")
    if path.exists() and not path.is_dir():
        raise StorageError(f"Cannot make a project in {path}: it is a file, not a folder.")
    if (path / STORE / "format.json").exists():
        raise ProjectExists(f"There is a project in {path} already: open it with open_project({str(folder)!r}).")
    Repository.create(PosixStore(path / STORE), title.strip())
    return open_project(path)


def open_project(folder: str | Path) -> Project:
    """Open the project in a folder.

    Raises
    ------
    UnknownProject
        If the folder holds none.
    StorageError
        If its format is newer than this version of wsinb reads, or it cannot be read.
    """
    path = _absolute(folder)
    if not (path / STORE).is_dir():
        above = find_project(path)
        hint = f"there is one in {above}" if above else f"make one with create_project({str(folder)!r})"
        raise UnknownProject(f"There is no project in {path}: {hint}.")
    return Project(path, Repository.open(PosixStore(path / STORE)))


def find_project(path: str | Path) -> Path | None:
    """Return the nearest folder, at or above a file or folder, that holds a project."""
    start = _absolute(path)
    for folder in (start, *start.parents):
        if (folder / STORE / "format.json").is_file():
            return folder
    return None


def _absolute(folder: str | Path) -> Path:
    if not isinstance(folder, str | Path) or not str(folder):
        raise InvalidInput(f"A project's folder is a path, not {folder!r}.")
    return Path(folder).expanduser().absolute()


class Project:
    """Slides, labels and annotations with all their versions.

    Get one from `create_project` or `open_project`. Everything is read afresh from the
    store, so that what others commit is seen at once.
    """

    def __init__(self, path: Path, repository: Repository) -> None:
        self.path = path
        self.repository = repository
        self.slides = Slides(self)
        self.labels = Labels(self)

    @property
    def url(self) -> str:
        """Where the project is: its folder."""
        return str(self.path)

    @property
    def name(self) -> str:
        """What people call the project."""
        return str(self.repository.metadata_of(self.repository.record(MAIN))["name"])

    @property
    def format(self) -> int:
        """Version of the on-disk format, see docs/format.md."""
        return self.repository.format

    def session(self, branch: str = MAIN, author: str | None = None) -> Session:
        """Open a session that reads the present head of a branch, and can edit and commit.

        Parameters
        ----------
        branch
            Where to commit.
        author
            Signs the commits; `default_author` if None.
        """
        return self.repository.session(branch, author)

    def read(self, slide: str, version: str = MAIN, bbox: Iterable[float] | None = None) -> gpd.GeoDataFrame:
        """Return the annotations of a slide at a version.

        Parameters
        ----------
        slide
            Name of the slide.
        version
            A branch, a tag, a commit or the first digits of one (at least 6).
        bbox
            ``(xmin, ymin, xmax, ymax)`` in level-0 pixels: only annotations that meet it.

        Raises
        ------
        UnknownSlide, UnknownVersion
            If there is no such slide or version.
        """
        return self.repository.read(slide, version, bbox)

    def log(self, branch: str = MAIN, limit: int | None = None) -> Log:
        """Return the commits of a branch (or up to any version), newest first."""
        return self.repository.log(branch, limit)

    def head(self, branch: str = MAIN) -> str:
        """Return the id of the newest commit of a branch."""
        return self.repository.branch_head(branch).record.id

    def resolve(self, version: str) -> str:
        """Return the full commit id of a branch, a tag, or the first digits of a commit."""
        return self.repository.record(version).id

    def commit(self, version: str) -> Commit:
        """Return the commit of a version."""
        return self.repository.commit(version)

    def slides_at(self, version: str) -> dict[str, SlideEntry]:
        """Return the slide list of a version."""
        entries = self.repository.slides_of(self.repository.record(version))
        return {name: SlideEntry.from_json(name, data) for name, data in entries.items()}

    def labels_at(self, version: str) -> LabelSet:
        """Return the labels of a version."""
        return self.repository.labels_of(self.repository.record(version))

    def attach(self, commit: str | Commit, name: str, data: bytes | Path) -> Artifact:
        """Attach a file to a commit that exists; the commit stays the same.

        Raises
        ------
        InvalidInput
            If the commit has another artifact of that name.
        """
        version = commit.id if isinstance(commit, Commit) else commit
        return self.repository.attach(version, name, data)

    def artifacts(self, version: str) -> list[Artifact]:
        """Return the artifacts of a version, sorted by name."""
        return self.repository.artifacts.of(self.repository.record(version))

    def read_artifact(self, version: str, name: str) -> bytes:
        """Return the bytes of an artifact of a version."""
        return self.repository.artifacts.read(self.repository.record(version), name)

    def view(self, slide: str, **options: Any) -> SlideViewer:
        """Return a viewer of a slide, which shows and edits its annotations in a notebook."""
        from wsinb.view import SlideViewer

        self.slides[slide]
        return SlideViewer(project=self, slide=slide, **options)

    def run(self, job: str, slides: Iterable[str] | None = None, **parameters: Any) -> JobResult:
        """Run a job on slides of the project; see `wsinb.jobs.run`."""
        from wsinb import jobs

        return jobs.run(self, job, slides=slides, **parameters)

    def __repr__(self) -> str:
        return f"<Project {self.name!r} in {self.url}: {len(self.slides)} slides, {len(self.labels)} labels>"

    def _repr_html_(self) -> str:
        slides = "".join(entry_row(entry) for entry in self.slides.values())
        head = "<tr><th>slide</th><th>size</th><th>µm per pixel</th><th>file</th></tr>"
        return (
            f"<b>{escape(self.name)}</b> <code>{escape(self.url)}</code>"
            f"<table><thead>{head}</thead><tbody>{slides}</tbody></table>"
            f"{self.labels._repr_html_()}{self.log(limit=5)._repr_html_()}"
        )


def entry_row(entry: SlideEntry) -> str:
    """Return one slide as a row of an HTML table."""
    mpp = "unknown" if entry.mpp is None else f"{entry.mpp[0]:g}"
    size = f"{entry.size[0]} × {entry.size[1]}"
    return (
        f"<tr><td>{escape(entry.name)}</td><td>{size}</td><td>{mpp}</td><td><code>{escape(entry.path)}</code></td></tr>"
    )


class Slides(Mapping[str, SlideEntry]):
    """The slides of a project, by name; changing the list makes a commit on main."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._repository = project.repository

    def _entries(self) -> dict[str, Any]:
        return self._repository.slides_of(self._repository.branch_head(MAIN).record)

    def __getitem__(self, name: str) -> SlideEntry:
        entries = self._entries()
        if name not in entries:
            raise UnknownSlide(unknown("slide", name, entries, "add one with project.slides.add(path)."))
        return SlideEntry.from_json(name, entries[name])

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

        Raises
        ------
        InvalidInput
            If the project has a slide of that name, or the name cannot be used.
        SlideNotFound, UnreadableSlide
            If there is no file, or it is no slide.
        """
        from wsinb.tiles import open_slide

        file = self._locate(str(path))
        slide = open_slide(file, mpp=mpp)
        entry = SlideEntry(
            _check_name(slide.name if name is None else name),
            self._stored_path(file),
            slide.checksum,
            (int(slide.size[0]), int(slide.size[1])),
            None if slide.mpp_xy is None else (float(slide.mpp_xy[0]), float(slide.mpp_xy[1])),
            dict(metadata or {}),
        )

        def change(entries: dict[str, Any]) -> None:
            if entry.name in entries:
                raise InvalidInput(f"The project has a slide {entry.name!r} already: add this one with another name.")
            entries[entry.name] = entry.to_json()

        self._edit(f"Add slide {entry.name}", {"added": [entry.name]}, change)
        return entry

    def remove(self, name: str) -> None:
        """Remove a slide and its annotations from the project, as a commit.

        Earlier versions keep both; the file stays where it is.
        """

        def change(entries: dict[str, Any]) -> None:
            if name not in entries:
                raise UnknownSlide(unknown("slide", name, entries))
            del entries[name]

        self._edit(f"Remove slide {name}", {"removed": [name]}, change, removed=(name,))

    def relocate(self, name: str, path: str | Path) -> SlideEntry:
        """Say where the file of a slide is now, as a commit.

        Raises
        ------
        InvalidInput
            If the file's checksum is not that of the slide.
        """
        from wsinb.tiles import open_slide

        before = self[name]
        file = self._locate(str(path))
        if open_slide(file).checksum != before.checksum:
            raise InvalidInput(f"The file {file} is not slide {name!r}: its checksum differs; add it as a new slide.")
        stored = self._stored_path(file)

        def change(entries: dict[str, Any]) -> None:
            if name not in entries:
                raise UnknownSlide(unknown("slide", name, entries))
            entries[name] = {**entries[name], "path": stored}

        self._edit(f"Move slide {name}", {"updated": [name]}, change)
        return self[name]

    def path(self, name: str) -> Path:
        """Return the absolute path of a slide's file, whether or not it is there."""
        return self._project.path / self[name].path

    def open(self, name: str) -> Slide:
        """Open the file of a slide, with the stored micrometres per pixel.

        Raises
        ------
        SlideNotFound
            If the file is not where it was added.
        InvalidInput
            If the file now has another size than the slide.
        """
        from wsinb.tiles import open_slide

        entry = self[name]
        file = self._project.path / entry.path
        if not file.exists():
            raise SlideNotFound(
                f"The file of slide {name!r} is not at {file}: put it back, or say where it is with "
                f"project.slides.relocate({name!r}, path)."
            )
        slide = open_slide(file, mpp=entry.mpp)
        if tuple(slide.size) != entry.size:
            raise InvalidInput(
                f"The file {file} is {slide.size[0]} x {slide.size[1]} pixels, and slide {name!r} was "
                f"{entry.size[0]} x {entry.size[1]} when it was added: put the old file back, or add this one under "
                f"another name."
            )
        return slide

    def _locate(self, path: str) -> Path:
        """Return the absolute path of a file; a relative one is seen from here, or from the project."""
        here = Path(path).expanduser().absolute()
        inside = self._project.path / Path(path).expanduser()
        return inside if inside.exists() and not here.exists() else here

    def _stored_path(self, file: Path) -> str:
        root = self._project.path.resolve()
        resolved = file.resolve()
        return (resolved.relative_to(root) if resolved.is_relative_to(root) else file).as_posix()

    def _edit(self, message: str, edits: dict[str, list[str]], change: Any, removed: tuple[str, ...] = ()) -> Commit:
        author = default_author()

        def prepare(record: Any) -> Draft:
            entries = self._repository.slides_of(record)
            change(entries)
            return Draft(message, author, slides=entries, edits={"slides": edits}, removed=removed)

        return self._repository.edit(prepare)

    def __repr__(self) -> str:
        return f"Slides({', '.join(self)})"

    def _repr_html_(self) -> str:
        head = "<tr><th>slide</th><th>size</th><th>µm per pixel</th><th>file</th></tr>"
        rows = "".join(entry_row(entry) for entry in self.values())
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _check_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip() or name != name.strip() or not name.isprintable():
        raise InvalidInput(f"A slide needs a printable name without spaces at its ends, not {name!r}.")
    return name


class Labels(Mapping[str, Label]):
    """The labels of a project, in the order of the palette; changing them makes a commit on main."""

    def __init__(self, project: Project) -> None:
        self._repository = project.repository

    def _set(self) -> LabelSet:
        return self._repository.labels_of(self._repository.branch_head(MAIN).record)

    def __getitem__(self, name: str) -> Label:
        return self._set()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._set()

    def __iter__(self) -> Iterator[str]:
        return iter(self._set())

    def __len__(self) -> int:
        return len(self._set())

    def add(self, labels: Label | Iterable[Label]) -> None:
        """Add one label or several as one commit; a label of a known name takes its place.

        Raises
        ------
        InvalidInput
            If two active labels would share a key.
        """
        new = [labels] if isinstance(labels, Label) else list(labels)
        author = default_author()

        def prepare(record: Any) -> Draft:
            before = self._repository.labels_of(record)
            after = LabelSet(before.values())
            after.add(new)
            names = {label.name for label in new}
            edits = {"added": sorted(names - set(before)), "updated": sorted(names & set(before))}
            words = ", ".join(sorted(names))
            message = f"Set labels {words}" if edits["updated"] else f"Add labels {words}"
            return Draft(message, author, labels=self._repository.put_labels(after), edits={"labels": edits})

        if new:
            self._repository.edit(prepare)

    def remove(self, name: str) -> None:
        """Remove a label, as a commit; annotations that carry it keep it."""
        author = default_author()

        def prepare(record: Any) -> Draft:
            labels = self._repository.labels_of(record)
            labels.remove(name)
            edits = {"labels": {"removed": [name]}}
            return Draft(f"Remove label {name}", author, labels=self._repository.put_labels(labels), edits=edits)

        self._repository.edit(prepare)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the labels as JSON objects, in the order of the palette."""
        return self._set().to_json()

    def __repr__(self) -> str:
        return repr(self._set())

    def _repr_html_(self) -> str:
        return self._set()._repr_html_()
