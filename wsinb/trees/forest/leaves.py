"""What the leaves of a forest hold, in few bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["smallest_counts"]


def smallest_counts(
    counts: NDArray[np.int64], total: NDArray[np.int64]
) -> tuple[NDArray[np.uint8 | np.uint16 | np.float64], NDArray[np.int32]]:
    """Divide the counts of each leaf by their greatest common divisor and store them in the fewest bytes.

    Parameters
    ----------
    counts : ndarray (n_leaves, n_values), int
        Samples of each class above the first, for each output.
    total : ndarray (n_leaves,), int
        All samples of the leaf.

    Returns
    -------
    leaves : ndarray (n_leaves, n_values), uint8 or uint16; float64 (fractions) if counts exceed 65535
    divisor : ndarray (n_leaves,), int32
    """
    common = np.gcd(np.gcd.reduce(counts, axis=1), total) if counts.shape[1] else total
    reduced, divisor = counts // common[:, None], (total // common).astype(np.int32)
    largest = int(reduced.max(initial=0))
    if largest > np.iinfo(np.uint16).max:
        return counts / total[:, None], np.ones(len(total), np.int32)
    return reduced.astype(np.uint8 if largest < 256 else np.uint16), divisor
