#!/usr/bin/env python3
"""Times a training step of the neural engine and of PyTorch for the same networks; prints a Markdown table.

Usage: neural_vs_torch.py STEPS TORCH_STEPS.py [--device cpu|cuda] [--threads 2] [--rounds 3] [NAME ...]

STEPS is the built example (`cargo build --release -p genre-bench-neural --example steps`). TORCH_STEPS.py
prints the same lines for PyTorch and is run by this Python, which needs torch; networks that it does not have
are those of `torch_networks.py` here, which needs torchvision and timm, too. Every network runs in a
process of its own, ours and theirs in turn, and of the rounds the best median counts. The peak of memory is
that of the whole process, on CUDA without the device's own memory.
"""
import argparse, os, pathlib, re, subprocess, sys

GIVEN = ["ann", "cnn-7x7", "choi-fcn5", "crnn-base", "crnn-large", "lstm-64x2"]
OWN = ["cnn-5block", "cnn-5block-reduced", "mlfi", "resnet18", "resnet18-128x130", "vgg19"]


def step(command, name, environment):
    """Seconds of a step, number of parameters, and peak MiB of the process that measured them."""
    process = subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True, env=environment)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    line = re.search(rf"^{re.escape(name)} .* step +([\d.]+) s +parameters (\d+)$", printed, re.MULTILINE)
    if process.returncode or not line:
        sys.exit(f"{' '.join(map(str, command))} {name} failed ({process.returncode}): {printed}")
    return float(line[1]), int(line[2]), usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("steps")
    parser.add_argument("torch_steps")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_intermixed_args()
    names = options.names or GIVEN + (OWN if options.device == "cpu" else [])
    environment = {**os.environ, "RAYON_NUM_THREADS": str(options.threads)}
    ours = [options.steps, options.device]
    own = pathlib.Path(__file__).with_name("torch_networks.py")

    print("| network | ours s | PyTorch s | ratio | ours peak MiB | PyTorch peak MiB |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in names:
        script = own if name in OWN else options.torch_steps
        both = (ours, [sys.executable, script, options.device, "--threads", str(options.threads)])
        rounds = [[step(command, name, environment) for command in both] for _ in range(options.rounds)]
        (a, parameters, mib_a), (b, their_parameters, mib_b) = (min(side) for side in zip(*rounds))
        if parameters != their_parameters:
            sys.exit(f"{name}: {parameters} parameters, but {their_parameters} in PyTorch")
        print(f"| {name} | {a:.4f} | {b:.4f} | {a / b:.2f} | {mib_a:.0f} | {mib_b:.0f} |", flush=True)


main()
