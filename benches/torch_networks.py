#!/usr/bin/env python3
"""PyTorch beside the networks for photographs: seconds of a training step, or of embedding pictures.

Needs: pip install torch torchvision timm
Usage: torch_networks.py [cpu] [--threads 2] [NAME ...]           a step (forward, backward, Adam), as torch_steps.py prints it
       torch_networks.py --embed COUNT [--threads 2] [NAME ...]   pictures 224 x 224 in evaluation, in batches of 32

Networks: resnet18, mobilenetv2 (torchvision) and efficientnet-lite0 (timm), with random weights, in channels_last; steps have
batches of 16 and ten classes, and the faster of both memory layouts counts. Embedding leaves out the last layer. Only steps:
resnet18-128x130 and vgg19 (torchvision, without dropout, spectrograms 128 x 130, batches of 16 and 8), and twins of cnn-5block, its reduced configuration
and mlfi, batches of 32.
"""
import argparse
import statistics
import time

import timm
import torch
import torchvision
from torch import nn

MAKE = {
    "resnet18": lambda classes: torchvision.models.resnet18(num_classes=classes),
    "mobilenetv2": lambda classes: torchvision.models.mobilenet_v2(num_classes=classes),
    "efficientnet-lite0": lambda classes: timm.create_model("efficientnet_lite0", num_classes=classes),
}



class FiveBlocks(nn.Sequential):
    """Spectrograms in another size, five blocks and a dense layer."""

    def __init__(self, filters, side):
        layers, before = [nn.Upsample(size=(side, side), mode="bilinear")], 1
        for n in filters:
            layers += [nn.Conv2d(before, n, 3, padding=1), nn.BatchNorm2d(n), nn.LeakyReLU(0.3), nn.MaxPool2d(2)]
            before = n
        super().__init__(*layers, nn.Flatten(), nn.Linear(before * (side // 32) ** 2, 10))


class Mlfi(nn.Module):
    """Convolutions and GRU on a spectrogram, dense layers on features, joined at the end."""

    def __init__(self):
        super().__init__()
        layers, before = [], 1
        for n, pool in zip((16, 32, 64, 128, 128), (2, 2, 2, 4, 4)):
            layers += [nn.Conv2d(before, n, 3, padding=1), nn.BatchNorm2d(n), nn.ReLU(), nn.MaxPool2d(pool), nn.Dropout(0.1)]
            before = n
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        self.gru = nn.GRU(16, 64, num_layers=2, batch_first=True)
        widths = (55, 1024, 512, 256, 128, 64)
        dense = [layer for a, b in zip(widths, widths[1:]) for layer in (nn.Linear(a, b), nn.ReLU())]
        self.dense, self.head = nn.Sequential(*dense), nn.Linear(64 + 64, 10)

    def forward(self, x):
        pixels = x[:, : 128 * 130].reshape(-1, 1, 128, 130)
        steps, _ = self.gru(self.convolutions(pixels).reshape(len(x), 8, 16))
        return self.head(torch.cat([steps[:, -1], self.dense(x[:, 128 * 130 :])], 1))


def vgg19():
    net = torchvision.models.vgg19(num_classes=10, dropout=0.0)
    net.features[0] = nn.Conv2d(1, 64, 3, padding=1)
    return net


def resnet18():
    net = torchvision.models.resnet18(num_classes=10)
    net.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    return net


# For steps only, with the shape of a batch.
SPECTROGRAMS = {
    "resnet18-128x130": (resnet18, (16, 1, 128, 130)),
    "vgg19": (vgg19, (8, 1, 128, 130)),
    "cnn-5block": (lambda: FiveBlocks((16, 32, 64, 128, 256), 224), (32, 1, 128, 130)),
    "cnn-5block-reduced": (lambda: FiveBlocks((8, 16, 32, 64, 128), 48), (32, 1, 50, 50)),
    "mlfi": (Mlfi, (32, 128 * 130 + 55)),
}


def without_head(net):
    for name in ("fc", "classifier"):
        if hasattr(net, name):
            setattr(net, name, torch.nn.Identity())
    return net


def step(name, layout):
    make, shape = SPECTROGRAMS.get(name) or ((lambda: MAKE[name](10)), (16, 3, 224, 224))
    net = make().to(memory_format=layout).train()
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    x = torch.randn(shape)
    x = x.to(memory_format=layout) if x.dim() == 4 else x
    y = torch.arange(shape[0]) % 10
    seconds = []
    for number in range(10):
        start = time.perf_counter()
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
        if number >= 3:
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), sum(p.numel() for p in net.parameters())


def embed(name, count):
    net = without_head(MAKE[name](10)).to(memory_format=torch.channels_last).eval()
    x = torch.rand(32, 3, 224, 224).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        net(x)
        start, done = time.perf_counter(), 0
        while done < count:
            net(x)
            done += len(x)
    return (time.perf_counter() - start) * count / done


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--embed", type=int, metavar="COUNT")
    given = parser.parse_intermixed_args()
    torch.set_num_threads(given.threads)
    names = [name for name in given.names if name != "cpu"] or list(MAKE)
    for name in names:
        if given.embed:
            print(f"{name} {given.embed} pictures {embed(name, given.embed):8.3f} s", flush=True)
            continue
        layouts = (torch.contiguous_format, torch.channels_last)
        seconds, parameters = min(step(name, layout) for layout in layouts)
        print(f"{name:11s} cpu step {seconds:8.4f} s  parameters {parameters}", flush=True)


main()
