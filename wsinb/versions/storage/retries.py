"""Which failures of an object store pass, how long to try again, and how to say it."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator

__all__ = ["Patience", "is_conflict", "is_empty", "passes", "reason", "status"]

FIRST_PAUSE_S, MAX_PAUSE_S = 0.1, 3.0
# besides answers of 500 and more: the request took too long, comes too early, or too often
PASSING = (408, 425, 429)
_STATUS = re.compile(r"status code: (\d{3})")
# what the client says of requests that it could not even make
_HOPELESS = ("builder error", "Account must be specified", "InvalidUri", "dns error: invalid")
# the addresses at which a machine of a cloud asks for its credentials, the last resort of the client
_NO_CREDENTIALS = (
    "169.254.169.254",
    "169.254.170.2",
    "metadata.google.internal",
    "latest/api/token",
    "latest/meta-data/iam",
)


class Patience:
    """Bounds how long one operation is tried: no new try begins later than `seconds` after the first."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def tries(self) -> Iterator[bool]:
        """Yield for each try whether it is the last, with growing pauses between."""
        end = time.monotonic() + self.seconds
        pause = FIRST_PAUSE_S
        while True:
            last = time.monotonic() + pause >= end
            yield last
            if last:
                return
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
            pause = min(2 * pause, MAX_PAUSE_S)


def status(error: Exception) -> int | None:
    """Return the HTTP status that an error of obstore tells of, or None if there was no answer."""
    found = _STATUS.search(str(error))
    return int(found[1]) if found else None


def passes(error: Exception) -> bool:
    """Say whether the same request may succeed a little later."""
    text, code = str(error), status(error)
    if any(word in text for word in (*_HOPELESS, *_NO_CREDENTIALS)):
        return False
    # of its own errors obstore gives the rest types of their own: no such key, no permission, ...
    return type(error).__name__ == "GenericError" and (code is None or code >= 500 or code in PASSING)


def is_conflict(error: Exception) -> bool:
    """Say whether two conditional puts met, and S3 asks to repeat this one: nothing is decided."""
    return "ConditionalRequestConflict" in str(error)


def is_empty(error: Exception) -> bool:
    """Say whether a range was refused because the file is empty."""
    return status(error) == 416 or "object was only 0 bytes" in str(error)


def reason(error: Exception) -> str:
    """Return what went wrong and what to do, the second half of a sentence."""
    text, code = str(error), status(error)
    name = type(error).__name__
    if any(word in text for word in _NO_CREDENTIALS):
        return "no credentials were found: set those of the store in the environment, or pass them as options"
    if "NoSuchBucket" in text or "ContainerNotFound" in text:
        return "there is no such bucket: make it, or check the address"
    if name in ("PermissionDeniedError", "UnauthenticatedError") or code in (401, 403):
        return "access is denied: check the credentials and what they may do"
    if code in (301, 307, 308):
        return "the bucket is in another region: pass region=..."
    if is_conflict(error):
        return "other writers are putting it at the same time: try again"
    if "NotImplemented" in text or name == "NotSupportedError":
        return "the server cannot write only where nothing is yet: use one with conditional writes"
    if code is not None:
        again = "try again later" if code >= 500 or code in PASSING else "check the address and the options"
        return f"the server answered with an error ({code}): {again}"
    if "builder error" in text:
        return "the address is not https: pass allow_http=True if that is meant"
    if "timed out" in text or "TimedOut" in text or "Timeout" in text:
        return "the server did not answer in time: try again later, or pass a longer timeout=..."
    if "body error" in text or "error reading a body" in text:
        return "the answer broke off: check the network and try again"
    if "error sending request" in text or "Connect" in text:
        return "the server cannot be reached: check the address and the network, and try again"
    return f"{text.splitlines()[0].strip().rstrip('.:')}: check the address and the options"
