//! Models in other processes, through the program: on the same leaderboard, found again, fitted again where they changed, and
//! no harm where they misbehave.
//!
//! Those in Python run where `$GENRE_BENCH_PYTHON`, or else `python3`, has numpy and pyarrow (and scikit-learn, where it is
//! about that), and say that they were skipped where not. The others run the example `outsider` of plugins/external, which
//! cargo builds before it runs all tests; alone: `cargo build --release -p genre-bench-external --examples` first.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, blocks, ends, example, row, scores, skipped, small_table};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The Python of the tests, if it has some modules.
fn python(modules: &str) -> Option<String> {
    let python = std::env::var("GENRE_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(&python);
    command.args(["-c", &format!("import {modules}")]).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Some(python),
        _ => {
            skipped(&format!("`{python}` has not all of {modules}; GENRE_BENCH_PYTHON names another"));
            None
        }
    }
}

/// A table, and a TOML file that declares the outsider.
fn place(fault: &str) -> Place {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    declare(&place, fault, "");
    place
}

fn declare(place: &Place, fault: &str, more: &str) {
    let command =
        format!("command = [\"env\", \"OUTSIDER_SECONDS={}\", {:?}]", sleepers(fault), example("outsider"));
    place.write("m/outsider.toml", format!("{command}\n{more}\n[parameters]\nfault = \"{fault}\""));
}

/// How long what a fault leaves behind sleeps: the words by which it is found.
fn sleepers(fault: &str) -> String {
    format!("{}.{}", 20_000 + fault.len(), std::process::id())
}

fn are_there(words: &str) -> bool {
    let output = Command::new("ps").args(["-e", "-o", "args"]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).contains(words)
}

const NAME: &str = "external:outsider.toml";
const WORDS: [&str; 6] =
    ["all", "--data", "t.csv", "--models", "external:m/outsider.toml,logistic", "--json"];

fn run(place: &Place, more: &[&str], status: i32) -> Value {
    let output = ends(place.bench().args(WORDS).args(more), status);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stored(place: &Place) -> Vec<PathBuf> {
    let mut cells: Vec<PathBuf> =
        std::fs::read_dir(place.path("runs/cells")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cells.sort();
    cells
}

#[test]
fn it_stands_on_the_leaderboard_and_is_found_again_until_it_changes() {
    let place = place("");
    let first = run(&place, &["--save-experiment", "e.toml"], 0);
    let own = row(&first, NAME);
    assert_eq!(own["folds_done"], 5);
    assert!(own["macro_f1"].as_f64().unwrap() > 0.6, "{own}");
    // It says that it had a gibibyte.
    assert!(own["peak_bytes"].as_f64().unwrap() > 5e8, "{own}");
    let cells = stored(&place);
    assert!(
        cells.iter().any(|cell| cell.to_string_lossy().contains("external-outsider.toml-r0-f0-")),
        "{cells:?}"
    );

    let again = run(&place, &[], 0);
    assert_eq!((&again["run"], scores(&again)), (&first["run"], scores(&first)));
    assert_eq!(stored(&place), cells, "nothing is computed again");
    // From the experiment, too, and from the one that is stored.
    let from_file = ends(place.bench().args(["run", "e.toml", "--json"]), 0);
    assert_eq!(scores(&serde_json::from_slice(&from_file.stdout).unwrap()), scores(&first));

    declare(&place, "", "# changed");
    let changed = run(&place, &[], 0);
    assert_ne!(changed["run"], first["run"]);
    assert_eq!(stored(&place).len(), cells.len() + 5, "its five cells are others, those of logistic are not");
    assert_eq!(scores(&changed), scores(&first));
}

/// On the embeddings of an encoder, as every model that reads the table.
#[test]
fn it_stands_on_an_encoder() {
    let place = place("");
    common::low_and_high(&place);
    let mut bench = place.faulty();
    bench.args(
        "all --data music --models ears+external:m/outsider.toml --segment 3 --holdout 50/50 --json"
            .split(' '),
    );
    let board: Value =
        serde_json::from_slice(&ends(bench.env("GENRE_BENCH_CACHE", place.path("cache")), 0).stdout).unwrap();
    assert_eq!(row(&board, &format!("ears+{NAME}"))["macro_f1"], 1.0);
}

#[test]
fn what_goes_wrong_is_told_in_its_row_and_the_others_are_finished() {
    for (fault, told) in [
        ("exits", "ended by itself with status 3; it said: cannot find my glasses"),
        ("crashes", "crashed"),
        ("nan", "a score is NaN"),
        ("wide", "the scores have shape"),
        ("floods", "more than 1 MiB to standard output"),
        ("leaves and hangs", "no answer to `fit` within 1.5 s"),
    ] {
        let place = place(fault);
        declare(&place, fault, "timeout = 1.5");
        let board = run(&place, &["--holdout", "70/30"], 1);
        let own = row(&board, NAME);
        assert!(own["errors"].to_string().contains(told), "{fault}: {own}");
        assert!(own["macro_f1"].is_null(), "{own}");
        assert!(row(&board, "logistic")["macro_f1"].is_f64());
        assert!(!are_there(&sleepers(fault)), "{fault}");
    }
}

/// Neither Ctrl-C nor a kill that nobody hears leaves anything running.
#[test]
#[cfg(target_os = "linux")]
fn what_it_started_ends_with_the_program() {
    for (signal, fault) in [("-INT", "leaves and hangs"), ("-KILL", "leaves and hangs")] {
        let place = place(fault);
        let words = sleepers(fault);
        let mut child =
            place.bench().args(WORDS).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let within = |is_wanted: bool| {
            let start = Instant::now();
            while are_there(&format!("sleep {words}")) != is_wanted {
                assert!(start.elapsed() < Duration::from_secs(60), "{signal}: {is_wanted}");
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        within(true);
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), if signal == "-INT" { Some(130) } else { None });
        within(false);
    }
}

#[test]
fn names_that_cannot_be_opened_are_told_with_what_to_try() {
    let place = place("");
    let told = place.refused("all --data t.csv --models python:gone.py");
    assert!(told.contains("gone.py cannot be read") && told.contains("any-language.md"), "{told}");
    let told = place.refused("all --data t.csv --models external:t.csv");
    assert!(told.contains("t.csv line 1"), "{told}");
    let told =
        place.refused("all --data t.csv --models external:m/outsider.toml --set external:outsider.toml.c=1");
    assert!(told.contains("has only fault"), "{told}");
    let mut bench = place.bench();
    bench.args(["all", "--models", "sklearn:svm.SVC"]).env("GENRE_BENCH_PYTHON", "no-such-python");
    let told = String::from_utf8(ends(&mut bench, 2).stderr).unwrap();
    assert!(
        told.contains("`no-such-python` cannot be started")
            && told.contains("which GENRE_BENCH_PYTHON names"),
        "{told}"
    );
    let page = place.run("list models external:m/outsider.toml");
    assert!(page.contains(NAME) && page.contains("fault"), "{page}");
}

/// The page's own model.
fn my_model(place: &Place) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/any-language.md");
    let page = std::fs::read_to_string(page).unwrap();
    let block = blocks(&page).into_iter().find(|block| block.info == "python").unwrap();
    place.write("models/my_model.py", &block.text);
    block.text
}

#[test]
fn the_model_of_the_page_is_ten_lines_and_runs() {
    let Some(python) = python("numpy, pyarrow") else { return };
    let place = place("");
    let text = my_model(&place);
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.contains("\"\"\"") && !line.starts_with("import"));
    assert!(lines.count() <= 10, "{text}");
    let words = "all --data t.csv --json --models python:models/my_model.py,majority --protocol track";
    let bench = |more: &[&str], status: i32| {
        let mut bench = place.bench();
        bench.args(words.split(' ')).args(more).env("GENRE_BENCH_PYTHON", &python);
        String::from_utf8(ends(&mut bench, status).stdout).unwrap()
    };
    let json = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let first = json(bench(&[], 0));
    let own = row(&first, "python:my_model.py");
    assert!(own["macro_f1"].as_f64() > row(&first, "majority")["macro_f1"].as_f64(), "{own}");
    let cells = stored(&place).len();

    // A parameter is one of its own; a module that it imports is part of it.
    let other = json(bench(&["--set", "python:my_model.py.power=1"], 0));
    assert_ne!(other["run"], first["run"]);
    place.write("models/helper.py", "number = 1");
    place.write("models/my_model.py", format!("import helper\n{text}"));
    let helped = json(bench(&[], 0))["run"].clone();
    place.write("models/helper.py", "number = 2");
    assert_ne!(json(bench(&[], 0))["run"], helped);
    assert_eq!(stored(&place).len(), cells + 3 * 5);

    // What it raises is told with its line.
    place.write("models/my_model.py", text.replace("self.means = ", "self.means = 1 / 0 + "));
    let failed = json(bench(&[], 1));
    let own = row(&failed, "python:my_model.py")["errors"].to_string();
    assert!(
        own.contains("my_model.py, line") && own.contains("ZeroDivisionError: division by zero"),
        "{own}"
    );
}

/// What a model sees: no more examples than the training part, and of the others no labels.
const SPY: &str = "\
import json, os, numpy
class Spy:
    reads = ['table', 'mel-32']
    def fit(self, x, y, run):
        numpy.testing.assert_array_equal(len(run.tracks), len(y))
        table, mel = x
        seen = dict(rows=len(y), labels=sorted(set(y.tolist())), classes=run.classes, table=table.shape, mel=mel.shape,
                    valid=[len(run.valid[1]), len(run.valid[0][0])], mean=float(abs(table.mean(axis=0)).max()),
                    dtype=str(table.dtype), env=os.environ['OMP_NUM_THREADS'], threads=run.threads, columns=len(run.columns))
        print('this goes nowhere')
        run.progress(1, 2, 'half')
        with open('seen.json', 'w') as file:
            json.dump(seen, file)
        self.classes = len(run.classes)
    def predict_proba(self, x):
        return numpy.full((len(x[0]), self.classes), 1 / self.classes)
";

#[test]
fn a_model_sees_tables_and_spectrograms_of_its_training_part() {
    let Some(python) = python("numpy, pyarrow") else { return };
    let place = Place::new();
    common::low_and_high(&place);
    place.write("spy.py", SPY);
    let mut bench = place.bench();
    bench.args(
        "all --data music --models python:spy.py --segment 3 --holdout 50/25/25 --jobs 1 --json".split(' '),
    );
    ends(bench.env("GENRE_BENCH_PYTHON", &python), 0);
    let seen: Value = serde_json::from_slice(&std::fs::read(place.path("seen.json")).unwrap()).unwrap();
    let rows = seen["rows"].as_u64().unwrap();
    assert_eq!(seen["classes"], serde_json::json!(["high", "low"]));
    assert_eq!(seen["table"], serde_json::json!([rows, 57]));
    assert_eq!((seen["mel"][0].as_u64(), seen["mel"][1].as_u64()), (Some(rows), Some(32)));
    assert_eq!(seen["valid"][0], seen["valid"][1]);
    assert!(seen["valid"][0].as_u64().unwrap() > 0 && rows < 16, "{seen}");
    assert!(seen["mean"].as_f64().unwrap() < 1e-3 && seen["dtype"] == "float32", "{seen}");
    assert_eq!(seen["env"], seen["threads"].to_string());
}

/// Scores of every tested example by the same estimator, fitted outside to the exported split.
const OUTSIDE: &str = "\
import sys, numpy, pyarrow.csv as csv
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
data, split, told = (csv.read_csv(path) for path in sys.argv[1:4])
names = data['filename'].to_pylist()
x = numpy.stack([data[column].to_numpy() for column in sys.argv[4].split(',')], axis=1)
classes = sorted(set(data['label'].to_pylist()))
y = numpy.array([classes.index(label) for label in data['label'].to_pylist()])
place = {name: at for at, name in enumerate(names)}
part = {}
for example, fold, where in zip(split['example'].to_pylist(), split['fold'].to_pylist(), split['part'].to_pylist()):
    part.setdefault((fold, where), []).append(place[example])
made = {'sklearn:linear_model.LogisticRegression': lambda: LogisticRegression(C=0.5),
        'sklearn:svm.SVC': lambda: SVC()}
worst = {name: 0.0 for name in made}
count = 0
for fold in sorted({fold for fold, _ in part}):
    train, test = sorted(part[fold, 'train']), sorted(part[fold, 'test'])
    mean, deviation = x[train].mean(axis=0), x[train].std(axis=0)
    deviation[deviation < 1e-9] = 1
    z = ((x - mean) / deviation).astype(numpy.float32)
    for name, make in made.items():
        fitted = make().fit(z[train], y[train])
        say = fitted.predict_proba if hasattr(fitted, 'predict_proba') else fitted.decision_function
        expected = {at: row for at, row in zip(test, say(z[test]))}
        rows = [r for r in told.to_pylist() if r['model'] == name and r['fold'] == fold]
        assert len(rows) == len(test), (name, fold, len(rows), len(test))
        for r in rows:
            got = numpy.array([r['score_' + c] for c in classes])
            worst[name] = max(worst[name], float(abs(got - expected[place[r['example']]]).max()))
            count += 1
print(count, worst)
assert count == 2 * len(names) and max(worst.values()) < 1e-5, worst
";

#[test]
fn an_estimator_of_scikit_learn_scores_as_it_does_outside() {
    let Some(python) = python("numpy, pyarrow, sklearn") else { return };
    let place = place("");
    let models = "sklearn:linear_model.LogisticRegression,sklearn:svm.SVC";
    let mut bench = place.bench();
    bench.args(["all", "--data", "t.csv", "--models", models, "--protocol", "track"]);
    bench.args(["--set", "sklearn:linear_model.LogisticRegression.C=0.5"]).env("GENRE_BENCH_PYTHON", &python);
    ends(&mut bench, 0);
    place.run("export last --table split -o split.csv");
    place.run("export last --table predictions -o told.csv");
    place.write("outside.py", OUTSIDE);
    let mut outside = Command::new(&python);
    outside.args(["outside.py", "t.csv", "split.csv", "told.csv", "tempo,mfcc1_mean,mfcc1_var"]);
    ends(outside.current_dir(place.path(".")), 0);
}

const LOAD: &str = "\
import sys, genre_bench
for frames in ['pyarrow', *sys.argv[2:]]:
    run = genre_bench.load('last', bench=sys.argv[1], frames=frames)
    assert len(run.leaderboard) == 2 and len(run.predictions) == 2 * 60 and len(run.splits) > 0, run
    page = run._repr_html_()
    assert page.startswith('<iframe srcdoc=') and 'logistic' in page and '2 models' in repr(run)
try:
    genre_bench.load('no-such-run', bench=sys.argv[1])
    raise SystemExit('it is not there')
except genre_bench.BenchError as error:
    assert 'no-such-run' in str(error), error
";

#[test]
fn python_reads_what_is_stored() {
    let Some(python) = python("numpy, pyarrow") else { return };
    let place = place("");
    place.run("all --data t.csv --models logistic,majority");
    place.write("load.py", LOAD);
    let mut command = Command::new(&python);
    command.args(["load.py", env!("CARGO_BIN_EXE_bench")]);
    command.args(["polars", "pandas"].iter().filter(|frames| self::python(frames).is_some()));
    command.env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("python"));
    ends(command.current_dir(place.path(".")), 0);
}
