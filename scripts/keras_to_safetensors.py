#!/usr/bin/env python3
"""Writes the weights of a Keras model as safetensors, which `bench` reads.

    pip install h5py safetensors numpy           # old .h5 files, such as those of keras.applications
    pip install keras torch                      # .keras and .weights.h5 besides; any backend of Keras will do
    scripts/keras_to_safetensors.py model.keras model.safetensors
    scripts/keras_to_safetensors.py resnet50_weights_tf_dim_ordering_tf_kernels.h5 resnet50.safetensors
    scripts/keras_to_safetensors.py --application ResNet50 my.weights.h5 resnet50.safetensors

Arrays are called LAYER/VARIABLE, as `conv1_conv/kernel`, and have Keras's axes and numbers; nothing is changed but the
file. A .weights.h5 file has no names of layers, so that --application says of which network of keras.applications it is.
Models with code of their own (Lambda layers) are not loaded: Keras's safe mode is on.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


def of_old_h5(path):
    """By the lists that Keras 1 and 2 and the .h5 of Keras 3 have of layers and weights; none in other files."""
    import h5py

    with h5py.File(path, "r") as file:
        root = file["model_weights"] if "model_weights" in file else file
        if "layer_names" not in root.attrs:
            return None
        text = lambda name: name.decode() if isinstance(name, bytes) else str(name)  # noqa: E731
        weights = {}
        for layer in map(text, root.attrs["layer_names"]):
            for name in map(text, root[layer].attrs["weight_names"]):
                weights[name.removesuffix(":0")] = np.asarray(root[layer][name])
        return weights


def of_keras(path, application, classes):
    if "KERAS_BACKEND" not in os.environ:
        from importlib.util import find_spec

        backends = [("tensorflow", "tensorflow"), ("torch", "torch"), ("jax", "jax")]
        os.environ["KERAS_BACKEND"] = next((name for module, name in backends if find_spec(module)), "numpy")
    import keras

    if application:
        network = getattr(keras.applications, application)(weights=None, classes=classes)
        network.load_weights(path)
    elif path.name.endswith(".weights.h5"):
        sys.exit(f"{path}: has no names of layers; say of which network it is: --application ResNet50")
    else:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    return {variable.path: np.asarray(keras.ops.convert_to_numpy(variable)) for variable in network.weights}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help=".keras, .h5 or .weights.h5")
    parser.add_argument("out", type=Path, help="file to write")
    parser.add_argument("--application", help="network of keras.applications that a .weights.h5 file is of")
    parser.add_argument("--classes", type=int, default=1000, help="its outputs (default: 1000)")
    given = parser.parse_args()
    if not given.model.is_file():
        sys.exit(f"{given.model}: is no file")
    is_keras = given.application or given.model.suffix == ".keras"
    weights = None if is_keras else of_old_h5(given.model)
    if weights is None:
        weights = of_keras(given.model, given.application, given.classes)
    if not weights:
        sys.exit(f"{given.model}: has no weights")
    save_file({name: np.ascontiguousarray(array) if array.ndim else array for name, array in weights.items()}, given.out)
    print(f"{given.out}: {len(weights)} arrays, {sum(array.size for array in weights.values())} numbers")


main()
