//! Models that need more memory than there is, and what models say they need.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, ends, row, small_table};
use genre_bench::run::memory::Meter;
use genre_bench_api::{Device, Examples, FitShape, Inputs, Model, Observer, Run};
use ndarray::{Array2, s};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::Value;
use std::fmt::Write;

const MIB: u64 = 1 << 20;

#[test]
fn a_model_that_needs_too_much_is_a_row_and_the_others_are_finished() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    let words = ["all", "--data", "t.csv", "--models", "hungry,greedy,svm", "--jobs", "2", "--json"];
    let run: Value = serde_json::from_slice(&ends(place.faulty().args(words), 1).stdout).unwrap();
    let hungry = row(&run, "hungry")["errors"].to_string();
    assert!(hungry.contains("needs about 1048576 GiB for 24 rows × 3 columns and 3 classes"), "{hungry}");
    assert!(hungry.contains("are free: try fewer columns"), "{hungry}");
    let greedy = row(&run, "greedy")["errors"].to_string();
    assert!(
        greedy.contains("not enough memory: 8388608 GiB for a matrix that nobody has room for"),
        "{greedy}"
    );
    assert_eq!(row(&run, "svm")["folds_done"], 5);
}

/// Examples that are not told apart easily.
fn cloud(rows: usize, columns: usize, classes: usize) -> Examples {
    let table = Array2::from_shape_fn((rows, columns), |(i, j)| {
        ((i * 7919 + j * 104_729 + i * i * 31 + i * j * 13) % 1009) as f32 / 300.0 - 1.7
    });
    Examples {
        inputs: Inputs {
            table,
            columns: (0..columns).map(|column| column.to_string()).collect(),
            ..Inputs::default()
        },
        labels: (0..rows).map(|row| row % classes).collect(),
        tracks: (0..rows).collect(),
        groups: (0..rows).collect(),
        classes: (0..classes).map(|class| class.to_string()).collect(),
    }
}

const THREADS: usize = 2;

/// A pool of threads whose memory is measured.
fn measured_pool() -> (ThreadPool, &'static Meter) {
    let meter = Meter::leak();
    let pool = ThreadPoolBuilder::new().num_threads(THREADS).start_handler(|_| meter.attach());
    (pool.build().unwrap(), meter)
}

/// Has the memory of threads that a fit starts measured too.
struct Measuring(&'static Meter);

impl Observer for Measuring {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {}
    fn cancelled(&self) -> bool {
        false
    }
    fn on_thread_start(&self) -> Box<dyn FnOnce() + Send> {
        let meter = self.0;
        Box::new(|| meter.attach())
    }
}

/// Bytes that a fit and the scores of some training examples took, and what the model had said that they would.
fn taken_and_told(model: &dyn Model, train: &Examples, changes: &[(&str, &str)]) -> (u64, u64) {
    let params = model.card().resolve(changes.iter().copied()).unwrap();
    let scored = train.len().min(50);
    let shape = FitShape {
        rows: train.len(),
        scored,
        columns: train.inputs.table.ncols(),
        classes: train.classes.len(),
        spectrogram: (0, 0),
        threads: THREADS,
        device: Device::Cpu,
    };
    let told = model.memory(&params, &shape).expect("every model tells what it needs");
    let some =
        Inputs { table: train.inputs.table.slice(s![..scored, ..]).to_owned(), ..train.inputs.clone() };
    let (pool, meter) = measured_pool();
    let run = Run { threads: THREADS, observer: &Measuring(meter), ..Run::with(params, 0) };
    let taken = pool.install(|| {
        meter.start();
        let fitted = model.fit(train, &Examples::default(), &run).unwrap();
        fitted.scores(&some).unwrap();
        meter.peak_bytes()
    });
    // The scores themselves are not the model's.
    (taken, told + (size_of::<f32>() * scored * shape.classes) as u64)
}

/// What makes fits of such tables short; it does not change what a fit needs but for the trees.
fn shortened(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "boosting" => &[("rounds", "2")],
        "forest" | "extra-trees" => &[("trees", "10")],
        "forest-smartcore" => &[("trees", "2")],
        "logistic-linfa" => &[("max-iterations", "20")],
        // With little penalty 1500 classes take minutes.
        "probe" => &[("from", "-1"), ("to", "0")],
        _ => &[],
    }
}

/// Rows, columns, classes and the most bytes that any model may take: several times the table in double precision,
/// and nothing that grows with the square of columns, or of classes times rows.
const TABLES: [(usize, usize, usize, u64); 4] = [
    (60, 100_000, 3, 500 * MIB),
    (100, 65_536, 10, 600 * MIB),
    (3000, 6, 1500, 1024 * MIB),
    (600, 500, 4, 100 * MIB),
];

#[test]
fn models_need_no_more_than_they_say_and_that_grows_with_the_table() {
    let mut wrong = Vec::new();
    for (rows, columns, classes, most) in TABLES {
        let train = cloud(rows, columns, classes);
        for model in genre_bench_classical::models() {
            let name = model.card().name;
            // Its candidates are among the others; four fits of each would take minutes.
            if name == "stack" {
                continue;
            }
            let (taken, told) = taken_and_told(&*model, &train, shortened(&name));
            let case = format!("{name}, {rows} x {columns}, {classes} classes: {taken} bytes, told {told}");
            // Of other libraries it is known only roughly.
            let too_much =
                told > 4 * taken + 64 * MIB && !name.ends_with("-linfa") && !name.ends_with("-smartcore");
            if taken > told + MIB || too_much || taken > most {
                wrong.push(case);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_stack_needs_no_more_than_it_says() {
    for (rows, columns, classes) in [(90, 3000, 3), (120, 6, 60)] {
        let stack =
            genre_bench_classical::models().into_iter().find(|model| model.card().name == "stack").unwrap();
        let (taken, told) = taken_and_told(&*stack, &cloud(rows, columns, classes), &[]);
        assert!(taken <= told + MIB && taken <= 200 * MIB, "{rows} x {columns}: {taken} bytes, told {told}");
    }
}

#[test]
fn networks_tell_roughly_what_they_need() {
    let network =
        genre_bench_neural::models().into_iter().find(|model| model.card().name == "ann-table").unwrap();
    for (rows, columns) in [(100, 57), (100, 4000)] {
        let (taken, told) = taken_and_told(&*network, &cloud(rows, columns, 10), &[("epochs", "1")]);
        assert!(
            taken <= told && told <= 4 * taken + 64 * MIB,
            "{columns} columns: {taken} bytes, told {told}"
        );
    }
}

/// A table of noise.
fn wide_table(rows: usize, columns: usize) -> String {
    let mut text = String::from("filename");
    (0..columns).for_each(|column| write!(text, ",c{column}").unwrap());
    text.push_str(",label\n");
    for row in 0..rows {
        let genre = ["blues", "jazz", "rock"][row % 3];
        write!(text, "{genre}.{:05}.wav", row / 3).unwrap();
        for column in 0..columns {
            write!(text, ",{}", (row * 7919 + column * 104_729 + row * row * 31 + row * column * 13) % 1009)
                .unwrap();
        }
        writeln!(text, ",{genre}").unwrap();
    }
    text
}

/// Under every limit on the address space the program ends by itself: with rows of all models, some of which may have
/// failed, or, where it is too small to even read the table, with an error.
#[cfg(target_os = "linux")]
#[test]
fn no_limit_on_memory_ends_the_program() {
    let place = Place::new();
    place.write("t.csv", wide_table(60, 20_000));
    let models = ["knn-1", "naive-bayes", "lda", "ridge", "logistic", "svm-linear", "svm", "extra-trees"];
    let words = format!("all --data t.csv --models {} --holdout 70/30 --jobs 2 --json", models.join(","));
    let mut failed = 0;
    for (number, mib) in [400, 500, 700, 1000, 1500].into_iter().enumerate() {
        let mut shell = std::process::Command::new("sh");
        let program = env!("CARGO_BIN_EXE_bench");
        let script = format!("ulimit -v {} && exec {program} {words} --out runs{number}", mib * 1024);
        let output = shell.args(["-c", &script]).current_dir(place.path(".")).output().unwrap();
        let (code, told) = (output.status.code(), String::from_utf8_lossy(&output.stderr));
        assert!(matches!(code, Some(0..=2)), "{mib} MiB: {}: {told}", output.status);
        if code == Some(2) {
            assert!(told.contains("error:"), "{mib} MiB: {told}");
            continue;
        }
        let run: Value = serde_json::from_slice(&output.stdout).unwrap();
        for model in models {
            let row = row(&run, model);
            let errors = row["errors"].to_string();
            if row["macro_f1"].is_null() {
                failed += 1;
                assert!(
                    errors.contains("are free") || errors.contains("not enough memory"),
                    "{mib} MiB: {row}"
                );
            }
        }
        assert!(
            !row(&run, "knn-1")["macro_f1"].is_null() || mib < 1000,
            "{mib} MiB are enough for a small model"
        );
    }
    println!("{failed} rows failed for want of memory");
}
