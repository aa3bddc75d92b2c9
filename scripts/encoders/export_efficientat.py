#!/usr/bin/env python3
"""A MobileNetV3 of EfficientAT, such as mn04_as, as an ONNX file, from its PyTorch checkpoint.

    pip install torch torchvision onnx onnxscript
    scripts/encoders/export_efficientat.py mn04_as_mAP_432.pt mn04.onnx && cp scripts/encoders/mn04.toml .

The graph reads 1000 frames (10 s) of 128 mel bands, and makes the mean over the last feature map (`features`, 384 numbers
for mn04) and the 527 classes of AudioSet before the sigmoid (`logits`).

Reference: F. Schmid, K. Koutini and G. Widmer, *Efficient large-scale audio tagging via transformer-to-CNN knowledge
distillation*, ICASSP 2023; A. Howard et al., *Searching for MobileNetV3*, ICCV 2019, table 1.
"""

import argparse
from functools import partial

import torch
from torch import nn
from torchvision.ops.misc import ConvNormActivation

BANDS, FRAMES = 128, 1000
# Kernel, expanded and outgoing channels, squeeze-and-excite, hard-swish, stride.
BLOCKS = [
    (3, 16, 16, False, False, 1),
    (3, 64, 24, False, False, 2),
    (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2),
    (5, 120, 40, True, False, 1),
    (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2),
    (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 480, 112, True, True, 1),
    (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2),
    (5, 960, 160, True, True, 1),
    (5, 960, 160, True, True, 1),
]
convolution = partial(ConvNormActivation, norm_layer=partial(nn.BatchNorm2d, eps=1e-3))


def eights(channels):
    """The multiple of 8 nearest to a number of channels, but not below nine tenths of it."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inner = nn.Module()
        inner.fc1, inner.fc2 = nn.Linear(channels, eights(channels // 4)), nn.Linear(eights(channels // 4), channels)
        # As the checkpoint calls them.
        self.conc_se_layers = nn.ModuleList([inner])

    def forward(self, x):
        inner = self.conc_se_layers[0]
        scale = torch.sigmoid(inner.fc2(torch.relu(inner.fc1(x.mean((2, 3))))))
        return x * scale[:, :, None, None]


class Block(nn.Module):
    def __init__(self, before, kernel, expanded, after, squeezes, swishes, stride):
        super().__init__()
        activation = nn.Hardswish if swishes else nn.ReLU
        layers = []
        if expanded != before:
            layers.append(convolution(before, expanded, 1, activation_layer=activation))
        layers.append(
            convolution(expanded, expanded, kernel, stride, groups=expanded, activation_layer=activation)
        )
        if squeezes:
            layers.append(SqueezeExcite(expanded))
        layers.append(convolution(expanded, after, 1, activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.adds = stride == 1 and before == after

    def forward(self, x):
        return self.block(x) + x if self.adds else self.block(x)


class EfficientAT(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        channels = eights(16 * width)
        layers = [convolution(1, channels, 3, 2, activation_layer=nn.Hardswish)]
        for kernel, expanded, after, *rest in BLOCKS:
            layers.append(Block(channels, kernel, eights(expanded * width), eights(after * width), *rest))
            channels = eights(after * width)
        layers.append(convolution(channels, 6 * channels, 1, activation_layer=nn.Hardswish))
        self.features = nn.Sequential(*layers)
        last = eights(1280 * width)
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(6 * channels, last),
            nn.Hardswish(),
            nn.Dropout(),
            nn.Linear(last, classes),
        )

    def forward(self, x):
        x = self.features(x)
        return x.mean((2, 3)), self.classifier(x)


def load(path):
    weights = torch.load(path, map_location="cpu", weights_only=True)
    # mn04 has 0.4 of the published channels, and so 512 before the classes.
    width = weights["classifier.2.bias"].numel() / 1280
    network = EfficientAT(width, weights["classifier.5.bias"].numel()).eval()
    network.load_state_dict(weights)
    return network


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="such as mn04_as_mAP_432.pt")
    parser.add_argument("out", help="file to write, .onnx")
    given = parser.parse_args()
    torch.onnx.export(
        load(given.checkpoint),
        (torch.zeros(1, 1, BANDS, FRAMES),),
        given.out,
        input_names=["mel"],
        output_names=["features", "logits"],
        dynamo=True,
        external_data=False,
    )


if __name__ == "__main__":
    main()
