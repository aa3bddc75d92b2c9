//! Fit and predict of models on the folds of a table: seconds and macro-F1, as `benches/classical_vs_peers.py` asks for.
//!
//! `cargo run --release -p genre-bench-classical --example folds -- TABLE.csv MODEL[:SEED] …`
//!
//! A line of the table, which has no header, is a row's fold, its class and its features, all numbers; a row of fold -1 is in every training
//! part. Columns are standardised with the training part. A line of the output is a model, its seconds over all folds, those of processors,
//! the most MiB that it took on top of what was held before (both on Linux), and its macro-F1 in %, the mean over folds.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example")]

use genre_bench_api::{Examples, Inputs, Model, Run};
use genre_bench_classical::models;
use ndarray::{Array2, ArrayView1, Axis, s};
use std::io::{BufRead as _, BufReader};
use std::time::Instant;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let table = read(words.first().expect("TABLE.csv MODEL …"));
    let folds = table.column(0).iter().map(|&fold| (fold + 1.0) as usize).max().unwrap();
    let parts: Vec<(Examples, Examples)> = (0..folds).map(|fold| parts(&table, fold)).collect();
    drop(table);
    for word in &words[1..] {
        let (name, seed) = word.split_once(':').unwrap_or((word, "0"));
        let model = models().into_iter().find(|model| model.card().name == name).expect("no such model");
        let (seconds, busy, mebibytes, f1) = measure(&*model, &parts, seed.parse().unwrap());
        println!("{word} {seconds:.6} {busy:.6} {mebibytes:.1} {f1:.4}");
    }
}

/// All numbers of a table, in one piece, which goes back to the system as a whole.
fn read(file: &str) -> Array2<f64> {
    let lines = BufReader::new(std::fs::File::open(file).unwrap()).lines();
    let mut numbers = Vec::new();
    let mut rows = 0;
    for line in lines {
        numbers.extend(line.unwrap().split(',').map(|number| number.parse::<f64>().unwrap()));
        rows += 1;
    }
    Array2::from_shape_vec((rows, numbers.len() / rows), numbers).unwrap()
}

/// Training and test part of a fold.
fn parts(table: &Array2<f64>, fold: usize) -> (Examples, Examples) {
    let classes = table.column(1).iter().map(|&label| label as usize + 1).max().unwrap();
    let part = |tests: bool| {
        let of_part = |row: &ArrayView1<f64>| (row[0] == fold as f64) == tests;
        let rows: Vec<usize> = (0..table.nrows()).filter(|&row| of_part(&table.row(row))).collect();
        let labels: Vec<usize> = rows.iter().map(|&row| table[[row, 1]] as usize).collect();
        (table.select(Axis(0), &rows).slice_move(s![.., 2..]), labels)
    };
    let (mut train, train_labels) = part(false);
    let (mut test, test_labels) = part(true);
    for (mut train, mut test) in train.axis_iter_mut(Axis(1)).zip(test.axis_iter_mut(Axis(1))) {
        let (mean, spread) = (train.mean().unwrap(), train.std(0.0));
        let spread = if spread > 0.0 { spread } else { 1.0 };
        train.mapv_inplace(|value| (value - mean) / spread);
        test.mapv_inplace(|value| (value - mean) / spread);
    }
    let examples = |table: Array2<f64>, labels: Vec<usize>| Examples {
        tracks: (0..labels.len()).collect(),
        groups: (0..labels.len()).collect(),
        classes: (0..classes).map(|class| class.to_string()).collect(),
        inputs: Inputs {
            columns: (0..table.ncols()).map(|column| column.to_string()).collect(),
            table: table.mapv(|value| value as f32),
            ..Inputs::default()
        },
        labels,
    };
    (examples(train, train_labels), examples(test, test_labels))
}

/// Seconds that processors worked for this process so far, by what Linux says of its threads.
fn busy() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e9
}

/// MiB that this process holds (`VmRSS:`) or held at most (`VmHWM:`), by what Linux says; 0 elsewhere.
fn memory(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix(what)?.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

/// Seconds of fit and predict, those of processors, MiB, and macro-F1.
fn measure(model: &dyn Model, parts: &[(Examples, Examples)], seed: u64) -> (f64, f64, f64, f64) {
    let run =
        Run { threads: rayon::current_num_threads(), ..Run::with(model.card().resolve([]).unwrap(), seed) };
    let (mut seconds, mut worked, mut f1) = (0.0, 0.0, 0.0);
    // From here on the most memory counts anew; not elsewhere than on Linux.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
    let held = memory("VmRSS:");
    for (train, test) in parts {
        let (started, before) = (Instant::now(), busy());
        let fitted = model.fit(train, &Examples::default(), &run).unwrap();
        let scores = fitted.scores(&test.inputs).unwrap();
        seconds += started.elapsed().as_secs_f64();
        worked += busy() - before;
        let guesses: Vec<usize> = scores
            .rows()
            .into_iter()
            .map(|row| (0..row.len()).rev().max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap())
            .collect();
        f1 += macro_f1(&test.labels, &guesses, test.classes.len());
    }
    (seconds, worked, memory("VmHWM:") - held, 100.0 * f1 / parts.len() as f64)
}

fn macro_f1(truth: &[usize], guesses: &[usize], classes: usize) -> f64 {
    let f1 = |class: usize| {
        let right = truth.iter().zip(guesses).filter(|&(&t, &g)| t == class && g == class).count();
        let either = truth.iter().chain(guesses).filter(|&&label| label == class).count();
        if either == 0 { 0.0 } else { 2.0 * right as f64 / either as f64 }
    };
    (0..classes).map(f1).sum::<f64>() / classes as f64
}
