"""The words of a project that keep its store in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from wsinb.errors import WsinbError
from wsinb.progress import Progress
from wsinb.versions import MAIN, Repository

if TYPE_CHECKING:
    from wsinb.versions.upkeep.compact import CompactReport
    from wsinb.versions.upkeep.gc import GcReport
    from wsinb.versions.upkeep.verify import VerifyReport

__all__ = ["UpkeepWords"]

GRACE = timedelta(days=7)


class UpkeepWords:
    """Compacting, clearing away and checking; a part of `Project`."""

    repository: Repository

    def compact(
        self, slides: str | Iterable[str] | None = None, branch: str = MAIN, progress: Progress = None
    ) -> CompactReport:
        """Rewrite the files of slides so that the tables are read as fast as if they were new.

        Tables and history stay the same, and earlier versions stay readable, from the files that they
        have. What little commits leave behind is merged by itself; after many thousands of edits
        compacting is worth while.

        Parameters
        ----------
        slides
            Names; all slides by default.
        branch
            Whose newest version is compacted.
        progress
            See `wsinb.progress.track`; it counts parts of tables. Where it is cancelled, the slides
            that are done stay so.

        Raises
        ------
        UnknownVersion, UnknownSlide
            If there is no such branch or slide.
        StorageError
            If the store cannot be read or written.
        """
        from wsinb.versions.upkeep.compact import compact

        return compact(self.repository, slides, branch, progress)

    def gc(self, grace: timedelta = GRACE, dry_run: bool = False, progress: Progress = None) -> GcReport:
        """Remove files that no version needs: left by commits that failed and by killed processes.

        Also the plain files of `path_of` that nobody asked for within the period of grace.

        All versions stay, also those of deleted branches and tags.

        Parameters
        ----------
        grace
            Files that were written or used within this time are spared. It must be longer than any
            commit takes that is under way; below an hour, nobody may be writing to an object store.
        dry_run
            Only say what would be removed.
        progress
            See `wsinb.progress.track`; it counts files.

        Raises
        ------
        StorageError
            If a file that says what is needed is missing or damaged; then nothing is removed.
        """
        from wsinb.versions.readers.plain import clear_plain
        from wsinb.versions.upkeep.gc import LONGEST_GRACE, gc

        report = gc(self.repository, grace, dry_run, progress)
        plain = clear_plain(self.repository, datetime.now(UTC) - min(grace, LONGEST_GRACE), dry_run)
        return replace(report, removed={**report.removed, "plain files": plain}) if plain[0] else report

    def verify(self, progress: Progress = None) -> VerifyReport:
        """Read every file of the store and check it against its hash and what names it.

        A single changed bit is found, and every file that is missing; each is named with the version
        or slide that needs it, and what to do; so is a journal of edits that are not committed. The plain
        files of `path_of` can be made again and are left out.

        Parameters
        ----------
        progress
            See `wsinb.progress.track`; it counts files.

        Returns
        -------
        VerifyReport
            ``report.ok``; ``report.damage``, a tuple of `Damage`.
        """
        from wsinb.versions.journal.reading import damage_of, journals_in
        from wsinb.versions.upkeep.verify import Damage, verify

        report = verify(self.repository, progress)
        try:
            folder = self.repository.journals
        except WsinbError:
            if report.ok:
                raise
            return report  # what says where they are is damaged itself, and named
        remedy = "project.recover() gives what can still be read of it"
        journals = tuple(
            Damage(f"journals/{path.name}", f"damaged ({sentence})", "edits that are not committed", remedy)
            for path in journals_in(folder)
            for sentence in damage_of(path)
        )
        return replace(report, damage=report.damage + journals)
