//! From a network to a model: what holds for `ann-table` holds for all, because they share the code.
#![allow(clippy::unwrap_used)]

use genre_bench_api::{Error, Examples, Inputs, Model, Observer, Run};
use ndarray::Array2;
use rayon::ThreadPoolBuilder;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Three classes around three centers, the columns of which say nothing alone.
fn examples(count: usize, from: usize) -> Examples {
    let labels: Vec<usize> = (0..count).map(|row| row % 3).collect();
    let noise = |row: usize, column: usize| ((row + from) * 7919 + column * 104_729) % 1009;
    let table = Array2::from_shape_fn((count, 6), |(row, column)| {
        let center = if column % 3 == labels[row] { 1.0 } else { 0.0 };
        center + noise(row, column) as f32 / 1009.0 - 0.5
    });
    Examples {
        inputs: Inputs { table, ..Inputs::default() },
        tracks: (0..count).collect(),
        groups: (0..count).collect(),
        classes: ["a", "b", "c"].into_iter().map(String::from).collect(),
        labels,
    }
}

fn ann_table() -> Box<dyn Model> {
    genre_bench_neural::models().into_iter().find(|model| model.card().name == "ann-table").unwrap()
}

fn run(changes: &[(&str, &str)], seed: u64) -> Run<'static> {
    Run::with(ann_table().card().resolve(changes.iter().copied()).unwrap(), seed)
}

fn scores(train: &Examples, valid: &Examples, run: &Run, asked: &Inputs) -> Array2<f32> {
    ann_table().fit(train, valid, run).unwrap().scores(asked).unwrap()
}

#[test]
fn it_trains_on_what_can_be_told_apart() {
    let (train, test) = (examples(240, 0), examples(90, 1000));
    let scores = scores(&train, &Examples::default(), &run(&[("epochs", "10")], 0), &test.inputs);
    let correct = scores
        .rows()
        .into_iter()
        .zip(&test.labels)
        .filter(|(row, label)| row.iter().all(|&score| score <= row[**label]));
    assert!(correct.count() >= 85, "{scores}");
    assert!(scores.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-5));
}

#[test]
fn the_seed_decides_every_bit_and_the_threads_none() {
    let (train, test) = (examples(150, 0), examples(70, 1000));
    let fit = |seed, threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| scores(&train, &Examples::default(), &run(&[("epochs", "3")], seed), &test.inputs))
    };
    let once = fit(1, 1);
    assert_eq!(once, fit(1, 1), "again");
    assert_eq!(once, fit(1, 2), "two threads");
    assert_eq!(once, fit(1, 5), "five threads");
    assert_ne!(once, fit(2, 1), "another seed");
}

#[test]
fn an_example_scores_the_same_alone() {
    let (train, test) = (examples(150, 0), examples(70, 1000));
    let fitted = ann_table().fit(&train, &Examples::default(), &run(&[("epochs", "2")], 0)).unwrap();
    let together = fitted.scores(&test.inputs).unwrap();
    for row in 0..test.len() {
        assert_eq!(
            fitted.scores(&test.inputs.select(&[row])).unwrap().row(0),
            together.row(row),
            "row {row}"
        );
    }
    assert_eq!(fitted.scores(&test.inputs.select(&[])).unwrap().dim(), (0, 3));
}

/// Cancels when it is asked for the third time after the first epoch.
struct Impatient {
    asked: AtomicUsize,
    told: AtomicUsize,
}

impl Observer for Impatient {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {
        self.told.fetch_add(1, Ordering::Relaxed);
    }
    fn cancelled(&self) -> bool {
        self.told.load(Ordering::Relaxed) > 0 && self.asked.fetch_add(1, Ordering::Relaxed) >= 2
    }
}

#[test]
fn it_ends_when_cancelled() {
    let observer = Impatient { asked: AtomicUsize::new(0), told: AtomicUsize::new(0) };
    let run = Run { observer: &observer, ..run(&[], 0) };
    let ended = ann_table().fit(&examples(96, 0), &Examples::default(), &run);
    assert!(matches!(ended.err(), Some(Error::Cancelled)));
    // Many operations a step: cancelled in the second epoch's first.
    assert_eq!(observer.told.load(Ordering::Relaxed), 1);
    assert!(observer.asked.load(Ordering::Relaxed) < 8, "it ends within the step");
}

#[test]
fn a_diverging_fit_says_what_to_do() {
    let run = run(&[("lr", "1e30")], 0);
    let error = ann_table().fit(&examples(96, 0), &Examples::default(), &run).err().unwrap().to_string();
    assert!(error.contains("training diverged") && error.contains("lower learning rate"), "{error}");
    assert!(error.contains("epoch 1") && error.contains("step 2"), "{error}");
}

#[test]
fn it_copes_with_parts_that_no_sane_split_gives() {
    let all = examples(12, 0);
    let rows = |count: usize, keep: fn(usize) -> bool| {
        all.select(&(0..count).filter(|&row| keep(all.labels[row])).collect::<Vec<_>>())
    };
    let mut constant = all.clone();
    constant.inputs.table.fill(0.0);
    for (case, train, absent) in [
        ("a class missing", rows(12, |label| label != 1), vec![1]),
        ("one class only", rows(12, |label| label == 2), vec![0, 1]),
        ("one example", rows(1, |_| true), vec![1, 2]),
        ("all columns constant", constant, vec![]),
    ] {
        let mut asked = examples(40, 1000).inputs;
        asked.table.row_mut(0).fill(1e6);
        let scores = scores(&train, &Examples::default(), &run(&[], 0), &asked);
        assert!(scores.iter().all(|score| score.is_finite()), "{case}: {scores}");
        for row in scores.rows() {
            assert!(absent.iter().all(|&class| row[class] < 0.5), "{case}: {row}");
        }
    }
}

#[test]
fn parts_that_cannot_be_trained_on_are_refused() {
    let empty = examples(0, 0);
    assert!(ann_table().fit(&empty, &Examples::default(), &run(&[], 0)).is_err());
    let fitted =
        ann_table().fit(&examples(30, 0), &Examples::default(), &run(&[("epochs", "1")], 0)).unwrap();
    let narrow = Inputs { table: Array2::zeros((2, 3)), ..Inputs::default() };
    let refused = fitted.scores(&narrow).unwrap_err().to_string();
    assert!(refused.contains("columns: 6") && refused.contains("columns: 3"), "{refused}");
}
