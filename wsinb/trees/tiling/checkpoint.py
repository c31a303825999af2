"""Finished pieces of work in a folder, so that an interrupted run goes on from them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, StorageError
from wsinb.names import given_path

__all__ = ["FinishedPieces"]

ABOUT = "about.json"
WHAT = "A checkpoint is the path of a folder"
MAX_BYTES = 2**31
MAX_ABOUT_BYTES = 2**20


class FinishedPieces:
    """A folder of finished pieces: one npz file each, which appears under its name when it is complete.

    What they were made of is written beside them. Nothing in the folder is trusted: a file that is damaged,
    or larger than any piece, counts as not there.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    about : mapping
        JSON values that decide what is found.

    Raises
    ------
    StorageError
        If the folder cannot be written.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self.folder = folder
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / ABOUT).exists():
                self._write(ABOUT, _text(about), first=True)
        except OSError as error:
            raise StorageError(
                f"finished tiles cannot be kept in {self.folder} ({error.strerror}): give another folder"
            ) from error

    @classmethod
    def apart(cls, folder: str | os.PathLike[str], about: Mapping[str, Any]) -> FinishedPieces:
        """Open a checkpoint that many runs may share: pieces of each lie in a folder of their own.

        Raises
        ------
        InvalidInput, StorageError
            If it is no path, or the folder cannot be written.
        """
        return cls(given_path(folder, WHAT) / hashlib.sha256(_text(about)).hexdigest()[:24], about)

    @classmethod
    def alone(cls, folder: str | os.PathLike[str], about: Mapping[str, Any]) -> FinishedPieces:
        """Open a checkpoint of one run.

        Raises
        ------
        InvalidInput
            If it is no path, or the folder holds pieces of anything else; the sentence says what differs.
        StorageError
            If the folder cannot be written.
        """
        path = given_path(folder, WHAT)
        lost = not (path / ABOUT).exists() and any(path.glob("*.npz"))
        pieces = None if lost else cls(path, about)
        found = None if pieces is None else pieces._about()
        if pieces is None or found is None:
            raise InvalidInput(
                f"the checkpoint {path} does not tell what its tiles were made of, since {ABOUT} is damaged "
                "or gone: give another folder, or delete this one to begin anew"
            )
        wanted = json.loads(_text(about))
        names = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
        if names:
            raise InvalidInput(
                f"the checkpoint {path} holds tiles of another {', '.join(names)}: "
                "give another folder, or delete this one to begin anew"
            )
        return pieces

    def load(self, name: str) -> dict[str, NDArray[Any]] | None:
        """Return the arrays of a piece; None if it is not finished, or its file is damaged."""
        try:
            data = self._read(f"{name}.npz", MAX_BYTES)
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                    return None
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                return dict(stored)
        except Exception:  # noqa: BLE001  a file of whatever bytes: the piece is done again
            return None

    def save(self, name: str, **arrays: NDArray[Any]) -> None:
        """Keep a piece.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        try:
            self._write(f"{name}.npz", buffer.getvalue())
        except OSError as error:
            raise StorageError(
                f"a finished tile cannot be kept in {self.folder} ({error.strerror}): make room there"
            ) from error

    def _about(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self._read(ABOUT, MAX_ABOUT_BYTES))
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def _read(self, name: str, limit: int) -> bytes:
        with (self.folder / name).open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise ValueError(f"{name} is larger than any")
        return data

    def _write(self, name: str, data: bytes, *, first: bool = False) -> None:
        """Write a file at once; with `first`, only if no other process has written it meanwhile."""
        handle, path = tempfile.mkstemp(prefix=f".{name}-", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if first and _linked(Path(path), self.folder / name):
                return
            Path(path).replace(self.folder / name)
        finally:
            Path(path).unlink(missing_ok=True)


def _text(about: Mapping[str, Any]) -> bytes:
    return json.dumps(about, sort_keys=True).encode()


def _linked(path: Path, target: Path) -> bool:
    """Give a file another name unless that is taken; False where files have only one."""
    try:
        target.hardlink_to(path)
    except FileExistsError:
        pass
    except OSError:
        return False
    return True
