#!/usr/bin/env python3
"""Makes inter-regular.ttf and inter-semibold.ttf: Latin and Greek of Inter, with kerning and tabular figures.

Usage:  npm install @fontsource/inter && pip install fonttools brotli
        data/fonts/make_fonts.py node_modules/@fontsource/inter
"""

import shutil
import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

SCRIPTS = ["latin", "latin-ext", "greek"]
HERE = Path(__file__).parent


def letters():
    """What may stand in a drawing: Latin, Greek, punctuation, some mathematics."""
    ranges = [(0x20, 0x17F), (0x218, 0x21B), (0x384, 0x3CE), (0x2010, 0x2027), (0x2030, 0x203A)]
    return {c for low, high in ranges for c in range(low, high + 1)} | {0x20AC, 0x2122, 0x2212, 0xFFFD}


def make(package, weight, name):
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for script in SCRIPTS:
            font = TTFont(package / "files" / f"inter-{script}-{weight}-normal.woff2")
            font.flavor = None
            options = Options()
            options.layout_features = ["kern", "tnum"]
            options.hinting = False
            options.drop_tables += ["STAT", "meta", "DSIG"]
            subsetter = Subsetter(options)
            subsetter.populate(unicodes=letters())
            subsetter.subset(font)
            parts.append(Path(folder) / f"{script}.ttf")
            font.save(parts[-1])
        whole = Merger().merge([str(part) for part in parts])
        # Both weights are of one family.
        for record, text in {1: "Inter", 16: "Inter", 17: name.capitalize()}.items():
            whole["name"].setName(text, record, 3, 1, 0x409)
        whole.save(HERE / f"inter-{name}.ttf")


if __name__ == "__main__":
    package = Path(sys.argv[1])
    make(package, 400, "regular")
    make(package, 600, "semibold")
    shutil.copy(package / "LICENSE", HERE / "LICENSE")
