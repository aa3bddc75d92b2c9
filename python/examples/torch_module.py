"""A network of PyTorch on mel spectrograms: bench all --models python:python/examples/torch_module.py"""

import numpy
import torch
from torch import nn


class SmallNet:
    """Two convolutions and a mean over time."""

    reads = ["mel-64", "mel-128"]

    def __init__(self, epochs=15, lr=0.003, batch=32):
        self.epochs, self.lr, self.batch = epochs, lr, batch

    def fit(self, x, y, run):
        torch.set_num_threads(run.threads)
        self.device = run.device
        self.net = nn.Sequential(
            nn.Conv1d(x.shape[1], 32, 5), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(32, 64, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
            nn.Linear(64, len(run.classes)),
        ).to(self.device)  # fmt: skip
        optimizer = torch.optim.Adam(self.net.parameters(), lr=self.lr)
        for epoch in range(self.epochs):
            order = torch.randperm(len(y))
            for rows in order.split(self.batch):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(self.logits(x[rows]), torch.tensor(y[rows]).to(self.device))
                loss.backward()
                optimizer.step()
                if run.cancelled():
                    raise KeyboardInterrupt
            run.progress(epoch + 1, self.epochs, f"loss {loss.item():.3f}")

    def predict_proba(self, x):
        self.net.eval()
        with torch.no_grad():
            parts = [self.logits(x[start : start + 256]).softmax(1).cpu() for start in range(0, len(x), 256)]
        return numpy.concatenate(parts)

    def logits(self, x):
        return self.net(torch.tensor(x).to(self.device))
