#!/usr/bin/env python3
"""Small networks from files to scores: seconds and macro-F1 of `bench` and of their twins in PyTorch, on the same splits.

Needs: pip install torch pillow pandas scikit-learn
Usage: end_to_end.py GTZAN-FOLDER BENCH [--rounds N] [--threads N] [NAME ...]

Networks: cnn-5block and lstm-64x2 on the images of images_original, mlfi on features_10_sec.csv joined with thirds of them; all in
the reduced configuration, 5 folds by track. The programs take turns, each as a process of its own, and the least of the rounds
counts. A twin brings images to 50x50 (48x48 before cnn-5block, 50 steps of 13 rows for lstm-64x2), standardises each row of them
and each column on the training part, and sets a tenth of that aside, whose best epoch it keeps.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
import torch
from PIL import Image
from sklearn.metrics import f1_score
from torch import nn


class FiveBlocks(nn.Module):
    epochs, rate, images, rows = 5, 1e-3, "images_original", 50

    def __init__(self):
        super().__init__()
        layers, before = [], 1
        for n in (8, 16, 32, 64, 128):
            layers += [nn.Conv2d(before, n, 3, padding=1), nn.BatchNorm2d(n), nn.LeakyReLU(0.3), nn.MaxPool2d(2)]
            before = n
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before, 10))

    def forward(self, x, _):
        return self.layers(nn.functional.interpolate(x, (48, 48), mode="bilinear"))


class Lstm(nn.Module):
    epochs, rate, images, rows = 10, 1e-3, "images_original", 13

    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(13, 64, num_layers=2, batch_first=True), nn.Linear(64, 10)

    def forward(self, x, _):
        return self.head(self.lstm(x[:, 0].transpose(1, 2))[0][:, -1])


class Mlfi(nn.Module):
    epochs, rate, images, rows = 3, 1e-2, "", 50

    def __init__(self):
        super().__init__()
        layers, before = [], 1
        # What is left of 50x50 after the fourth pool is one pixel.
        for n, pool in zip((16, 32, 64, 128, 128), (2, 2, 2, 4, 1)):
            layers += [nn.Conv2d(before, n, 3, padding=1), nn.BatchNorm2d(n), nn.ReLU(), nn.MaxPool2d(pool), nn.Dropout(0.1)]
            before = n
        self.convolutions, self.gru = nn.Sequential(*layers, nn.Flatten()), nn.GRU(16, 64, num_layers=2, batch_first=True)
        widths = (55, 1024, 512, 256, 128, 64)
        dense = [layer for a, b in zip(widths, widths[1:]) for layer in (nn.Linear(a, b), nn.ReLU())]
        self.dense, self.head = nn.Sequential(*dense), nn.Linear(64 + 64, 10)

    def forward(self, x, table):
        steps, _ = self.gru(self.convolutions(x).reshape(len(x), 8, 16))
        return self.head(torch.cat([steps[:, -1], self.dense(table)], 1))


NETWORKS = {"cnn-5block": FiveBlocks, "lstm-64x2": Lstm, "mlfi": Mlfi}


def examples(gtzan, split, joined, height):
    """Names, genres, images (count, 1, height, 50) and columns (count, 55; none of images alone) of the examples of a split."""
    files = {p.name.replace(".", "").removesuffix("png"): p for p in (gtzan / "images_original").glob("*/*.png")}
    names = sorted(split.example.unique())
    # `blues.00000.0.wav` is a segment, `blues00000.png` and `blues.00000.png` are images.
    parts = [name.rsplit(".", 1)[0].split(".") for name in names]
    segments = [int(part[2]) if joined else None for part in parts]
    pictures, opened = [], {}
    for part, segment in zip(parts, segments):
        track = "".join(part[:2])
        if track not in opened:
            opened[track] = Image.open(files[track]).convert("L")
        image = opened[track]
        if joined:
            third = image.width // 3
            image = image.crop((segment * third, 0, (segment + 1) * third, image.height))
        pictures.append(np.asarray(image.resize((50, height), Image.BOX), dtype=np.float32))
    genres = ["".join(letter for letter in part[0] if letter.isalpha()) for part in parts]
    table = torch.zeros(len(names), 0)
    if joined:
        rows = pd.read_csv(gtzan / "features_10_sec.csv").set_index("filename").loc[names]
        rows = rows.select_dtypes("number").drop(columns=["length", "spectral_bandwidth_mean", "spectral_bandwidth_var"], errors="ignore")
        table = torch.tensor(rows.to_numpy(np.float32))
    return names, genres, torch.tensor(np.stack(pictures))[:, None], table


def standardised(x, train, over):
    if x.numel() == 0:
        return x
    return (x - x[train].mean(over, keepdim=True)) / (x[train].std(over, keepdim=True) + 1e-6)


def twin(name, gtzan, split_file):
    """Trains and scores on every fold; prints the seconds and the mean macro-F1."""
    start, make, split = time.time(), NETWORKS[name], pd.read_csv(split_file)
    names, genres, pictures, table = examples(gtzan, split, not make.images, make.rows)
    at, classes = {name: n for n, name in enumerate(names)}, sorted(set(genres))
    y = torch.tensor([classes.index(genre) for genre in genres])
    scores = []
    for (repeat, fold), rows in split.groupby(["repeat", "fold"]):
        train, test = (torch.tensor([at[n] for n in rows.example[rows.part == which]]) for which in ("train", "test"))
        torch.manual_seed(1000 * repeat + fold)
        x, z = standardised(pictures, train, (0, 3)), standardised(table, train, 0)
        train = train[torch.randperm(len(train))]
        valid, train = train[: len(train) // 10], train[len(train) // 10 :]
        net, best, keep = make(), float("inf"), None
        optimiser = torch.optim.Adam(net.parameters(), make.rate)
        for _ in range(make.epochs):
            net.train()
            for batch in train[torch.randperm(len(train))].split(32):
                if len(batch) > 1:
                    optimiser.zero_grad()
                    nn.functional.cross_entropy(net(x[batch], z[batch]), y[batch]).backward()
                    optimiser.step()
            net.eval()
            with torch.no_grad():
                loss = nn.functional.cross_entropy(net(x[valid], z[valid]), y[valid]).item()
            if loss < best:
                best, keep = loss, {k: v.clone() for k, v in net.state_dict().items()}
        net.load_state_dict(keep)
        with torch.no_grad():
            scores.append(f1_score(y[test], net(x[test], z[test]).argmax(1), average="macro"))
    print(time.time() - start, 100 * np.mean(scores))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gtzan", type=pathlib.Path)
    parser.add_argument("bench")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--twin", metavar="SPLIT", help="what this script calls itself with")
    given = parser.parse_intermixed_args()
    torch.set_num_threads(given.threads)
    names = given.names or list(NETWORKS)
    if given.twin:
        return twin(names[0], given.gtzan, given.twin)
    print("| network | ours s | PyTorch s | ratio | ours F1 | PyTorch F1 |\n|---|---:|---:|---:|---:|---:|")
    for name in names:
        ours, theirs = [], []
        data = given.gtzan / NETWORKS[name].images
        where = ["--data", str(data), "--segment", "30" if NETWORKS[name].images else "10"]
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory() as out:
                run = lambda *words: subprocess.run([given.bench, *words, "--out", out], check=True, stdout=subprocess.PIPE, text=True).stdout
                start = time.time()
                board = f"{out}/board.csv"
                run("all", *where, "--models", name, "--jobs", "1", "--no-cache", "--quiet")
                seconds = time.time() - start
                run("export", "last", "--table", "leaderboard", "-o", board)
                run("export", "last", "--table", "split", "-o", f"{out}/split.csv")
                ours.append((seconds, 100 * pd.read_csv(board).macro_f1[0]))
                words = [str(given.gtzan), given.bench, name, "--threads", str(given.threads), "--twin", f"{out}/split.csv"]
                told = subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, text=True).stdout
                theirs.append(tuple(map(float, told.split())))
        (a, f), (b, g) = min(ours), min(theirs)
        print(f"| {name} | {a:.1f} | {b:.1f} | {a / b:.2f} | {f:.1f} | {g:.1f} |", flush=True)


main()
