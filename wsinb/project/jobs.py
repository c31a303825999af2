"""The words of a project that speak of jobs and their runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from wsinb.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

    from wsinb.jobs import JobResult
    from wsinb.jobs.compare import Comparison
    from wsinb.jobs.pipeline import PipelineResult
    from wsinb.jobs.verify import RunCheck
    from wsinb.project.project import Project

__all__ = ["JobWords"]


class JobWords:
    """Running notebooks as jobs; a part of `Project`."""

    def run(self, job: str, slides: str | Iterable[str] | None = None, **options: Any) -> JobResult:
        """Run a job on slides of the project; see `wsinb.jobs.run`."""
        from wsinb import jobs

        return jobs.run(cast("Project", self), job, slides=slides, **options)

    def resume(self, run: str, progress: Progress = None) -> JobResult:
        """Go on with a run that was interrupted, cancelled or failed; see `wsinb.jobs.resume`."""
        from wsinb import jobs

        return jobs.resume(cast("Project", self), run, progress)

    def pipeline(self, file: str | Path, **options: Any) -> PipelineResult:
        """Run the jobs of a file one after another; see `wsinb.jobs.run_pipeline`."""
        from wsinb import jobs

        return jobs.run_pipeline(cast("Project", self), file, **options)

    def runs(self, job: str | None = None, limit: int | None = None) -> pd.DataFrame:
        """Return the runs of the project with their parameters and metrics; see `wsinb.jobs.list_runs`."""
        from wsinb import jobs

        return jobs.list_runs(cast("Project", self), job, limit)

    def rerun(self, run: str, progress: Progress = None) -> Comparison:
        """Repeat a run and compare what it gives; see `wsinb.jobs.rerun`."""
        from wsinb import jobs

        return jobs.rerun(cast("Project", self), run, progress)

    def verify_run(self, run: str) -> RunCheck:
        """Check that all that a run was made of is still there; see `wsinb.jobs.verify_run`."""
        from wsinb import jobs

        return jobs.verify_run(cast("Project", self), run)
