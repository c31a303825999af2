"""Folds of a cross-validation: classes shared out evenly, and nothing of a group on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.windows.draws import whole

__all__ = ["share_out"]


def share_out(
    classes: NDArray[Any], groups: NDArray[Any] | None, n_splits: Any, random_state: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return the numbers of the pictures to learn from and to test, fold by fold.

    Raises
    ------
    InvalidInput
        If there is one group only, or a class has fewer pictures, or lives in fewer groups, than there are
        folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    folds = whole("n_splits", n_splits, 2, max(2, len(classes)))
    names = np.unique(classes)
    if len(names) < 2:
        raise InvalidInput(f"all pictures are of class {names[0].item()!r}: add some of another class")
    if groups is not None and len(np.unique(groups)) < 2:
        raise InvalidInput(
            f"all pictures are of one group, {str(groups[0])!r}, and folds share out whole groups: add "
            "pictures of others, choose other groups, or leave them aside with groups=False (scores then "
            "look better than they are)"
        )
    what, holders = ("pictures", None) if groups is None else ("groups", groups)
    homes = {
        name: int((classes == name).sum()) if holders is None else len(np.unique(holders[classes == name]))
        for name in names
    }
    rarest = min(names, key=lambda name: homes[name])
    if homes[rarest] < folds:
        have = homes[rarest]
        remedy = (
            f"choose n_splits={have}" if have >= 2 else f"add {what} that have some, or leave the class out"
        )
        raise InvalidInput(
            f"class {rarest.item()!r} is in {have} {what}, which {folds} folds cannot share: {remedy}"
        )
    if groups is None:
        splitter = StratifiedKFold(folds, shuffle=True, random_state=random_state)
    else:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=random_state)
    return [
        (train, test) for train, test in splitter.split(np.zeros(len(classes)), classes, groups) if len(test)
    ]
