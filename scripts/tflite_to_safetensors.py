#!/usr/bin/env python3
"""Writes the weights of a TFLite model as safetensors, which `bench` reads.

    pip install tflite safetensors numpy
    scripts/tflite_to_safetensors.py model.tflite model.safetensors

Quantised numbers become float32: (number - zero point) · scale, of a tensor or of each of its channels, as TFLite itself
computes them. Kernels keep TFLite's axes: (filters, rows, columns, channels), and (1, rows, columns, channels) where
depthwise.

TFLite calls a tensor by all operations that were fused into it, `a;b;c`. An array is called `a/kernel` or `a/bias`, by what
the operation that reads it takes it for, and by the whole name where that would be another's too.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import tflite
from safetensors.numpy import save_file

TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT16: np.int16,
    tflite.TensorType.INT8: np.int8,
    tflite.TensorType.UINT8: np.uint8,
}
LAYERS = {
    tflite.BuiltinOperator.CONV_2D,
    tflite.BuiltinOperator.DEPTHWISE_CONV_2D,
    tflite.BuiltinOperator.FULLY_CONNECTED,
}


def values(model, tensor):
    """The constant numbers of a tensor as float32; none where it is computed or of another type."""
    data = model.Buffers(tensor.Buffer()).DataAsNumpy()
    if tensor.Type() not in TYPES or not isinstance(data, np.ndarray) or tensor.Sparsity():
        return None
    shape = tensor.ShapeAsNumpy() if tensor.ShapeLength() else ()
    numbers = np.frombuffer(data.tobytes(), np.dtype(TYPES[tensor.Type()]).newbyteorder("<")).reshape(shape)
    quantization = tensor.Quantization()
    if quantization is None or not quantization.ScaleLength():
        return numbers.astype(np.float32)
    scale, zero = quantization.ScaleAsNumpy(), quantization.ZeroPointAsNumpy()
    if len(scale) > 1:
        along = [1] * numbers.ndim
        along[quantization.QuantizedDimension()] = len(scale)
        scale, zero = scale.reshape(along), zero.reshape(along)
    return ((numbers.astype(np.float64) - zero) * scale.astype(np.float64)).astype(np.float32)


def source(graph, model, index):
    """The constant tensor behind one that is only converted to floating point before it is used."""
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        code = code_of(model, operator)
        if code == tflite.BuiltinOperator.DEQUANTIZE and operator.Outputs(0) == index:
            return operator.Inputs(0)
    return index


def code_of(model, operator):
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Old files have it as a byte.
    return max(code.BuiltinCode(), code.DeprecatedBuiltinCode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help=".tflite")
    parser.add_argument("out", type=Path, help="file to write")
    given = parser.parse_args()
    content = given.model.read_bytes()
    if content[4:8] != b"TFL3":
        sys.exit(f"{given.model}: is no TFLite model")
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    # Of each layer, the tensors that it takes for its kernel and its bias.
    found = {}
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        if code_of(model, operator) not in LAYERS:
            continue
        for role, place in [("kernel", 1), ("bias", 2)]:
            if place < operator.InputsLength() and operator.Inputs(place) >= 0:
                found[source(graph, model, operator.Inputs(place))] = role
    arrays = {}
    for index, role in found.items():
        tensor = graph.Tensors(index)
        array = values(model, tensor)
        if array is not None:
            arrays[index] = (tensor.Name().decode(), role, array)
    short = Counter((name.split(";")[0], role) for name, role, _ in arrays.values())
    weights = {}
    for name, role, array in arrays.values():
        first = name.split(";")[0]
        full = f"{first if short[first, role] == 1 else name}/{role}"
        if full in weights:
            sys.exit(f"{given.model}: has two tensors called {full}")
        weights[full] = np.ascontiguousarray(array)
    if not weights:
        sys.exit(f"{given.model}: has no weights of convolutions or dense layers")
    save_file(weights, given.out)
    print(f"{given.out}: {len(weights)} arrays, {sum(array.size for array in weights.values())} numbers")


main()
