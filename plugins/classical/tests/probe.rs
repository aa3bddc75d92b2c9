//! The probe against a loop over scikit-learn's `LogisticRegression`, `tests/fixtures/classical/make_probe.py`.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Part, examples, model, table};
use genre_bench_api::{Examples, Run};
use ndarray::Array2;
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
        assert!((told[1].1 - problem.accuracy).abs() < 1e-9, "problem {at}: {told:?}");
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

/// Noise, every row of which stands four times in the training part: only a division that separates copies finds a weak
/// penalty best.
#[test]
fn what_belongs_together_is_on_one_side_of_the_choice() {
    let problem = &problems()[4];
    let (rows, classes) = (problem.train.table.len(), 3);
    let labels: Vec<usize> = (0..rows).map(|row| (row * 7 + row / 5) % classes).collect();
    let four: Vec<Vec<f32>> =
        problem.train.table.iter().flat_map(|row| std::iter::repeat_n(row.clone(), 4)).collect();
    let labels: Vec<usize> = labels.iter().flat_map(|&label| [label; 4]).collect();
    let mut train = examples(table(&four), &labels, classes);
    let accuracy = |train: &Examples| {
        let fitted = model("probe").fit(train, &Examples::default(), &run()).unwrap();
        fitted.insights().numbers[1].1
    };
    let apart = accuracy(&train);
    train.groups = (0..labels.len()).map(|row| row / 4).collect();
    let together = accuracy(&train);
    assert!(apart > together + 0.15, "{apart} {together}");
    // One group alone cannot be divided.
    train.groups = vec![0; labels.len()];
    let error = model("probe").fit(&train, &Examples::default(), &run()).err().unwrap();
    assert!(error.to_string().contains("one group"), "{error}");
    let none = Array2::zeros((0, 1));
    assert!(model("probe").fit(&examples(none, &[], 3), &Examples::default(), &run()).is_err());
}
