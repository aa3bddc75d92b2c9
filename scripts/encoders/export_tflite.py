#!/usr/bin/env python3
"""A TFLite model of float32 or int8 numbers as an ONNX file in float32, up to the mean over its last feature map.

    pip install "tensorflow-cpu==2.15.*" "numpy<2" tf2onnx
    scripts/encoders/export_tflite.py yamnet.tflite yamnet.onnx && cp scripts/encoders/yamnet.toml .
    scripts/encoders/export_tflite.py tf2_mobilenet_v2_1.0_224_ptq.tflite mobilenetv2.onnx \\
        && cp scripts/encoders/mobilenetv2.toml .

Quantised weights become (number - zero point) * scale, and all is computed in float32. TFLite itself rounds what it computes
to 256 levels between layers, so its numbers differ from these.
"""

import argparse
import sys

import numpy as np
import onnx
import tf2onnx
from onnx import TensorProto, helper


def float_input(graph):
    """Takes the conversion from a quantised input away, which the settings beside the file do."""
    (given,) = graph.input
    if given.type.tensor_type.elem_type == TensorProto.FLOAT:
        return
    value = given.name
    # (number - zero point) * scale.
    for wanted in ["Cast", "Sub", "Mul"]:
        (node,) = [node for node in graph.node if value in node.input]
        if node.op_type != wanted:
            sys.exit(f"the input is read by {node.op_type}, where {wanted} was expected")
        numbers = [onnx.numpy_helper.to_array(t) for t in graph.initializer if t.name in node.input]
        print(f"taken away: {wanted} {[float(np.ravel(n)[0]) for n in numbers]} of numbers from 0 to 255")
        graph.node.remove(node)
        value = node.output[0]
    given.type.tensor_type.elem_type = TensorProto.FLOAT
    for node in graph.node:
        node.input[:] = [given.name if name == value else name for name in node.input]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help=".tflite")
    parser.add_argument("out", help="file to write, .onnx")
    given = parser.parse_args()
    # tf2onnx offers this only to its own command line.
    sys.argv = ["tf2onnx", "--tflite", given.model, "--dequantize", "--opset", "17", "--output", given.out]
    tf2onnx.convert.main()
    model = onnx.load(given.out)
    graph = model.graph
    float_input(graph)
    pools = [node for node in graph.node if node.op_type == "GlobalAveragePool"]
    pools[-1].output[0] = "embedding"
    wanted, kept = {"embedding"}, []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.insert(0, node)
    weights = [tensor for tensor in graph.initializer if tensor.name in wanted]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, None, 1, 1])
    pruned = helper.make_graph(kept, "encoder", list(graph.input), [output], weights)
    model = helper.make_model(pruned, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, given.out)


if __name__ == "__main__":
    main()
