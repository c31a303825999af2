"""UUIDs by the million: texts in Arrow arrays, and the two 64-bit numbers that each stands for."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Halves", "halves_of", "random_halves", "texts_of"]

Halves = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]
"""The first and the last eight bytes of each, read big-endian, shape (n,)."""

LENGTH = 36
HYPHENS = [8, 13, 18, 23]
# the runs of digits between the hyphens: start, stop, digits before
RUNS = [(0, 8, 0), (9, 13, 8), (14, 18, 12), (19, 23, 16), (24, 36, 20)]
_LETTER_OF = np.frombuffer(b"0123456789abcdef", np.uint8)
_DIGIT_OF = np.full(256, 255, np.uint8)
for _letters in (b"0123456789abcdef", b"0123456789ABCDEF"):
    _DIGIT_OF[list(_letters)] = np.arange(16)


def halves_of(texts: pa.Array) -> Halves | None:
    """Return UUID texts as numbers; None if one is null or no UUID of 32 digits and 4 hyphens."""
    n = len(texts)
    if n == 0:
        return np.empty(0, np.uint64), np.empty(0, np.uint64)
    if not pa.types.is_string(texts.type):
        texts = texts.cast(pa.string())
    offsets = np.frombuffer(texts.buffers()[1], np.int32, n + 1, 4 * texts.offset)
    if texts.null_count or (np.diff(offsets) != LENGTH).any():
        return None
    letters = np.frombuffer(texts.buffers()[2], np.uint8, LENGTH * n, int(offsets[0])).reshape(n, LENGTH)
    digits = np.empty((n, 32), np.uint8)
    for start, stop, before in RUNS:
        digits[:, before : before + stop - start] = letters[:, start:stop]
    digits = _DIGIT_OF[digits]
    if (digits > 15).any() or (letters[:, HYPHENS] != ord("-")).any():
        return None
    halves = (digits[:, 0::2] << 4 | digits[:, 1::2]).view(">u8").astype(np.uint64)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def texts_of(halves: Halves) -> pa.Array:
    """Return UUIDs as an Arrow array of texts, in lower case."""
    n = len(halves[0])
    pairs = np.stack(halves, axis=1).astype(">u8").view(np.uint8)
    digits = np.empty((n, 32), np.uint8)
    digits[:, 0::2], digits[:, 1::2] = pairs >> 4, pairs & 15
    digits = _LETTER_OF[digits]
    letters = np.full((n, LENGTH), ord("-"), np.uint8)
    for start, stop, before in RUNS:
        letters[:, start:stop] = digits[:, before : before + stop - start]
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(LENGTH)
    return pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(letters)])


def random_halves(n: int) -> Halves:
    """Return n new UUIDs of version 4, from the system's source of randomness."""
    high, low = np.frombuffer(os.urandom(16 * n), np.uint64).reshape(2, n)
    high = high & np.uint64(0xFFFFFFFFFFFF0FFF) | np.uint64(0x4000)
    low = low & np.uint64(0x3FFFFFFFFFFFFFFF) | np.uint64(0x8000000000000000)
    return high, low
