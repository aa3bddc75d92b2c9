//! What must hold for every model, also on training parts that no sane split gives.
#![allow(clippy::unwrap_used)]

mod common;

use common::{cases, examples, fit, fit_with, fixture, inputs, is_of_a_library, labels, model};
use genre_bench_api::{Error, Examples, Run};
use genre_bench_classical::models;
use ndarray::{Array2, Axis, array, concatenate};

#[test]
fn every_model_copes_with_every_training_part() {
    for (case, train, absent) in cases() {
        for model in models() {
            let name = model.card().name;
            let run = Run::with(model.card().resolve([]).unwrap(), 0);
            let fitted = match model.fit(&train, &Examples::default(), &run) {
                // A library may refuse, in words.
                Err(Error::Failed(reason)) if is_of_a_library(&name) && !reason.is_empty() => continue,
                fitted => fitted.unwrap(),
            };
            let columns = train.inputs.table.ncols();
            let nowhere_near = Array2::from_shape_fn((2, columns), |(i, _)| [1e6, -1e6][i]);
            let asked = concatenate![Axis(0), train.inputs.table, nowhere_near];

            let scores = fitted.scores(&inputs(asked.clone())).unwrap();
            assert_eq!(scores.dim(), (asked.nrows(), train.classes.len()), "{name}, {case}");
            assert!(scores.iter().all(|score| score.is_finite()), "{name}, {case}");
            if name != "random" {
                assert!(labels(&scores).iter().all(|label| !absent.contains(label)), "{name}, {case}");
            }
            for (row, example) in asked.axis_chunks_iter(Axis(0), 1).enumerate() {
                let alone = fitted.scores(&inputs(example.to_owned())).unwrap();
                assert_eq!(alone.row(0), scores.row(row), "{name}, {case}: row {row} scored alone");
            }
            let insights = fitted.insights();
            assert!(insights.numbers.iter().all(|(_, number)| number.is_finite()), "{name}, {case}");
            if !insights.importances.is_empty() {
                assert_eq!(insights.importances.len(), columns, "{name}, {case}");
                assert!(insights.importances.iter().all(|&share| share >= 0.0), "{name}, {case}");
                assert!((insights.importances.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{name}, {case}");
            }
            let none = fitted.scores(&inputs(Array2::zeros((0, columns)))).unwrap();
            assert_eq!(none.dim(), (0, train.classes.len()), "{name}, {case}");
        }
    }
}

#[test]
fn nothing_to_learn_from_is_an_error() {
    let none = examples(Array2::zeros((0, 3)), &[], 2);
    let blank = examples(Array2::zeros((3, 0)), &[0, 1, 1], 2);
    for model in models() {
        let run = Run::with(model.card().resolve([]).unwrap(), 0);
        for train in [&none, &blank] {
            assert!(model.fit(train, &Examples::default(), &run).is_err(), "{}", model.card().name);
        }
    }
}

#[test]
fn other_columns_than_fitted_are_an_error() {
    let train = fixture("overlapping").train.examples();
    for model in models().iter().filter(|m| !["majority", "random"].contains(&m.card().name.as_str())) {
        let fitted = fit(&**model, &train, 0);
        let told = fitted.scores(&inputs(Array2::zeros((2, 7)))).unwrap_err().to_string();
        assert_eq!(told, "fitted to 8 columns, asked to score 7", "{}", model.card().name);
    }
}

#[test]
fn equal_counts_go_to_the_lowest_class() {
    let train = examples(array![[0.0], [1.0], [2.0], [3.0]], &[2, 1, 1, 2], 4);
    let asked = inputs(array![[1.5]]);
    assert_eq!(labels(&fit(&*model("majority"), &train, 0).scores(&asked).unwrap()), [1]);

    let scores = fit_with(&*model("knn-5"), &[("k", "4")], &train).scores(&asked).unwrap();
    assert_eq!(scores, array![[0.0, 0.5, 0.5, 0.0]]);
}

#[test]
fn of_equally_near_neighbours_the_first_in_training_counts() {
    let train = examples(array![[1.0], [-1.0], [1.0]], &[1, 0, 0], 2);
    let fitted = fit(&*model("knn-1"), &train, 0);
    assert_eq!(
        fitted.scores(&inputs(array![[0.0], [1.0], [-1.0]])).unwrap(),
        array![[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    );
}

/// Whether a model with these parameters learns the training part of a problem by heart, and how many
/// different rows of scores it has for it.
fn fits(name: &str, changes: &[(&str, &str)]) -> (bool, usize) {
    let train = fixture("overlapping").train.examples();
    let scores = fit_with(&*model(name), changes, &train).scores(&train.inputs).unwrap();
    let mut rows: Vec<_> = scores.rows().into_iter().map(|row| format!("{row}")).collect();
    rows.sort();
    rows.dedup();
    (labels(&scores) == train.labels, rows.len())
}

#[test]
fn tree_limits_are_kept() {
    for name in ["decision-tree", "extra-trees"] {
        assert!(fits(name, &[]).0, "{name}: without limits the training part is fitted perfectly");
        // 150 examples have no two halves of 76.
        assert_eq!(fits(name, &[("min-samples-leaf", "76")]).1, 1, "{name}");
    }
    assert_eq!(fits("decision-tree", &[("max-depth", "1")]).1, 2);
    assert!(fits("decision-tree", &[("min-samples-leaf", "20")]).1 <= 7);
    assert_eq!(fits("extra-trees", &[("max-depth", "1"), ("trees", "1")]).1, 2);
}

#[test]
fn boosting_limits_are_kept() {
    assert!(fits("boosting", &[]).0);
    assert_eq!(fits("boosting", &[("min-samples-leaf", "76")]).1, 1);
    // One round has four trees, one a class.
    assert!((3..=16).contains(&fits("boosting", &[("rounds", "1"), ("max-leaves", "2")]).1));
    // With two bins a column can only be cut in one place; all trees together then tell 2⁸ cells apart.
    assert!(fits("boosting", &[("max-bins", "2")]).1 < fits("boosting", &[]).1);
}

/// A leaf's step shrinks with the penalty, and takes no more than its share of the way.
#[test]
fn boosting_moves_less_with_a_penalty_or_a_small_learning_rate() {
    let train = fixture("overlapping").train.examples();
    let furthest_from_even = |changes: &[(&str, &str)]| {
        let fitted = fit_with(&*model("boosting"), changes, &train);
        fitted.scores(&train.inputs).unwrap().fold(0.0_f32, |most, p| most.max((p - 0.25).abs()))
    };
    let one_round = furthest_from_even(&[("rounds", "1")]);
    assert!(furthest_from_even(&[("rounds", "1"), ("l2", "10")]) < 0.8 * one_round);
    assert!(furthest_from_even(&[("rounds", "1"), ("learning-rate", "0.01")]) < 0.2 * one_round);
}

#[test]
fn a_constant_column_has_no_importance() {
    let mut train = fixture("overlapping").train.examples();
    train.inputs.table.column_mut(3).fill(0.0);
    for name in ["decision-tree", "forest", "extra-trees", "boosting"] {
        let importances = fit(&*model(name), &train, 0).insights().importances;
        assert_eq!(importances[3], 0.0, "{name}");
        assert!(importances.iter().filter(|&&share| share > 0.0).count() >= 4, "{name}: {importances:?}");
    }
}

#[test]
fn suggested_values_are_allowed() {
    for card in models().iter().map(|model| model.card()) {
        for param in &card.params {
            for value in &param.tries {
                assert!(param.parse(value).is_ok(), "{}.{}={value}", card.name, param.name);
            }
        }
    }
}
