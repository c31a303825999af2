"""Errors as answers: a status and one sentence, never a traceback."""

from __future__ import annotations

import errno
import logging

from wsinb.errors import (
    Conflict,
    InvalidInput,
    PathNotAllowed,
    ProjectExists,
    SlideNotFound,
    StorageError,
    UnknownAnnotation,
    UnknownColumn,
    UnknownJob,
    UnknownLabel,
    UnknownProject,
    UnknownRun,
    UnknownSlide,
    UnknownVersion,
    UnreadableSlide,
    WsinbError,
)
from wsinb.serve.conflicts import conflicts_json
from wsinb.serve.drafts import UnknownDraft
from wsinb.serve.messages import MethodNotAllowed, NotServed, Response, TooLarge, json_response
from wsinb.serve.slide_cache import SlideReplaced

__all__ = ["failure_response", "status_of"]

log = logging.getLogger(__name__)

# the first class that fits decides: subclasses come before their bases
_STATUSES: tuple[tuple[type[WsinbError], int], ...] = (
    (PathNotAllowed, 403),
    (SlideNotFound, 404),
    (UnknownProject, 404),
    (UnknownRun, 404),
    (UnknownSlide, 404),
    (UnknownLabel, 400),
    (UnknownVersion, 404),
    (UnknownAnnotation, 404),
    (UnknownColumn, 404),
    (UnknownJob, 404),
    (NotServed, 404),
    (UnknownDraft, 404),
    (MethodNotAllowed, 405),
    (Conflict, 409),
    (ProjectExists, 409),
    (SlideReplaced, 409),
    (TooLarge, 413),
    (UnreadableSlide, 415),
    (InvalidInput, 400),
)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)


def status_of(error: WsinbError) -> int:
    """Return the HTTP status that fits `error`."""
    cause = error.__cause__
    if isinstance(error, StorageError) and isinstance(cause, OSError):
        if cause.errno in _NO_PERMISSION:
            return 403
        if cause.errno in _NO_ROOM:
            return 507
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def failure_response(error: Exception) -> Response:
    """Answer with ``{"error": sentence, "kind": class name}``, and with the conflicts of a `Conflict`.

    The words of an error that wsinb did not raise on purpose may hold anything:
    they go to the server's log, not to the browser.
    """
    if isinstance(error, WsinbError):
        answer: dict[str, object] = {"error": str(error), "kind": type(error).__name__}
        if isinstance(error, Conflict) and error.conflicts:
            answer["conflicts"] = conflicts_json(error.conflicts)
        return json_response(answer, status_of(error))
    log.error("A wsinb request failed unexpectedly.", exc_info=error)
    sentence = "The server could not answer this request: its log tells why."
    return json_response({"error": sentence, "kind": "ServerError"}, 500)
