"""Numbers that come from outside."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from wsinb.numbers import real


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int16(2), Fraction(4, 2)])
def test_any_kind_of_real_number_becomes_a_float(value: object) -> None:
    assert type(real(value)) is float
    assert real(value) == 2.0


@pytest.mark.parametrize("value", [None, True, np.True_, "2", 2j, float("nan"), -float("inf"), 10**400])
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert real(value) is None
