"""The words of a project that speak of files: artifacts, and versions as plain tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.names import listed
from wsinb.progress import Progress
from wsinb.versions import MAIN, Artifact, Commit, Repository

if TYPE_CHECKING:
    import dask_geopandas
    import duckdb

__all__ = ["FileWords"]

_NAMES = "Slides are given by their names"


class FileWords:
    """Artifacts, exports and readers of plain files; a part of `Project`."""

    repository: Repository

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

    def path_of(self, version: str, slide: str) -> Path:
        """Return a plain GeoParquet 1.1 file of a slide's annotations at a version.

        geopandas, pyarrow, DuckDB, Polars and QGIS read it as it is. It is made once and kept; what is
        done to it does not touch the project.

        Raises
        ------
        UnknownSlide, UnknownVersion
            If there is no such slide or version.
        StorageError
            If the file cannot be written.
        """
        from wsinb.versions.readers.plain import plain_file

        return plain_file(self.repository, self.repository.version(version), slide)

    def export(
        self,
        version: str,
        folder: str | Path,
        format: str = "geoparquet",  # noqa: A002  the word people use
        slides: str | Iterable[str] | None = None,
        progress: Progress = None,
    ) -> list[Path]:
        """Write the annotations of a version to a folder, one file a slide, and what they belong to.

        Parameters
        ----------
        version
            A branch, a tag, a commit or the first digits of one.
        folder
            Made if missing. Nothing that lies there is overwritten.
        format
            ``"geoparquet"`` (GeoParquet 1.1, all columns) or ``"geojson"`` (a FeatureCollection in level-0
            pixels, y down, whose ``classification`` QuPath reads).
        slides
            Names; all slides by default.
        progress
            See `wsinb.progress.track`; counts slides.

        Returns
        -------
        list of Path
            The files: one for each slide in the order of names, then ``version.json`` with the commit,
            the slide list and the labels.

        Raises
        ------
        InvalidInput
            If the format is unknown or a file is there already.
        UnknownSlide, UnknownVersion
            If the version or a slide of it does not exist.
        StorageError
            If the folder cannot be written.
        """
        from wsinb.versions.readers.export import export

        return export(self.repository, version, folder, format, slides, progress)

    def duckdb(
        self, version: str = MAIN, slides: str | Iterable[str] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Return a DuckDB connection with the view ``annotations`` of a version.

        Its first column is ``slide``; the others are those of the table. Needs ``wsinb[query]``.

        Parameters
        ----------
        version
            A branch, a tag, a commit or the first digits of one.
        slides
            Names; all slides by default.

        Raises
        ------
        InvalidInput
            If DuckDB is not installed, or the version has no slide.
        """
        from wsinb.versions.readers.query import duckdb_view

        return duckdb_view(self._plain_files(version, slides))

    def dask(
        self, version: str = MAIN, slides: str | Iterable[str] | None = None
    ) -> dask_geopandas.GeoDataFrame:
        """Return the annotations of a version as a lazy dask-geopandas table.

        Its first column is ``slide``. Needs ``wsinb[query]``. Parameters and errors are those of `duckdb`.
        """
        from wsinb.versions.readers.query import dask_frame

        return dask_frame(self._plain_files(version, slides))

    def _plain_files(self, version: str, slides: str | Iterable[str] | None) -> dict[str, Path]:
        from wsinb.versions.readers.plain import plain_file

        head = self.repository.version(version)  # once: a branch may move between two slides
        names = list(self.repository.slides_of(head.record)) if slides is None else listed(slides, _NAMES)
        return {name: plain_file(self.repository, head, name) for name in names}
