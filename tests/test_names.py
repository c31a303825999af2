"""What may be the name of a thing."""

from __future__ import annotations

import pytest

from wsinb.names import is_name


@pytest.mark.parametrize("name", ["one", "a b", "µ 1", "x" * 10])
def test_printable_texts_are_names(name):
    assert is_name(name)
    assert is_name(name, 10, trimmed=True)


@pytest.mark.parametrize("name", ["", " ", "\t", "a\nb", "\x00", b"one", None, 7, ["one"]])
def test_what_is_blank_or_unprintable_or_no_text_is_none(name):
    assert not is_name(name)


def test_length_and_spaces_at_the_ends_count_where_asked():
    assert is_name("x" * 11)
    assert not is_name("x" * 11, 10)
    assert is_name(" one ")
    assert not is_name(" one", trimmed=True)
    assert not is_name("one ", trimmed=True)
