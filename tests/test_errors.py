"""The tree of errors is part of the public interface."""

from __future__ import annotations

import inspect
import pickle

import pytest

from wsinb import errors, progress

OWN = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
CLASSES = [*sorted(OWN, key=lambda c: c.__name__), progress.Cancelled]


@pytest.mark.parametrize("error", CLASSES, ids=lambda c: c.__name__)
def test_every_error_is_a_wsinb_error_and_says_its_sentence_unquoted(error: type[errors.WsinbError]) -> None:
    assert issubclass(error, errors.WsinbError)
    assert str(error("no slide 'a'; add it with project.slides.add")) == (
        "no slide 'a'; add it with project.slides.add"
    )
    assert error.__doc__


@pytest.mark.parametrize("error", CLASSES, ids=lambda c: c.__name__)
def test_errors_survive_a_process_boundary(error: type[errors.WsinbError]) -> None:
    again = pickle.loads(pickle.dumps(error("a sentence")))
    assert type(again) is error
    assert str(again) == "a sentence"


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.InvalidInput, ValueError),
        (errors.UnreadableSlide, ValueError),
        (errors.SlideNotFound, FileNotFoundError),
        (errors.UnknownProject, FileNotFoundError),
        (errors.UnknownSlide, KeyError),
        (errors.UnknownLabel, KeyError),
        (errors.UnknownVersion, KeyError),
        (errors.UnknownJob, KeyError),
        (errors.UnknownAnnotation, KeyError),
        (errors.UnknownColumn, KeyError),
        (errors.StorageError, OSError),
        (errors.ProjectExists, FileExistsError),
        (errors.PathNotAllowed, PermissionError),
        (errors.Conflict, RuntimeError),
        (errors.JobFailed, RuntimeError),
    ],
)
def test_errors_are_also_the_fitting_builtin(error: type, builtin: type) -> None:
    assert issubclass(error, builtin)


def test_all_lists_every_error() -> None:
    assert sorted(errors.__all__) == [c.__name__ for c in CLASSES[:-1]]


def test_exit_codes_are_distinct() -> None:
    codes = [c.exit_code for c in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(2 < code < 256 for code in codes)
