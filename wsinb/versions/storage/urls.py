"""Which place an address names: a folder, or an object store with its options."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from os import environ
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from wsinb.errors import InvalidInput, StorageError
from wsinb.names import unknown
from wsinb.versions.storage.cloud import PATIENCE_S, CloudStore

__all__ = ["Address", "local_path"]

TIMEOUT_S = 30.0
SCHEMES = {"s3": "S3Store", "gs": "GCSStore", "az": "AzureStore", "memory": "MemoryStore"}
# what an address may show: everything else could be a secret
SHOWN = (
    "account_name",
    "allow_http",
    "endpoint",
    "patience",
    "region",
    "skip_signature",
    "timeout",
    "use_emulator",
    "virtual_hosted_style_request",
)
SECRET = (
    "access_key_id",
    "secret_access_key",
    "session_token",
    "account_key",
    "sas_token",
    "service_account",
)
_memories: dict[str, Any] = {}
_memories_lock = threading.Lock()


def local_path(place: str | Path) -> Path | None:
    """Return the path of a place on this machine, or None if it is an address elsewhere.

    Raises
    ------
    InvalidInput
        If it is neither text nor a path, or the address of a file on another machine.
    """
    if not isinstance(place, str | Path) or not str(place):
        raise InvalidInput(
            f"A project's place is the path of a folder or an address like s3://bucket/study, not {place!r}."
        )
    text = str(place)
    if isinstance(place, Path) or "://" not in text:
        return Path(place)
    if not text.startswith("file://"):
        return None
    host, slash, path = text.removeprefix("file://").partition("/")
    if host not in ("", "localhost") or not slash:
        raise InvalidInput(f"{text!r} is a file on another machine: use file:///folder, or a path.")
    return Path("/" + unquote(path))


@dataclass(frozen=True)
class Address:
    """A place in an object store.

    Attributes
    ----------
    scheme
        ``"s3"``, ``"gs"``, ``"az"`` or ``"memory"``.
    bucket
        Name of the bucket or container, or of the memory.
    prefix
        What all keys begin with, without "/" at its ends; may be empty.
    options
        How to reach it; those that an address may show are in `url`.
    """

    scheme: str
    bucket: str
    prefix: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, url: str, options: Mapping[str, Any] | None = None) -> Address:
        """Read an address like ``s3://bucket/study?region=eu-central-1``; `options` win over its own.

        Raises
        ------
        InvalidInput
            If it is no such address.
        """
        scheme, _, rest = url.partition("://")
        rest, _, query = rest.partition("?")
        if scheme not in SCHEMES:
            raise InvalidInput(
                f"{url!r} cannot hold a project: use a folder, or an address with s3://, gs://, az:// or memory://."
            )
        bucket, _, prefix = rest.rstrip("/").partition("/")
        if not bucket or "@" in bucket or any(part in ("", ".", "..") for part in (prefix or "x").split("/")):
            shown = rest.rpartition("@")[2]
            raise InvalidInput(f"{scheme}://{shown} is no address: write it like {scheme}://bucket/study.")
        return cls(scheme, bucket, prefix, {**dict(parse_qsl(query)), **(options or {})})

    @property
    def place(self) -> str:
        """The address without options."""
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def url(self) -> str:
        """The address with its options, but for those that are secret: enough to come back."""
        shown = {name: str(self.options[name]) for name in SHOWN if name in self.options}
        return self.place + (f"?{urlencode(shown)}" if shown else "")

    @property
    def name(self) -> str:
        """The last part of the address."""
        return (self.prefix or self.bucket).rsplit("/", 1)[-1]

    def store(self, folder: str) -> CloudStore:
        """Return the store in a folder of this place; nothing is sent yet.

        Raises
        ------
        StorageError
            If the package that reads object stores is not installed.
        InvalidInput
            If there is no such option, or one is missing.
        """
        inner = Address(self.scheme, self.bucket, f"{self.prefix}/{folder}".strip("/"), self.options)
        try:
            import obstore.store
        except ImportError as error:
            raise StorageError(
                f"{self.place} is in an object store, which needs a package more: pip install 'wsinb[cloud]'."
            ) from error
        connect, patience = inner._connection(obstore.store)
        return CloudStore(inner.place, connect, patience)

    def _connection(self, stores: Any) -> tuple[Callable[[], Any], float]:
        """Return what makes the client, and the seconds to keep trying."""
        options = dict(self.options)
        seconds = {
            name: _seconds(name, options.pop(name, usual))
            for name, usual in (("timeout", TIMEOUT_S), ("patience", PATIENCE_S))
        }
        if self.scheme == "memory":
            if options:
                raise InvalidInput(unknown("option", min(options), seconds))
            return partial(_memory, self.place), seconds["patience"]
        client = {"timeout": timedelta(seconds=seconds["timeout"]), **options.pop("client_options", {})}
        allow_http = options.pop("allow_http", self._is_plain_http())
        if str(allow_http).lower() in ("true", "1"):
            client["allow_http"] = True
        provider = options.pop("credential_provider", None)
        settings: dict[str, Any] = {} if provider is None else {"credential_provider": provider}
        for name, value in options.items():
            settings[name] = value if isinstance(value, bool) else str(value)
        make = partial(
            getattr(stores, SCHEMES[self.scheme]),
            self.bucket,
            prefix=self.prefix,
            client_options=client,
            retry_config={"max_retries": 0},
            **settings,
        )
        self._check(make)
        return make, seconds["patience"]

    def _is_plain_http(self) -> bool:
        given = self.options.get("endpoint") or self.options.get("endpoint_url")
        if given is None and self.scheme == "s3":
            given = environ.get("AWS_ENDPOINT_URL") or environ.get("AWS_ENDPOINT")
        return str(given).startswith("http://")

    def _check(self, make: Callable[[], Any]) -> None:
        """Try the options, which sends nothing."""
        from obstore.exceptions import BaseError, UnknownConfigurationKeyError

        known = [*SHOWN, *SECRET]
        try:
            make()
        except UnknownConfigurationKeyError:
            name = next((name for name in self.options if name not in known), "")
            raise InvalidInput(unknown(f"option of {self.scheme}://", name, known)) from None
        except (BaseError, TypeError, ValueError) as error:
            said = str(error).splitlines()[0].strip().rstrip(".")
            raise InvalidInput(
                f"{self.place} cannot be reached with these options ({said}): check them."
            ) from error


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise InvalidInput(f"The option {name} is a number of seconds, not {value!r}.")
    return seconds


def _memory(place: str) -> Any:
    """Return the memory of this place, which all of this process share."""
    from obstore.store import MemoryStore

    with _memories_lock:
        return _memories.setdefault(place, MemoryStore())
