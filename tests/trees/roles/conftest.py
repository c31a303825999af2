"""Tiny ONNX models, written here."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def onnx_models(tmp_path_factory):
    """A function that writes a 1 x 1 convolution to a file: weights (classes, channels), bias (classes,)."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    folder = tmp_path_factory.mktemp("models")

    def write(name, weights, bias, *, pooled=False, shape=("n", "h", "w"), channels_first=True, kind="FLOAT"):
        helper, numbers = onnx.helper, onnx.TensorProto
        weights, bias = np.asarray(weights, np.float32), np.asarray(bias, np.float32)
        n_classes, n_channels = weights.shape
        n, h, w = shape
        size = [n, n_channels, h, w] if channels_first else [n, h, w, n_channels]
        given = helper.make_tensor_value_info("image", getattr(numbers, kind), size)
        nodes, last = [], "image"
        if kind == "UINT8":
            nodes.append(helper.make_node("Cast", [last], ["cast"], to=numbers.FLOAT))
            last = "cast"
        if not channels_first:
            nodes.append(helper.make_node("Transpose", [last], ["moved"], perm=[0, 3, 1, 2]))
            last = "moved"
        nodes.append(helper.make_node("Conv", [last, "weights", "bias"], ["scores"]))
        last, out = "scores", [n, n_classes, h, w]
        if pooled:
            nodes.append(helper.make_node("GlobalAveragePool", [last], ["mean"]))
            nodes.append(helper.make_node("Flatten", ["mean"], ["flat"]))
            last, out = "flat", [n, n_classes]
        elif not channels_first:
            nodes.append(helper.make_node("Transpose", [last], ["back"], perm=[0, 2, 3, 1]))
            last, out = "back", [n, h, w, n_classes]
        values = [
            onnx.numpy_helper.from_array(weights[:, :, None, None], "weights"),
            onnx.numpy_helper.from_array(bias, "bias"),
        ]
        result = helper.make_tensor_value_info(last, numbers.FLOAT, out)
        graph = helper.make_graph(nodes, "tiny", [given], [result], values)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        path = folder / f"{name}.onnx"
        onnx.save(model, path)
        return path

    return write


@pytest.fixture(scope="session")
def dark_model(onnx_models):
    """Logits of background and of what is darker than half."""
    return onnx_models("dark", [[10 / 3] * 3, [-10 / 3] * 3], [-5, 5])
