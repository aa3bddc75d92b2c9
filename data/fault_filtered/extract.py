#!/usr/bin/env python3
"""Writes train.txt, valid.txt and test.txt of the fault-filtered GTZAN partition beside this script.

The partition is that of Kereliuk, Sturm and Larsen (2015); torchaudio (BSD-2-Clause) carries it in
torchaudio/datasets/gtzan.py as three lists of clip names. Only the names are facts taken from there.

Usage: pip download --no-deps torchaudio==2.11.0, unzip the wheel, then extract.py torchaudio/datasets/gtzan.py
"""
import ast, pathlib, sys

tree = ast.parse(pathlib.Path(sys.argv[1]).read_text())
here = pathlib.Path(__file__).parent
for node in tree.body:
    if isinstance(node, ast.Assign) and node.targets[0].id.startswith("filtered_"):
        part = node.targets[0].id.removeprefix("filtered_")
        names = ast.literal_eval(node.value)
        (here / f"{part}.txt").write_text("".join(f"{name}\n" for name in names))
        print(part, len(names))
