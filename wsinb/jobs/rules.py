"""Rules of a workflow as texts, so that a job can take them as parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidParameter
from wsinb.jobs.units import l0_area

if TYPE_CHECKING:
    from wsinb.tiles import Slide
    from wsinb.trees import Rule

__all__ = ["AreaRule", "area_rules"]

_NUMBER = r"\d+(?:\.\d+)?"
_RULE = re.compile(rf"({_NUMBER})?\s*\.\.\s*({_NUMBER})?\s+(?:(label|model)\s+(\S.*)|(keep))")
_FORM = "write '50..200 label cell', '50.. model cells' or '..50 keep', areas in square micrometres"


@dataclass(frozen=True)
class AreaRule:
    """What is done with objects of some areas.

    Attributes
    ----------
    text : str
        As it was written.
    low_um2, high_um2 : float or None
        Areas from `low_um2` on and below `high_um2`, square micrometres; None is no limit.
    what : {"label", "model", "keep"}
        They get a label, are given to a classifier, or keep the segmenter's label.
    name : str
        Of the label or the model; empty for "keep".
    """

    text: str
    low_um2: float | None
    high_um2: float | None
    what: str
    name: str = ""

    def on(self, slide: Slide, classifier: Any = None) -> Rule:
        """Return the rule for a slide; `classifier` is the model, for "model".

        Raises
        ------
        UnknownMpp
            If there are limits and the slide does not know its pixel size.
        """
        from wsinb.trees import Rule

        low = None if self.low_um2 is None else l0_area(slide, self.low_um2)
        high = None if self.high_um2 is None else l0_area(slide, self.high_um2)

        def when(objects: Any) -> Any:
            areas = objects.geometry.area.to_numpy()
            return (areas >= (0 if low is None else low)) & (True if high is None else areas < high)

        if self.what == "model":
            return Rule(when, classifier, name=self.text, **classifier.view)
        return Rule(when, label=self.name or None, name=self.text)


def area_rules(texts: Iterable[str]) -> list[AreaRule]:
    """Read rules such as ``"..50 label debris"``, ``"50..400 model cells"``, ``"400.. keep"``.

    Raises
    ------
    InvalidParameter
        If a text is none; the message shows the form.
    """
    rules = []
    for text in texts:
        found = _RULE.fullmatch(text.strip())
        if found is None:
            raise InvalidParameter(f"{text!r} is no rule: {_FORM}.")
        low, high = (None if part is None else float(part) for part in found.group(1, 2))
        if low is not None and high is not None and high <= low:
            raise InvalidParameter(f"The rule {text!r} takes nothing: its second area must be the larger.")
        rules.append(AreaRule(text.strip(), low, high, found[3] or "keep", found[4] or ""))
    return rules
