"""Models in ONNX files, run by onnxruntime."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.names import given_path

__all__ = ["OnnxModel"]

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
ACTIVATIONS = (None, "softmax", "sigmoid")


class OnnxModel:
    """A model file with one picture as its input; its first output is used.

    It may be shared between threads and travels to other processes as its path.

    Parameters
    ----------
    path : str or Path
    scale : float
        What pixels from 0 to 255 are multiplied by before they reach a model of floating-point numbers.
    mean, std : 3 floats
        Then taken off and divided by, for each channel.
    activation : {None, "softmax", "sigmoid"}
        Makes probabilities of what the model returns; None: it returns these, or labels.
    channels_first : bool, optional
        Whether the model takes (n, 3, h, w). None: as its input says, where one of its dimensions is 3.

    Raises
    ------
    InvalidInput
        If onnxruntime is not installed, the file is no model, or its input is no RGB picture.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        scale: float = 1 / 255,
        mean: tuple[float, float, float] = (0, 0, 0),
        std: tuple[float, float, float] = (1, 1, 1),
        activation: str | None = None,
        channels_first: bool | None = None,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise InvalidInput(f"activation must be 'softmax', 'sigmoid' or None, not {activation!r}")
        self.path: Path = given_path(path, "An ONNX model is given by the path of its file")
        self.scale, self.mean, self.std = float(scale), tuple(mean), tuple(std)
        self.activation = activation
        self._channels_first = channels_first
        self._lock = threading.Lock()
        self._session: Any = None
        self._input = self._check_input(self._ready())

    @property
    def sha256(self) -> str:
        """Hash of the file's bytes, in hexadecimal digits."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def identity_parts(self) -> list[str]:
        """Return what says that two models do the same, see `wsinb.trees.models`."""
        return [self.sha256, repr(self.__reduce__()[1][1:])]

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """Run the model on pictures (n, h, w, 3) uint8; channels are the last axis of what it returns."""
        session = self._ready()
        name, shape, dtype = self._input
        self._check_size(shape, images.shape)
        batch = max(1, shape[0] if isinstance(shape[0], int) and shape[0] > 0 else len(images))
        outputs = []
        for at in range(0, len(images), batch):
            part = images[at : at + batch]
            # a model that takes so many and no fewer sees the last one more often
            full = np.concatenate([part, np.repeat(part[-1:], batch - len(part), axis=0)])
            outputs.append(session.run(None, {name: self._prepared(full, dtype)})[0][: len(part)])
        return self._finished(np.concatenate(outputs))

    def _prepared(self, images: NDArray[np.uint8], dtype: Any) -> NDArray[Any]:
        values: NDArray[Any] = images
        if dtype is not np.uint8:
            mean, std = np.asarray(self.mean, np.float32), np.asarray(self.std, np.float32)
            values = ((images.astype(np.float32) * np.float32(self.scale) - mean) / std).astype(dtype)
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2) if self.channels_first else values)

    def _finished(self, output: NDArray[Any]) -> NDArray[Any]:
        if output.ndim == 4 and self.channels_first:
            output = output.transpose(0, 2, 3, 1)
        if self.activation == "sigmoid":
            return np.asarray(1 / (1 + np.exp(-output.astype(np.float32))))
        if self.activation == "softmax":
            powers = np.exp(output.astype(np.float32) - output.max(axis=-1, keepdims=True))
            return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
        return output

    @property
    def channels_first(self) -> bool:
        """Whether the model takes (n, 3, h, w)."""
        if self._channels_first is not None:
            return self._channels_first
        shape = self._input[1]
        return bool(shape[3] != 3 or shape[1] == 3)

    def _check_input(self, session: Any) -> tuple[str, list[Any], Any]:
        inputs = session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _TYPES:
            told = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
            raise InvalidInput(
                f"the model {self.path.name} takes {told}: it must take one (n, 3, h, w) picture"
            )
        shape = list(inputs[0].shape)
        sizes = (
            [shape[1], shape[3]]
            if self._channels_first is None
            else [shape[1 if self._channels_first else 3]]
        )
        known = [size for size in sizes if isinstance(size, int)]
        if known and 3 not in known:
            raise InvalidInput(
                f"the model {self.path.name} takes pictures of shape {shape}, and slides have 3 channels"
            )
        return inputs[0].name, shape, _TYPES[inputs[0].type]

    def _check_size(self, shape: list[Any], given: tuple[int, ...]) -> None:
        wanted = shape[2:] if self.channels_first else shape[1:3]
        for size, length in zip(wanted, given[1:3], strict=True):
            if isinstance(size, int) and size != length:
                raise InvalidInput(
                    f"the model {self.path.name} takes pictures of {wanted[1]} x {wanted[0]} px, not "
                    f"{given[2]} x {given[1]}: give tile_size={size} and border='extend', or size={size}"
                )

    def _ready(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = _session(self.path)
            return self._session

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (
            str(self.path), self.scale, self.mean, self.std, self.activation, self._channels_first,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"OnnxModel({self.path.name!r}, input {self._input[1]})"


def _opened(
    path: str, scale: float, mean: Any, std: Any, activation: str | None, first: bool | None
) -> OnnxModel:
    return OnnxModel(path, scale=scale, mean=mean, std=std, activation=activation, channels_first=first)


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise InvalidInput("onnxruntime is not installed: pip install 'wsinb[onnx]'.") from None
    if not path.is_file():
        raise InvalidInput(f"there is no ONNX model at {path}")
    options = onnxruntime.SessionOptions()
    # tiles run side by side
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:  # its errors have no common class
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        reason = str(error).splitlines()[0][:200]
        raise InvalidInput(f"the file {path} is no ONNX model that can be run: {reason}") from error
