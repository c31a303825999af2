"""Whether two models are the same, so that finished tiles of one may be used for the other."""

from __future__ import annotations

import hashlib
import inspect
import io
import types
from functools import partial
from typing import Any

from wsinb.errors import InvalidInput

__all__ = ["identity"]


def identity(thing: Any) -> str:
    """Return a hash of what a thing does, as far as that can be seen, in hexadecimal digits.

    A model is known by the bytes of its file; a function by its code, its defaults, what it encloses and the
    globals it uses; anything else by its contents, or by the texts that its `identity_parts()` returns.
    Modules and what they hold are known by their names only.

    Raises
    ------
    InvalidInput
        If it cannot be told.
    """
    digest = hashlib.sha256()
    for part in _parts(thing, set()):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def _parts(thing: Any, met: set[int]) -> list[str]:
    if id(thing) in met:
        return ["met"]
    kind = type(thing)
    if hasattr(kind, "identity_parts"):
        return [kind.__qualname__, *thing.identity_parts()]
    if hasattr(kind, "save") and isinstance(getattr(thing, "header", None), dict):
        return ["file", kind.__qualname__, _file_hash(thing)]
    if hasattr(kind, "core_planes"):  # a model of tiles of somebody's own
        return ["model", kind.__qualname__, *_parts(kind.core_planes, met), *_parts(vars(thing), met)]
    if isinstance(thing, partial):
        return ["partial", *_parts(thing.func, met), *_parts((thing.args, thing.keywords), met)]
    if isinstance(thing, types.MethodType):
        return ["method", *_parts(thing.__func__, met), *_parts(thing.__self__, met)]
    if isinstance(thing, types.FunctionType):
        return _function(thing, met | {id(thing)})
    if isinstance(thing, types.ModuleType | types.BuiltinFunctionType | type):
        return ["name", getattr(thing, "__module__", None) or "", thing.__name__]
    if isinstance(thing, tuple | list):
        return [type(thing).__name__, str(len(thing)), *(p for each in thing for p in _parts(each, met))]
    if isinstance(thing, dict):
        return ["dict", *(p for key, value in thing.items() for p in [repr(key), *_parts(value, met)])]
    if callable(thing) and not hasattr(thing, "predict") and hasattr(thing, "__dict__"):
        return ["object", kind.__module__, kind.__qualname__, *_parts(vars(thing), met | {id(thing)})]
    return [_contents(thing)]


def _function(function: types.FunctionType, met: set[int]) -> list[str]:
    found = inspect.getclosurevars(function)
    outer = {**found.globals, **found.nonlocals}
    return [
        "function",
        function.__qualname__,
        *_code(function.__code__),
        *_parts((function.__defaults__ or (), function.__kwdefaults__ or {}), met),
        *(part for name in sorted(outer) for part in [name, *_parts(outer[name], met)]),
    ]


def _code(code: types.CodeType) -> list[str]:
    inner = [part for const in code.co_consts if isinstance(const, types.CodeType) for part in _code(const)]
    values = [repr(const) for const in code.co_consts if not isinstance(const, types.CodeType)]
    return [code.co_code.hex(), *code.co_names, *values, *inner]


def _contents(thing: Any) -> str:
    import joblib

    try:
        return f"{type(thing).__qualname__} {joblib.hash(thing)}"
    except Exception as error:
        raise InvalidInput(
            f"it cannot be told whether a {type(thing).__name__} is the one that tiles were finished with "
            f"({error}): give the workflow a name, or what it is made of a method identity_parts() -> [str]"
        ) from error


def _file_hash(model: Any) -> str:
    file = io.BytesIO()
    model.save(file)
    return hashlib.sha256(file.getbuffer()).hexdigest()
