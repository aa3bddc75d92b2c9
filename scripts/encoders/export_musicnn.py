#!/usr/bin/env python3
"""MusiCNN as an ONNX file, from the checkpoint in the package `musicnn`.

    pip install "tensorflow-cpu==2.15.*" "numpy<2" tf2onnx librosa
    pip install --no-deps musicnn==0.1.0
    scripts/encoders/export_musicnn.py MTT_musicnn musicnn-mtt.onnx && cp scripts/encoders/musicnn-mtt.toml .
    scripts/encoders/export_musicnn.py MSD_musicnn musicnn-msd.onnx && cp scripts/encoders/musicnn-msd.toml .

The graph is that of the package: 187 frames of 96 mel bands, as `10^4 x + 1` in log10, become 753 maxima and 753 means over
time (`max_pool`, `mean_pool`), 200 numbers before the tags (`penultimate`) and 50 tags (`tags`).
"""

import argparse
from pathlib import Path

import onnx
import tensorflow.compat.v1 as tf
import tf2onnx
from musicnn import models

FRAMES, BANDS = 187, 96
VALUES = ["tags", "timbral", "temporal", "cnn1", "cnn2", "cnn3", "mean_pool", "max_pool", "penultimate"]
KEPT = ["max_pool", "mean_pool", "penultimate", "tags"]


def build(name):
    """The package's graph with its weights, frozen: a GraphDef whose values have our names."""
    tf.disable_eager_execution()
    folder = Path(models.__file__).parent / name
    with tf.Graph().as_default(), tf.Session() as session:
        with tf.name_scope("model"):
            frames = tf.placeholder(tf.float32, [1, FRAMES, BANDS], name="frames")
            # The package's 50 tags, of either data set.
            values = list(models.define_model(frames, tf.constant(False), name, 50))
            values[0] = tf.nn.sigmoid(values[0])
        # All weights are called model/…, as in the checkpoint.
        tf.train.Saver().restore(session, f"{folder}/")
        named = {name: tf.identity(value, name=name) for name, value in zip(VALUES, values) if name in KEPT}
        return tf.graph_util.convert_variables_to_constants(session, session.graph_def, list(named))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["MTT_musicnn", "MSD_musicnn"])
    parser.add_argument("out", help="file to write, .onnx")
    given = parser.parse_args()
    tf2onnx.convert.from_graph_def(
        build(given.name),
        input_names=["model/frames:0"],
        output_names=[f"{name}:0" for name in KEPT],
        opset=17,
        output_path=given.out,
    )
    # Without TensorFlow's number of an output in the names.
    model = onnx.load(given.out)
    names = {f"{name}:0": name for name in KEPT} | {"model/frames:0": "frames"}
    for value in [*model.graph.input, *model.graph.output]:
        value.name = names[value.name]
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    model.doc_string = f"{given.name} of the package musicnn 0.1.0"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, given.out)


if __name__ == "__main__":
    main()
