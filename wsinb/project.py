"""A project: slides, labels, annotations and artifacts, all of them versioned, in one folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, ProjectExists, StorageError, UnknownProject
from wsinb.versions import (
    MAIN,
    Artifact,
    Commit,
    Labels,
    Log,
    PosixStore,
    Repository,
    Session,
    SlideEntry,
    Slides,
    default_author,
)
from wsinb.versions.storage.layout import FORMAT_KEY

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.annotate import LabelSet
    from wsinb.jobs import JobResult
    from wsinb.view import SlideViewer

__all__ = [
    "Labels",
    "Project",
    "SlideEntry",
    "Slides",
    "create_project",
    "default_author",
    "find_project",
    "open_project",
]

STORE = ".wsinb"


def create_project(folder: str | Path, name: str | None = None, author: str | None = None) -> Project:
    """Make a project in a folder, which is made if missing; its store is ``<folder>/.wsinb``.

    Parameters
    ----------
    folder
        Where the project lives.
    name
        What people call it; the name of the folder by default.
    author
        Who commits the empty project; the user by default.

    Returns
    -------
    Project

    Raises
    ------
    ProjectExists
        If the folder holds one already.
    InvalidInput
        If the name is empty or cannot be printed.
    StorageError
        If the folder cannot be written.
    """
    path = _absolute(folder)
    title = path.name if name is None else name
    if not isinstance(title, str) or not title.strip() or not title.isprintable():
        raise InvalidInput(f"A project needs a printable name, not {title!r}.")
    try:
        is_file = path.exists() and not path.is_dir()
    except OSError as error:
        raise StorageError(
            f"Cannot make a project in {path}: {error.strerror}; choose another folder."
        ) from error
    if is_file:
        raise StorageError(f"Cannot make a project in {path}: it is a file, not a folder.")
    if (path / STORE / FORMAT_KEY).exists():
        raise ProjectExists(
            f"There is a project in {path} already: open it with open_project({str(folder)!r})."
        )
    Repository.create(PosixStore(path / STORE), title.strip(), author)
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
    try:
        found = (path / STORE).is_dir()
    except PermissionError as error:
        raise StorageError(
            f"Cannot read the project in {path}: permission is denied; ask its owner."
        ) from error
    except OSError:
        found = False  # no folder can have such a name
    if not found:
        above = find_project(path)
        hint = f"there is one in {above}" if above else f"make one with create_project({str(folder)!r})"
        raise UnknownProject(f"There is no project in {path}: {hint}.")
    return Project(path, Repository.open(PosixStore(path / STORE)))


def find_project(path: str | Path) -> Path | None:
    """Return the nearest folder, at or above a file or folder, that holds a project."""
    start = _absolute(path)
    for folder in (start, *start.parents):
        with contextlib.suppress(OSError):  # unreadable, or a name that no folder can have
            if (folder / STORE / FORMAT_KEY).is_file():
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
        self.slides = Slides(repository, path)
        self.labels = Labels(repository)

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

    def session(self, branch: str = MAIN, author: str | None = None, base: str | None = None) -> Session:
        """Open a session that reads the present head of a branch, and can edit and commit.

        Parameters
        ----------
        branch
            Where to commit.
        author
            Signs the commits; `default_author` if None.
        base
            An earlier commit of the branch to read instead of its head, for edits that somebody
            made while looking at that commit; `commit` then sets them on top of the head, or
            raises `Conflict`.

        Returns
        -------
        Session
            ``session[slide]`` reads and edits the annotations of a slide.

        Raises
        ------
        UnknownVersion
            If there is no such branch or commit.
        """
        return self.repository.session(branch, author, base)

    def read(self, slide: str, version: str = MAIN, bbox: Iterable[float] | None = None) -> gpd.GeoDataFrame:
        """Return the annotations of a slide at a version.

        Parameters
        ----------
        slide
            Name of the slide.
        version
            A branch, a tag, a commit or the first digits of one (at least 6).
        bbox
            ``(xmin, ymin, xmax, ymax)`` in level-0 pixels; the maxima lie outside. Only annotations
            whose bounding box meets it, so none of the whole image.

        Returns
        -------
        geopandas.GeoDataFrame
            An annotation table, see `wsinb.annotate`; level-0 pixels, in no particular order.

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

        Parameters
        ----------
        commit
            A commit, or a version as in `read`.
        name
            What to call the file there.
        data
            Its bytes, or the path of a file to copy.

        Raises
        ------
        InvalidInput
            If the commit has another artifact of that name, or there is no such file.
        UnknownVersion
            If there is no such commit.
        """
        version = commit.id if isinstance(commit, Commit) else commit
        return self.repository.attach(version, name, data)

    def artifacts(self, version: str) -> list[Artifact]:
        """Return the artifacts of a version, sorted by name."""
        return self.repository.artifacts.of(self.repository.record(version))

    def read_artifact(self, version: str, name: str) -> bytes:
        """Return the bytes of an artifact of a version, after checking their hash.

        Raises
        ------
        InvalidInput
            If the version has no artifact of that name.
        """
        return self.repository.artifacts.read(self.repository.record(version), name)

    def view(self, slide: str, **options: Any) -> SlideViewer:
        """Return a viewer of a slide, which shows and edits its annotations in a notebook.

        `options` are those of `wsinb.view.SlideViewer`.

        Raises
        ------
        UnknownSlide
            If the project has no slide of that name.
        """
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
        return (
            f"<b>{escape(self.name)}</b> <code>{escape(self.url)}</code>"
            f"{self.slides._repr_html_()}{self.labels._repr_html_()}{self.log(limit=5)._repr_html_()}"
        )
