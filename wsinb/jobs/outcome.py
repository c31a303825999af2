"""What a job gave, as a value that a person can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JobResult"]


@dataclass(frozen=True)
class JobResult:
    """What a job gave; shows itself as a table in a notebook.

    Attributes
    ----------
    id : str
        Id of the run.
    job : str
        Name of the job.
    commit : str
        Id of the commit that holds the result; the input version if the job committed nothing.
        The record and the executed notebook are its artifacts.
    metrics : dict
        What the notebook reported.
    record : dict
        The job record, see `wsinb.jobs.record`.
    reused : bool
        Whether it is that of an earlier run, whose causes did not change.
    """

    id: str
    job: str
    commit: str
    metrics: dict[str, Any]
    record: dict[str, Any] = field(repr=False)
    reused: bool = False

    @property
    def notebook(self) -> str:
        """Name of the artifact with the executed notebook, that of the first slide if there are several."""
        tasks = self.record["tasks"]
        slide = f"-{tasks[0]['slides'][0]}" if len(tasks) > 1 else ""
        return f"{self.job}-{self.id}{slide}.ipynb"

    @property
    def table(self) -> pd.DataFrame:
        """One row a task: its slides, seconds and metrics."""
        import pandas as pd

        rows = [
            {"slides": ", ".join(task["slides"]), "seconds": task["seconds"], **task["metrics"]}
            for task in self.record["tasks"]
        ]
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        facts = {
            "run": self.id,
            "commit": self.commit[:10],
            "seconds": round(self.record["seconds"], 1),
        }
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(str(name))}</th>'
            f'<td style="text-align:left">{escape(_short(value))}</td></tr>'
            for name, value in {**facts, **self.metrics}.items()
        )
        return f"<table><caption>{escape(self.job)}</caption><tbody>{rows}</tbody></table>"


def _short(value: Any) -> str:
    """Return a value as text; content hashes as far as one reads them."""
    text = str(value)
    is_hash = len(text) in (40, 64) and not set(text) - set("0123456789abcdef")
    return text[:10] if is_hash else text
