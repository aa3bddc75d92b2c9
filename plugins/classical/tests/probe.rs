//! The probe against a loop over scikit-learn's `LogisticRegression`, `tests/fixtures/classical/make_probe.py`.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Part, examples, model, table};
use genre_bench_api::{Examples, Run, random_stream};
use rand::RngCore;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Probed {
    train: Part,
    valid: Part,
    test: Part,
    power: i32,
    accuracy: f64,
    scores: Vec<Vec<f32>>,
}

fn problems() -> Vec<Probed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/classical/probe.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn run() -> Run<'static> {
    Run::with(model("probe").card().resolve([]).unwrap(), 0)
}

#[test]
fn c_is_chosen_on_the_validation_part_as_by_scikit_learn() {
    for (at, problem) in problems().into_iter().enumerate() {
        let (train, valid) = (problem.train.examples(), problem.valid.examples());
        let fitted = model("probe").fit(&train, &valid, &run()).unwrap();
        let told = fitted.insights().numbers;
        assert_eq!(told[0], ("chosen C".to_owned(), 10_f64.powi(problem.power)), "problem {at}");
        assert_eq!(told[1].1, valid.len() as f64);
        assert!((told[2].1 - problem.accuracy).abs() < 1e-9, "problem {at}: {told:?}");
        let scores = fitted.scores(&problem.test.examples().inputs).unwrap();
        let furthest = (&scores - &table(&problem.scores)).fold(0.0_f32, |most, d| most.max(d.abs()));
        assert!(furthest < 1e-3, "problem {at}: {furthest}");
    }
}

#[test]
fn without_a_validation_part_one_is_set_aside_and_the_whole_is_fitted() {
    let problem = &problems()[1];
    let train = problem.train.examples();
    let fitted = model("probe").fit(&train, &Examples::default(), &run()).unwrap();
    let c = fitted.insights().numbers[0].1;
    let logistic = model("logistic");
    let params = logistic.card().resolve([("c", c.to_string().as_str())]).unwrap();
    let whole = logistic.fit(&train, &Examples::default(), &Run::with(params, 0)).unwrap();
    let inputs = problem.test.examples().inputs;
    assert_eq!(fitted.scores(&inputs).unwrap(), whole.scores(&inputs).unwrap());
}

/// Noise of more columns than rows, every row of which stands four times in the training part: it can be learned by heart,
/// and only a division that separates copies is taken in by that.
#[test]
fn what_belongs_together_is_on_one_side_of_the_choice() {
    let (rows, columns, classes) = (42, 60, 3);
    let mut rng = random_stream(7, "noise");
    let mut noise = || (rng.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0;
    let once: Vec<Vec<f32>> = (0..rows).map(|_| (0..columns).map(|_| noise()).collect()).collect();
    let four: Vec<Vec<f32>> = once.into_iter().flat_map(|row| std::iter::repeat_n(row, 4)).collect();
    let labels: Vec<usize> = (0..rows).flat_map(|row| [row % classes; 4]).collect();
    let mut train = examples(table(&four), &labels, classes);
    let accuracy = |train: &Examples| {
        let fitted = model("probe").fit(train, &Examples::default(), &run()).unwrap();
        fitted.insights().numbers[2].1
    };
    let apart = accuracy(&train);
    train.groups = (0..labels.len()).map(|row| row / 4).collect();
    let together = accuracy(&train);
    assert!(apart > 0.95 && together < 0.75, "{apart} {together}");
    // One group alone cannot be divided.
    train.groups = vec![0; labels.len()];
    let fitted = model("probe").fit(&train, &Examples::default(), &run()).unwrap();
    let told = [("chosen C".to_owned(), 1.0), ("examples it was chosen on".to_owned(), 0.0)];
    assert_eq!(fitted.insights().numbers, told);
}
