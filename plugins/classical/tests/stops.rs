//! Every model hears the user's wish to stop, soon and wherever it is.
//!
//! Times are not asserted: `examples/stops.rs` measures them.
#![allow(clippy::unwrap_used)]

mod common;

use common::examples;
use genre_bench_api::{Error, Examples, Fitted, Model, Observer, Result, Run};
use genre_bench_classical::models;
use ndarray::Array2;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Lets a fit ask so often, and then wants it to stop; counts how often it was asked.
struct Patience {
    questions: usize,
    asked: AtomicUsize,
}

impl Patience {
    fn of(questions: usize) -> Self {
        Self { questions, asked: AtomicUsize::new(0) }
    }

    fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}

impl Observer for Patience {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {}

    fn cancelled(&self) -> bool {
        self.asked.fetch_add(1, SeqCst) >= self.questions
    }
}

/// Examples that are not told apart easily, with chance that is none.
fn cloud(rows: usize, columns: usize, classes: usize) -> Examples {
    let table = Array2::from_shape_fn((rows, columns), |(i, j)| {
        ((i * 7919 + j * 104_729 + i * i * 31 + i * j * 13) % 1009) as f32 / 300.0 - 1.7
    });
    let labels: Vec<usize> = (0..rows).map(|row| row % classes).collect();
    examples(table, &labels, classes)
}

fn fit(model: &dyn Model, train: &Examples, observer: &Patience) -> Result<Box<dyn Fitted>> {
    let card = model.card();
    let params = card.resolve(shortened(&card.name).iter().copied()).unwrap();
    let run = Run { observer, ..Run::with(params, 0) };
    model.fit(train, &Examples::default(), &run)
}

/// Changes of parameters that make a fit shorter, for models that would take minutes.
fn shortened(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "boosting" => &[("rounds", "3")],
        "forest" | "extra-trees" => &[("trees", "20")],
        _ => &[],
    }
}

/// Whether a model is a library's that cannot be stopped: its fit is left behind on a thread of its own.
fn is_left_behind(name: &str) -> bool {
    name == "logistic-linfa" || name.ends_with("-smartcore")
}

/// How often each model must ask at least on a wide table and on one of many classes. What is over in a moment however
/// large the table need not ask. Those that the stack is made of are looked at one by one.
const QUESTIONS: [(&str, usize, usize); 13] = [
    ("naive-bayes", 1, 1),
    ("lda", 400, 1),
    ("ridge", 10, 1),
    ("logistic", 40, 20),
    // As logistic, for every C.
    ("probe", 200, 100),
    ("svm-linear", 40, 30),
    ("decision-tree", 5, 1),
    ("forest", 200, 30),
    ("extra-trees", 200, 30),
    ("boosting", 1000, 100),
    ("svm", 20, 1000),
    ("svm-c10", 20, 1000),
    ("svm-linfa", 10, 700),
];

#[test]
fn fits_ask_often_whether_to_stop() {
    let (wide, many) = (cloud(200, 2100, 5), cloud(160, 12, 40));
    for model in models() {
        let name = model.card().name;
        let Some((_, on_wide, on_many)) = QUESTIONS.iter().find(|(known, ..)| *known == name) else {
            let others = ["majority", "random", "knn-1", "knn-5", "stack"];
            assert!(others.contains(&name.as_str()) || is_left_behind(&name), "{name}");
            continue;
        };
        for (train, least) in [(&wide, on_wide), (&many, on_many)] {
            let patience = Patience::of(usize::MAX);
            fit(&*model, train, &patience).unwrap();
            let (asked, columns) = (patience.asked(), train.inputs.table.ncols());
            assert!(asked >= *least, "{name} asked {asked} times on {columns} columns");
        }
    }
}

#[test]
fn a_stop_is_heard_whenever_it_comes() {
    let train = cloud(60, 20, 4);
    for model in models() {
        let name = model.card().name;
        if ["majority", "random", "knn-1", "knn-5"].contains(&name.as_str()) {
            continue;
        }
        let patience = Patience::of(usize::MAX);
        fit(&*model, &train, &patience).unwrap();
        let asked = patience.asked();
        // How often a fit that is left behind asks depends on how long it takes.
        let times = if is_left_behind(&name) { vec![0] } else { vec![0, asked / 3, asked - 1] };
        for questions in times {
            let patience = Patience::of(questions);
            let outcome = fit(&*model, &train, &patience);
            assert!(
                matches!(outcome, Err(Error::Cancelled)),
                "{name} after {questions} of {asked} questions"
            );
            // Those that had asked already on other threads, and each of a few parts of the work once more.
            let more = patience.asked() - questions;
            assert!(more < 50, "{name} asked {more} times more");
        }
    }
}

#[test]
fn scoring_hears_a_stop() {
    let train = cloud(60, 20, 4);
    for model in models() {
        let name = model.card().name;
        let fitted = fit(&*model, &train, &Patience::of(usize::MAX)).unwrap();
        let scored = fitted.scores_unless_cancelled(&train.inputs, &Patience::of(0));
        assert!(matches!(scored, Err(Error::Cancelled)), "{name}");
        let whole = fitted.scores(&train.inputs).unwrap();
        let scored = fitted.scores_unless_cancelled(&train.inputs, &Patience::of(usize::MAX)).unwrap();
        assert_eq!(whole, scored, "{name}");
    }
}
