//! What must not change a result, on problems drawn by chance.
#![allow(clippy::unwrap_used)]

mod common;

use common::{examples, labels, model};
use genre_bench_api::{Examples, Run, random_stream};
use genre_bench_classical::models;
use ndarray::{Array1, Array2, Axis, concatenate};
use rand::Rng;
use rand::seq::SliceRandom;

/// Problems tried for every property.
const PROBLEMS: u64 = 8;

/// The models without chance in them, and how far scores may be off: single-precision rounding, or
/// where the solvers stop.
const DETERMINISTIC: [(&str, f32); 11] = [
    ("majority", 0.0),
    ("knn-1", 0.0),
    ("knn-5", 0.0),
    ("naive-bayes", 1e-4),
    ("lda", 1e-4),
    ("ridge", 1e-4),
    ("logistic", 1e-3),
    ("svm-linear", 1e-3),
    ("svm", 4e-3),
    ("svm-c10", 4e-3),
    ("svm-linfa", 4e-3),
];

/// A training part and a table to score.
struct Problem {
    train: Examples,
    asked: Array2<f32>,
}

/// Overlapping clouds: 2 to 5 classes, 2 to 9 columns, all numbers multiples of 1/256.
fn problem(seed: u64) -> Problem {
    let mut rng = random_stream(seed, "problem");
    let (classes, columns) = (rng.gen_range(2..6), rng.gen_range(2..10));
    let centres = Array2::from_shape_fn((classes, columns), |_| rng.gen_range(-1.0..1.0));
    let mut draw = |rows| {
        let labels: Vec<usize> = (0..rows).map(|row| row % classes).collect();
        let table = Array2::from_shape_fn((rows, columns), |(row, column)| {
            let noise: f64 = (0..4).map(|_| rng.gen_range(-1.0..1.0)).sum();
            ((centres[[row % classes, column]] + noise) * 256.0).round() as f32 / 256.0
        });
        (table, labels)
    };
    let (table, labels) = draw(120);
    Problem { train: examples(table, &labels, classes), asked: draw(60).0 }
}

impl Problem {
    fn scores(&self, name: &str) -> Array2<f32> {
        self.scores_with(name, &[])
    }

    fn scores_with(&self, name: &str, changes: &[(&str, &str)]) -> Array2<f32> {
        let model = model(name);
        let run = Run::with(model.card().resolve(changes.iter().copied()).unwrap(), 0);
        let fitted = model.fit(&self.train, &Examples::default(), &run).unwrap();
        fitted.scores(&common::inputs(self.asked.clone())).unwrap()
    }

    /// The same with both tables changed.
    fn map(&self, change: impl Fn(&Array2<f32>) -> Array2<f32>) -> Self {
        let classes = self.train.classes.len();
        Self {
            train: examples(change(&self.train.inputs.table), &self.train.labels, classes),
            asked: change(&self.asked),
        }
    }

    /// The same with every training example twice.
    fn doubled(&self) -> Self {
        let table = &self.train.inputs.table;
        let labels = self.train.labels.repeat(2);
        let train = examples(concatenate![Axis(0), *table, *table], &labels, self.train.classes.len());
        Self { train, asked: self.asked.clone() }
    }
}

/// Same scores, and same labels but where two classes are as good as equal.
fn assert_same(what: &str, straight: &Array2<f32>, changed: &Array2<f32>, tolerance: f32) {
    let furthest = (straight - changed).fold(0.0_f32, |most, d| most.max(d.abs()));
    assert!(furthest <= tolerance, "{what}: scores differ by up to {furthest}");
    let clear = |row: usize| lead(straight, row) > 2.0 * tolerance;
    for (row, (ours, theirs)) in labels(straight).into_iter().zip(labels(changed)).enumerate() {
        assert!(ours == theirs || !clear(row), "{what}: row {row} is of class {theirs} instead of {ours}");
    }
}

/// How much higher the highest score of a row is than the second.
fn lead(scores: &Array2<f32>, row: usize) -> f32 {
    let mut row = scores.row(row).to_vec();
    row.sort_by(|a, b| b.total_cmp(a));
    row[0] - row[1]
}

fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut random_stream(seed, "order"));
    order
}

#[test]
fn names_of_classes_do_not_matter() {
    let mut renamed = problem(0);
    let scores: Vec<_> = models().iter().map(|model| renamed.scores(&model.card().name)).collect();
    renamed.train.classes = renamed.train.classes.iter().rev().cloned().collect();
    for (model, scores) in models().iter().zip(scores) {
        let name = model.card().name;
        assert_eq!(scores, renamed.scores(&name), "{name}");
    }
}

#[test]
fn scores_follow_the_order_of_classes() {
    for seed in 0..PROBLEMS {
        let straight = problem(seed);
        let classes = straight.train.classes.len();
        let place = shuffled(classes, seed);
        let moved: Vec<usize> = straight.train.labels.iter().map(|&label| place[label]).collect();
        let changed = Problem {
            train: examples(straight.train.inputs.table.clone(), &moved, classes),
            asked: straight.asked.clone(),
        };
        // Of equally frequent classes the lowest is the majority, whichever that is.
        for (name, tolerance) in DETERMINISTIC.into_iter().filter(|&(name, _)| name != "majority") {
            let (straight, changed) = (straight.scores(name), changed.scores(name).select(Axis(1), &place));
            // So do equal votes.
            let votes = name.starts_with("svm") && name != "svm-linear";
            let clear: Vec<usize> = (0..straight.nrows())
                .filter(|&row| !votes || (lead(&straight, row) > 0.3 && lead(&changed, row) > 0.3))
                .collect();
            assert!(clear.len() > 30, "{name}, problem {seed}: hardly a row is clear");
            let [straight, changed] = [straight, changed].map(|scores| scores.select(Axis(0), &clear));
            let furthest = (&straight - &changed).fold(0.0_f32, |most, d| most.max(d.abs()));
            assert!(furthest <= tolerance, "{name}, problem {seed}: scores differ by up to {furthest}");
        }
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    for seed in 0..PROBLEMS {
        let straight = problem(seed);
        let order = shuffled(straight.train.len(), seed);
        let labels: Vec<usize> = order.iter().map(|&row| straight.train.labels[row]).collect();
        let table = straight.train.inputs.table.select(Axis(0), &order);
        let changed = Problem {
            train: examples(table, &labels, straight.train.classes.len()),
            asked: straight.asked.clone(),
        };
        for (name, tolerance) in DETERMINISTIC {
            let what = format!("{name}, problem {seed}");
            assert_same(&what, &straight.scores(name), &changed.scores(name), tolerance);
        }
    }
}

#[test]
fn the_order_of_columns_does_not_matter() {
    for seed in 0..PROBLEMS {
        let straight = problem(seed);
        let order = shuffled(straight.asked.ncols(), seed);
        let changed = straight.map(|table| table.select(Axis(1), &order));
        for (name, tolerance) in DETERMINISTIC {
            let what = format!("{name}, problem {seed}");
            assert_same(&what, &straight.scores(name), &changed.scores(name), tolerance);
        }
    }
}

#[test]
fn only_differences_matter() {
    for seed in 0..PROBLEMS {
        let straight = problem(seed);
        let changed = straight.map(|table| table + 8.0);
        // All but the one that penalises the intercept.
        for (name, tolerance) in DETERMINISTIC.into_iter().filter(|&(name, _)| name != "svm-linear") {
            let what = format!("{name}, problem {seed}");
            assert_same(&what, &straight.scores(name), &changed.scores(name), tolerance);
        }
    }
}

#[test]
fn the_unit_does_not_matter() {
    let each_its_own = |table: &Array2<f32>| {
        table * &Array1::from_shape_fn(table.ncols(), |column| [4.0_f32, 0.25, 1.0, 0.5][column % 4])
    };
    for seed in 0..PROBLEMS {
        let straight = problem(seed);
        let all_alike = straight.map(|table| table * 8.0);
        for (name, tolerance) in [("knn-1", 0.0), ("knn-5", 0.0), ("svm", 4e-3), ("svm-c10", 4e-3)] {
            let what = format!("{name}, problem {seed}");
            assert_same(&what, &straight.scores(name), &all_alike.scores(name), tolerance);
        }
        let changed = straight.map(each_its_own);
        for (name, tolerance) in
            [("naive-bayes", 1e-4), ("lda", 1e-4), ("decision-tree", 0.0), ("forest", 0.0)]
        {
            let what = format!("{name}, problem {seed}");
            assert_same(&what, &straight.scores(name), &changed.scores(name), tolerance);
        }
    }
}

#[test]
fn doubling_every_row_keeps_shares_and_spreads() {
    for seed in 0..PROBLEMS {
        let straight = problem(seed);
        let changed = straight.doubled();
        for (name, tolerance) in [("majority", 0.0), ("knn-1", 0.0), ("naive-bayes", 1e-4), ("lda", 1e-4)] {
            let what = format!("{name}, problem {seed}");
            assert_same(&what, &straight.scores(name), &changed.scores(name), tolerance);
        }
    }
}

#[test]
fn doubling_every_row_is_doubling_its_weight() {
    for seed in 0..PROBLEMS {
        let straight = problem(seed);
        let changed = straight.doubled();
        for (name, twice, tolerance) in [
            ("ridge", ("alpha", "0.5"), 1e-4),
            ("logistic", ("c", "2"), 1e-3),
            ("svm-linear", ("c", "2"), 1e-3),
            ("svm", ("c", "2"), 4e-3),
        ] {
            let what = format!("{name}, problem {seed}");
            assert_same(&what, &straight.scores_with(name, &[twice]), &changed.scores(name), tolerance);
        }
    }
}
