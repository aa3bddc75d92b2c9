"""The other end of a model in Python: what `bench all --models python:FILE` and `sklearn:NAME` start.

One process is one fit. Requests come on standard input, each a line of JSON and, where it says `bytes`, an Arrow IPC
stream of so many bytes; answers go to standard output in the same form; progress goes to standard error as lines of
JSON (docs/any-language.md). Whatever the model prints to standard output goes to standard error instead.

The program carries this file and gives it to `python -c`, so that nothing has to be installed but numpy and pyarrow.
"""

import ast
import copy
import hashlib
import importlib
import importlib.util
import inspect
import json
import os
import random
import select
import sys
import traceback

# Given by the harness for each fit, so they are no hyper-parameters of a model.
SEED = ("random_state", "seed")
THREADS = ("n_jobs", "threads")


class Refused(Exception):
    """What a user reads without a traceback."""


class Channel:
    """Lines of JSON and blocks of bytes, over standard input and output."""

    def __init__(self):
        # Whoever prints must not write between answers.
        self.out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self.ahead = bytearray()

    def request(self):
        """The next request with its bytes, or None at the end."""
        while (end := self.ahead.find(b"\n")) < 0:
            block = os.read(0, 1 << 16)
            if not block:
                return None
            self.ahead += block
        header = json.loads(self.ahead[:end])
        del self.ahead[: end + 1]
        return header, self.block(header.get("bytes", 0))

    def block(self, size):
        import numpy

        block = numpy.empty(size, dtype=numpy.uint8)
        view = memoryview(block)
        have = min(size, len(self.ahead))
        view[:have] = self.ahead[:have]
        del self.ahead[:have]
        while have < size:
            got = os.readv(0, [view[have : have + (1 << 24)]])
            if got == 0:
                raise EOFError("the harness has gone")
            have += got
        return view

    def answer(self, header, block=b""):
        header = {**header, "peak_bytes": peak_bytes()}
        if len(block):
            header["bytes"] = len(block)
        for part in (json.dumps(header).encode() + b"\n", block):
            part = memoryview(part)
            while len(part):
                part = part[self.out.write(part) :]

    def is_told_to_stop(self):
        """Whether something came while a request is at work: then that is to stop."""
        return bool(self.ahead) or bool(select.select([0], [], [], 0)[0])


def peak_bytes():
    try:
        import resource
    except ImportError:
        return 0
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


class Run:
    """What a fit may know besides its examples; given to `fit` where that has a parameter `run`.

    seed      a whole number from 0 to 2^32 - 1, the same for the same cell
    threads   how many threads to use
    device    `cpu` or `cuda:N`, what the user asked for
    classes   names of all classes; labels are places in it
    columns   names of the table's columns
    tracks    the track that each training example was cut from
    groups    what must stay together where the training part is divided again
    valid     x and y of the validation part; y is empty where there is none
    params    the hyper-parameters by name
    """

    def __init__(self, channel, request):
        self._channel = channel
        self.seed = request["seed"]
        self.threads = request["threads"]
        self.device = request["device"]
        self.classes = request["classes"]
        self.columns = request["columns"]
        self.params = request["params"]
        self.tracks = self.groups = self.valid = None

    def progress(self, done, total, note=""):
        """Tells how far the fit is: `done` of `total` steps, and a few words."""
        print(json.dumps({"progress": [int(done), int(total)], "note": str(note)}), file=sys.stderr, flush=True)

    def cancelled(self):
        """Whether the user has asked to stop; what does not look is ended half a second later."""
        return self._channel.is_told_to_stop()


# ---- examples ----


def frames(block, request):
    """The columns of a stream: labels, tracks and groups if there are such, and what the model reads."""
    import numpy
    import pyarrow

    rows, columns, picture = request["rows"], len(request["columns"]), request.get("spectrogram")
    told = [numpy.empty(rows, dtype=numpy.int64) for _ in range(3 if request["call"] == "fit" else 0)]
    table = numpy.empty((rows, columns), dtype=numpy.float32)
    shape = (rows, *picture) if picture else (rows, 0, 0)
    pictures = numpy.empty(shape, dtype=numpy.float32)
    at = 0
    if rows:
        with pyarrow.ipc.open_stream(pyarrow.py_buffer(block)) as stream:
            for batch in stream:
                part = slice(at, at + batch.num_rows)
                at += batch.num_rows
                for place, column in enumerate(told):
                    column[part] = numbers(batch.column(place), numpy.int64)
                if columns:
                    turn(table[part], rows_of(batch, len(told), columns, block))
                if picture:
                    values = numbers(batch.column(batch.num_columns - 1), numpy.float32)
                    pictures[part] = values.reshape(batch.num_rows, *picture)
    if picture and picture[0] == 1:
        # Of one channel nobody wants an axis.
        pictures = pictures[:, 0]
    if picture and columns:
        return told, (table, pictures)
    return told, pictures if picture else table


def numbers(array, dtype):
    """The numbers of a column, where they are. `to_numpy` would import pandas, which takes longer than most fits."""
    import numpy

    return numpy.frombuffer(array.buffers()[-1], dtype=dtype)[: len(array) * getattr(array.type, "list_size", 1)]


def rows_of(batch, at, count, block):
    """So many columns as a table. They lie one behind the other in the block, so all of them are one array."""
    import numpy

    rows, size = batch.num_rows, 4 * batch.num_rows
    stride = -(-size // 8) * 8
    first, last = (batch.column(place).buffers()[1].address for place in (at, at + count - 1))
    start = first - numpy.asarray(block).ctypes.data
    end = start + stride * (count - 1) + size
    if last - first == stride * (count - 1) and 0 <= start and end <= len(block):
        view = numpy.ndarray((count, rows), numpy.float32, block, start, (stride, 4))
    else:
        view = numpy.array([numbers(batch.column(at + place), numpy.float32) for place in range(count)])
    return view.T


def turn(rows, view):
    """Copies columns into rows; some at a time, because each column is on a page of memory of its own."""
    for start in range(0, rows.shape[1], 64):
        rows[:, start : start + 64] = view[:, start : start + 64]


def part_of(x, part):
    return tuple(array[part] for array in x) if isinstance(x, tuple) else x[part]


# ---- models ----


class FromFile:
    """A class, or an estimator called `model`, in a Python file."""

    def __init__(self, path, name):
        self.path = os.path.abspath(path)
        stem = os.path.splitext(os.path.basename(path))[0]
        # As `python FILE` has it: modules beside the file can be imported.
        sys.path[0] = os.path.dirname(self.path)
        spec = importlib.util.spec_from_file_location(stem, self.path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[stem] = module
        spec.loader.exec_module(module)
        found = self.find(module, name)
        if inspect.isclass(found):
            self.made, self.of = found, found
            self.declared = of_signature(found)
        else:
            self.made, self.of = None, found
            self.declared = of_estimator(found)

    def find(self, module, name):
        if name:
            if not hasattr(module, name):
                raise Refused(f"{self.path} has no `{name}`")
            return getattr(module, name)
        if hasattr(getattr(module, "model", None), "fit"):
            return module.model
        own = [v for v in vars(module).values() if inspect.isclass(v) and v.__module__ == module.__name__]
        able = [v for v in own if hasattr(v, "fit") and answers(v)]
        if len(able) == 1:
            return able[0]
        names = ", ".join(v.__name__ for v in able) or "none"
        raise Refused(
            f"{self.path}: expected one class with `fit` and `predict_proba` (or an estimator called `model`), and there "
            f"are these: {names}; name one of several with python:FILE:CLASS"
        )

    def make(self, params, run):
        if self.made is None:
            return configured(copy.deepcopy(self.of), params, run)
        given = {SEED: run.seed, THREADS: run.threads}
        known = set(inspect.signature(self.made.__init__).parameters)
        extra = {name: value for names, value in given.items() for name in names if name in known}
        return self.made(**params, **extra)

    def sources(self):
        """The modules that were imported from beside the file, with their hashes."""
        folder = os.path.dirname(self.path) + os.sep
        files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        beside = [file for file in files if file and os.path.abspath(file).startswith(folder)]
        beside = [file for file in beside if not is_installed(file[len(folder) :])]
        return {os.path.abspath(file)[len(folder) :]: sha256(file) for file in sorted(beside)}


class FromScikitLearn:
    """An estimator of scikit-learn by its name, such as `svm.SVC`."""

    def __init__(self, name):
        sys.path[0:1] = []
        module, _, name = name.rpartition(".")
        try:
            found = getattr(importlib.import_module(f"sklearn.{module}".rstrip(".")), name)
        except ModuleNotFoundError as error:
            if error.name != "sklearn" and str(error.name).startswith("sklearn."):
                raise Refused(f"scikit-learn has no module `{error.name}`") from error
            raise
        except AttributeError:
            raise Refused(f"sklearn.{module} has no `{name}`") from None
        if not (inspect.isclass(found) and hasattr(found, "fit") and answers(found)):
            raise Refused(f"sklearn.{module}.{name} is no classifier")
        try:
            self.of = found()
        except TypeError as error:
            raise Refused(f"{error}; write it into a Python file, and use python:FILE") from error
        self.declared = of_estimator(self.of)

    def make(self, params, run):
        return configured(copy.deepcopy(self.of), params, run)

    def sources(self):
        return {}


def is_installed(path):
    return any(folder in ("site-packages", "dist-packages") for folder in path.split(os.sep))


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def answers(of):
    return any(hasattr(of, name) for name in ("predict_proba", "decision_function", "scores", "predict"))


def of_signature(of):
    """Hyper-parameters as the defaults of `__init__` have them."""
    declared = {}
    for name, parameter in list(inspect.signature(of.__init__).parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or name in SEED + THREADS:
            continue
        if parameter.default is parameter.empty:
            raise Refused(f"{of.__name__}: the parameter `{name}` of __init__ needs a default value")
        if isinstance(parameter.default, (bool, int, float)):
            declared[name] = parameter.default
        else:
            declared[name] = as_text(parameter.default)
    return declared


def of_estimator(of):
    """Hyper-parameters as scikit-learn's `get_params` has them, as texts: many may be of several types."""
    values = of.get_params() if hasattr(of, "get_params") else {}
    own = {name: value for name, value in values.items() if name.split("__")[-1] not in SEED + THREADS}
    help = {name: f"{type(value).__name__} or what else it may be, as Python has it" for name, value in own.items()}
    return {name: {"default": as_text(own[name]), "help": help[name]} for name in own if is_plain(own[name])}


def is_plain(value):
    plain = (bool, int, float, str, type(None))
    return isinstance(value, plain) or (isinstance(value, (tuple, list)) and all(map(is_plain, value)))


def as_text(value):
    return value if isinstance(value, str) else repr(value)


def value_of(text):
    """What a text stands for: a number, None, a tuple, …; itself where it is none of these."""
    if not isinstance(text, str):
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def configured(estimator, params, run):
    """An estimator with hyper-parameters, and with seed and threads wherever it or a step of it takes such."""
    if not hasattr(estimator, "get_params"):
        return estimator
    there = estimator.get_params()
    for name in there:
        if name.split("__")[-1] in SEED and there[name] is None:
            params[name] = run.seed
        elif name.split("__")[-1] in THREADS and there[name] is None:
            params[name] = run.threads
    return estimator.set_params(**params)


def fitted(model, x, y, run):
    seeded(run.seed)
    params = {name: value_of(value) for name, value in run.params.items() if name in model.declared}
    made = model.make(params, run)
    wants_run = "run" in inspect.signature(made.fit).parameters
    made.fit(x, y, run) if wants_run else made.fit(x, y)
    return made


def seeded(seed):
    import numpy

    random.seed(seed)
    numpy.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def scores(made, x, classes):
    """What a model says of examples, shape (examples, classes)."""
    import numpy

    if hasattr(made, "predict_proba"):
        said = numpy.asarray(made.predict_proba(x))
    elif hasattr(made, "decision_function"):
        said = numpy.asarray(made.decision_function(x))
        if said.ndim == 1:
            said = numpy.stack([-said, said], axis=1)
    elif hasattr(made, "scores"):
        said = numpy.asarray(made.scores(x))
    else:
        said = numpy.eye(classes)[numpy.asarray(made.predict(x), dtype=int)]
    if said.ndim != 2:
        raise Refused(f"the scores have shape {said.shape}, where (examples, classes) is expected")
    known = getattr(made, "classes_", None)
    # A class without training examples is likely nowhere.
    if known is not None and len(known) == said.shape[1] < classes:
        all_classes = numpy.full((len(said), classes), min(0.0, said.min(initial=0.0)) if len(said) else 0.0)
        all_classes[:, numpy.asarray(known, dtype=int)] = said
        said = all_classes
    return said.astype(numpy.float32)


def importances(made, columns):
    import numpy

    said = getattr(made, "feature_importances_", None)
    if said is None or numpy.shape(said) != (columns,):
        return []
    return [float(value) for value in said]


# ---- requests ----


class Worker:
    def __init__(self, channel, arguments):
        self.channel = channel
        self.arguments = arguments
        self.model = self.made = None
        self.classes = 0

    def load(self):
        if self.model is None:
            kind, *rest = self.arguments
            self.model = {"python": FromFile, "sklearn": FromScikitLearn}[kind](*rest)
        return self.model

    def describe(self, _request, _block):
        model = self.load()
        text = inspect.getdoc(model.of) or ""
        reads = getattr(model.of, "reads", "table")
        return {
            "about": " ".join(text.split("\n\n")[0].split())[:200] or type(model.of).__name__,
            "reads": [reads] if isinstance(reads, str) else list(reads),
            "deterministic": bool(getattr(model.of, "deterministic", False)),
            "parameters": model.declared,
            "sources": model.sources(),
            "versions": versions(),
        }, b""

    def fit(self, request, block):
        model = self.load()
        run = Run(self.channel, request)
        (labels, run.tracks, run.groups), x = frames(block, request)
        train, valid = slice(0, request["train"]), slice(request["train"], None)
        run.tracks, run.groups = run.tracks[train], run.groups[train]
        run.valid = part_of(x, valid), labels[valid]
        self.classes = len(request["classes"])
        self.made = fitted(model, part_of(x, train), labels[train], run)
        return {"importances": importances(self.made, len(request["columns"]))}, b""

    def scores(self, request, block):
        import numpy
        import pyarrow

        _, x = frames(block, request)
        said = scores(self.made, x, self.classes)
        columns = [pyarrow.py_buffer(numpy.ascontiguousarray(column)) for column in said.T]
        arrays = [pyarrow.Array.from_buffers(pyarrow.float32(), len(said), [None, column]) for column in columns]
        batch = pyarrow.RecordBatch.from_arrays(arrays, [str(number) for number in range(len(arrays))])
        sink = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        return {}, sink.getvalue()

    def answer(self, request, block):
        calls = {"describe": self.describe, "fit": self.fit, "scores": self.scores}
        try:
            header, block = calls[request["call"]](request, block)
        except Refused as error:
            return {"error": str(error)}, b""
        except (Exception, SystemExit) as error:
            return {"error": told(error, self.arguments)}, b""
        return {"ok": True, **header}, block


def versions():
    """Versions of what decides numbers, as far as it was imported."""
    known = ("numpy", "scipy", "sklearn", "torch", "xgboost", "lightgbm", "tensorflow", "jax")
    there = {name: sys.modules[name] for name in known if name in sys.modules}
    found = {name: str(getattr(module, "__version__", "")) for name, module in there.items()}
    return {"python": sys.version.split()[0], **found}


def told(error, arguments):
    """An exception in a line: of several frames the last that is the user's."""
    if isinstance(error, ModuleNotFoundError):
        known = {"sklearn": "scikit-learn", "numpy": "numpy pyarrow", "pyarrow": "numpy pyarrow"}
        package = known.get(error.name, error.name)
        return f"{sys.executable} has no module `{error.name}`: {sys.executable} -m pip install {package}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if arguments[0] == "python" and frame.filename == os.path.abspath(arguments[1])]
    place = f"{os.path.basename(own[-1].filename)}, line {own[-1].lineno}: " if own else ""
    traceback.print_exception(type(error), error, error.__traceback__)
    return f"{place}{type(error).__name__}: {error}"[:2000]


def main():
    channel = Channel()
    worker = Worker(channel, sys.argv[1:])
    try:
        import numpy  # noqa: F401
        import pyarrow.ipc  # noqa: F401
    except ImportError as error:
        channel.answer({"error": told(error, worker.arguments)})
        return
    # What was asked to stop answers nobody.
    while (request := channel.request()) and request[0]["call"] != "cancel":
        channel.answer(*worker.answer(*request))


if __name__ == "__main__":
    main()
