#!/usr/bin/env python3
"""Lays small valid inputs of every target into fuzz/corpus/TARGET, from the fixtures of the tests and from here."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

here = Path(__file__).parent
fixtures = here.parent / "tests" / "fixtures"


def seed(target, name, content):
    folder = here / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


for path in sorted((fixtures / "features" / "audio").iterdir()):
    target = {".aac": "mp3"}.get(path.suffix, path.suffix[1:])
    seed(target, path.name, path.read_bytes())
for path in sorted((fixtures / "images").iterdir()):
    target = {".png": "png", ".jpg": "jpeg", ".webp": "webp"}.get(path.suffix)
    if target:
        seed(target, path.name, path.read_bytes())

seed("onnx", "tiny", (here.parent / "plugins" / "onnx" / "tests" / "fixtures" / "tiny.onnx").read_bytes())

for path in sorted((fixtures / "tables").iterdir()):
    if path.suffix in (".parquet", ".feather"):
        seed("columnar", path.name, path.read_bytes())
    elif path.suffix != ".py" and path.name != "expected.json":
        seed("table", path.name, path.read_bytes())
saved = fixtures / "saved" / "logistic"
seed("saved_model", "logistic", (saved / "model.json").read_bytes() + b"\0" + (saved / "model.safetensors").read_bytes())
seed("table", "kaggle", "filename,length,tempo,mfcc1_mean,label\nblues.00000.0.wav,66149,120.5,-1e-3,blues\n")
seed("table", "own", "\ufefftrack;a b;genre\n\"x;y\";1,5;r\n")
seed("split", "example", "example,fold,part\n0.0,0,train\n1.0,0,test\n2.1,0,valid\n")
seed("split", "track", "clip,repeat,fold,part\n0,0,0,train\n1,0,0,test\n0,1,0,test\n1,1,0,train\n")
seed("artists", "folds", "filename,artist,test_fold\nblues.00000.wav,A,0\njazz.00000.wav,\"B, C\",1\nrock.mp3,,\n")
place = {"file": "blues/blues.00000.wav", "clip": "blues.00000", "genre": "blues"}
other = {"file": "blues/blues.00001.wav", "clip": "blues.00001", "genre": "blues"}
report = {
    "schema": "genre-bench-audit", "version": 1, "program": "genre-bench 0.1.0", "folder": "g",
    "genres": {"blues": {"files": 2, "faults": 1, "duplicates": 0, "hints": 0}},
    "faults": [place | {"kind": "broken", "reason": "r"}],
    "duplicates": [{
        "kind": "offset", "mislabelled": False, "members": [place, other],
        "links": [{"a": place["file"], "b": other["file"], "kind": "exact", "similarity": 1.0,
                   "offset_seconds": 0.5, "gain_db": -1.0, "overlap_seconds": 3.0}],
    }],
    "hints": [other | {"kind": "clipping", "reason": "r"}],
    "recordings": [other | {"container": "WAV", "rate": 22050, "channels": 1, "seconds": 30.0, "peak": 0.5,
                            "clipped_share": 0.0, "silent_share": 0.1, "sha256": "0" * 64}],
    "methods": {"exact": "equal"},
}
seed("faults", "report", json.dumps(report))
seed("experiment", "lists", 'models = ["svm"]\nseed = [0, 1]\ncalibrate = "platt"\n[data]\npath = "a.csv"\nsegment = 10\n'
     'max-seconds = 60\n[split]\nprotocol = ["track", "artist"]\nholdout = "80/10/10"\n[parameters.svm]\nc = [1, 2.5]\n'
     '[networks]\nspectrogram-size = "40x30"\n')
seed("experiment", "tune", 'models = ["svm"]\n[tune]\nfolds = 3\n[tune.grid]\nc = [1, 10]\n')
seed("experiment", "ablate", 'models = ["forest"]\n[ablate]\ngroups = { a = ["x*"], b = ["y"] }\n')
record = {
    "train_labels": [0, 1], "test_scores": [[0.5, 0.5], [1.0, 0.0]], "fit_seconds": 0.1, "predict_seconds": 0.1,
    "peak_bytes": 100, "insights": {"history": [], "importances": None, "notes": []}, "calibrated": None,
}
# Of a run of two folds of four tracks; the letter says of which file.
names = ["a.00000", "a.00001", "b.00000", "b.00001"]
examples = "example,clip,label,segment\n" + "".join(f"{name}.wav,{name},{name[0]},\n" for name in names)
parts = [(fold, name, "test" if int(name[-1]) == fold else "train") for fold in (0, 1) for name in names]
split = "clip,repeat,fold,part\n" + "".join(f"{name},0,{fold},{part}\n" for fold, name, part in parts)
calibrated = record | {"calibrated": {
    "calibration": {"temperature": {"temperature": 1.5, "of_probabilities": False}},
    "before": {"bins": [{"examples": 2, "confidence": 1.5, "correct": 1}]}, "after": {"bins": []}}}
for name, text in {
    "record": "c" + json.dumps(record), "calibrated": "c" + json.dumps(calibrated),
    "failure": "f" + json.dumps({"reason": "it failed"}),
    "examples": "e" + examples, "split": "s" + split,
    "plan": "p" + json.dumps({"notes": ["x"], "warnings": [], "scheme": "2 folds"}),
    "files": "p" + json.dumps({"files": {"../../store.json": "0" * 64}}),
    "raw-cell": "C" + json.dumps({"sha256": "0" * 64, "of": {}, "content": record}),
    "raw-plan": "P" + json.dumps({"sha256": "0" * 64}), "raw-experiment": "X# run a\nseed = 1\n",
    "experiment": "xmodels = [\"svm\"]\n", "header": "H" + json.dumps({"format": 3, "written_by": "genre-bench 0.1.0"}),
}.items():
    seed("store", name, text)
# As it differs from a right first word and name; container, number of examples; segment, length and 57 columns.
words = [0] * 5 + [0, 1] + [0, 661500] + [0] * 57
seed("cache_entry", "one", struct.pack(f"<{len(words)}Q", *words))
seed("cache_entry", "none", struct.pack("<7Q", *[0] * 7))

header = json.dumps({
    "format": {"dtype": "U32", "shape": [1], "data_offsets": [0, 4]},
    "identity": {"dtype": "U8", "shape": [4], "data_offsets": [4, 8]},
    "history": {"dtype": "F64", "shape": [1, 7], "data_offsets": [8, 64]},
    "weight/w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [64, 88]},
    "sha256": {"dtype": "U8", "shape": [32], "data_offsets": [88, 120]},
}).encode()
seed("checkpoint", "one", struct.pack("<Q", len(header)) + header + bytes(120))

for path in sorted((fixtures / "neural" / "weights").iterdir()):
    if path.is_dir():
        continue
    content, kind = path.read_bytes(), path.name.split("_")[0]
    if path.suffix == ".safetensors":
        seed("safetensors", path.name, content)
        seed("safetensors", path.name + "-header", content[8:])
    elif path.suffix in (".npy", ".npz"):
        seed("npy", path.name, content)
        seed("npy", path.name + "-header", content[10:])
    else:
        target = f"torch_{kind}"
        seed(target, path.name, content)
        if kind == "zip":
            archive = zipfile.ZipFile(path)
            seed(target, path.name + "-pickle", archive.read(next(n for n in archive.namelist() if n.endswith("data.pkl"))))
        else:
            # Behind the pickles of the magic number, the version and the system.
            seed(target, path.name + "-pickle", content[content.index(b".\x80", content.index(b"little_endian")) + 1:])

files = {"genres/blues/blues.00000.au": (fixtures / "features/audio/ulaw.au").read_bytes()[:300], "../x": b"x"}
for name, mode in [("tar", "w"), ("tar.gz", "w:gz")]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    seed("archive", name, buffer.getvalue())
for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    seed("archive", f"zip{method}", buffer.getvalue())
seed("archive", "gz", gzip.compress(b"no archive"))
