#!/usr/bin/env python3
"""PyTorch beside the networks for photographs: seconds of a training step, or of embedding pictures.

Needs: pip install torch torchvision timm
Usage: torch_networks.py [cpu] [--threads 2] [NAME ...]           a step (forward, backward, Adam), as torch_steps.py prints it
       torch_networks.py --embed COUNT [--threads 2] [NAME ...]   pictures 224 x 224 in evaluation, in batches of 32

Networks: resnet18, mobilenetv2 (torchvision) and efficientnet-lite0 (timm), with random weights, in channels_last; steps have
batches of 16 and ten classes, and the faster of both memory layouts counts. Embedding leaves out the last layer.
"""
import argparse
import statistics
import time

import timm
import torch
import torchvision

MAKE = {
    "resnet18": lambda classes: torchvision.models.resnet18(num_classes=classes),
    "mobilenetv2": lambda classes: torchvision.models.mobilenet_v2(num_classes=classes),
    "efficientnet-lite0": lambda classes: timm.create_model("efficientnet_lite0", num_classes=classes),
}


def without_head(net):
    for name in ("fc", "classifier"):
        if hasattr(net, name):
            setattr(net, name, torch.nn.Identity())
    return net


def step(name, layout):
    net = MAKE[name](10).to(memory_format=layout).train()
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    x = torch.randn(16, 3, 224, 224).to(memory_format=layout)
    y = torch.arange(16) % 10
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
