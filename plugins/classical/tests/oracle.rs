//! The models against scikit-learn's answers to the same small problems.
#![allow(clippy::unwrap_used)]

mod common;

use common::{FIXTURES, Fixture, Spread, examples, fit, fit_with, fixture, inputs, labels, model, table};
use genre_bench_api::Examples;
use ndarray::{Array2, Axis, concatenate};
use std::collections::BTreeMap;
use std::path::Path;

fn scores(name: &str, fixture: &Fixture, seed: u64) -> Array2<f32> {
    let train = fixture.train.examples();
    fit(&*model(name), &train, seed).scores(&fixture.test.examples().inputs).unwrap()
}

/// Same labels on all problems, and scores within `tolerance` where the fixture has them.
fn agrees(name: &str, tolerance: f32) {
    for problem in FIXTURES {
        let fixture = fixture(problem);
        let answer = &fixture.answers[name];
        let scores = scores(name, &fixture, 0);
        assert_eq!(labels(&scores), answer.labels, "{name} on {problem}");
        if !answer.scores.is_empty() {
            let furthest = (&scores - &table(&answer.scores)).fold(0.0_f32, |most, d| most.max(d.abs()));
            assert!(furthest <= tolerance, "{name} on {problem}: scores differ by up to {furthest}");
        }
    }
}

#[test]
fn nearest_neighbours_agree() {
    agrees("knn-1", 1e-6);
    agrees("knn-5", 1e-6);
}

#[test]
fn naive_bayes_agrees() {
    agrees("naive-bayes", 1e-4);
}

#[test]
fn linear_discriminant_analysis_agrees() {
    agrees("lda", 1e-4);
}

#[test]
fn logistic_regression_agrees() {
    agrees("logistic", 1e-4);
}

#[test]
fn ridge_classifier_agrees() {
    agrees("ridge", 1e-5);
}

#[test]
fn linear_support_vector_machine_agrees() {
    // The weights are within 1e-4 of the optimum, and examples are up to ten units long.
    agrees("svm-linear", 1e-3);
}

/// The coefficients, read off the scores: where one column grows by 1, they grow by its
/// coefficients.
#[test]
fn linear_support_vector_machine_has_the_same_coefficients() {
    for problem in FIXTURES {
        let fixture = fixture(problem);
        let expected = table(&fixture.answers["svm-linear"].coefficients);
        let columns = expected.ncols();
        let origin_and_units = concatenate![Axis(0), Array2::zeros((1, columns)), Array2::eye(columns)];
        let scores = fit(&*model("svm-linear"), &fixture.train.examples(), 0)
            .scores(&inputs(origin_and_units))
            .unwrap();
        for column in 0..columns {
            let growth = &scores.row(column + 1) - &scores.row(0);
            // Of two classes scikit-learn has the coefficients of the second.
            let ours = growth.iter().skip(growth.len() - expected.nrows());
            for (ours, theirs) in ours.zip(expected.column(column)) {
                assert!((ours - theirs).abs() < 1e-3, "{problem}, column {column}: {ours} for {theirs}");
            }
        }
    }
}

/// The coefficients, read off the scores: where one column grows by 1, the logits grow by its
/// coefficients, up to a number common to all classes.
#[test]
fn logistic_regression_has_the_same_coefficients() {
    let fixture = fixture("overlapping");
    let expected = table(&fixture.answers["logistic"].coefficients);
    let columns = expected.ncols();
    let origin_and_units = concatenate![Axis(0), Array2::zeros((1, columns)), Array2::eye(columns)];
    let train = fixture.train.examples();
    let logits = fit(&*model("logistic"), &train, 0).scores(&inputs(origin_and_units)).unwrap().mapv(f32::ln);
    for column in 0..columns {
        let growth = &logits.row(column + 1) - &logits.row(0);
        let coefficients = &growth - growth.mean().unwrap();
        for (ours, theirs) in coefficients.iter().zip(expected.column(column)) {
            assert!((ours - theirs).abs() < 1e-3, "column {column}: {ours} for {theirs}");
        }
    }
}

/// The same trees, although on `wide` that is none, as a node needs 40 examples to be split. On
/// `overlapping`, of few examples in many classes, trees often find several equally good splits, and
/// scikit-learn's rounding decides between them: there the probabilities only agree in the mean.
#[test]
fn boosting_agrees() {
    for problem in FIXTURES {
        let fixture = fixture(problem);
        let answer = &fixture.answers["boosting"];
        let ours = scores("boosting", &fixture, 0);
        assert_eq!(labels(&ours), answer.labels, "{problem}");
        let off = (&ours - &table(&answer.scores)).mapv(f32::abs);
        if problem == "overlapping" {
            let mean = off.mean().unwrap();
            assert!(mean < 0.02, "{problem}: scores differ by {mean} in the mean");
        } else {
            assert!(off.iter().all(|&off| off < 1e-4), "{problem}: scores differ by {off}");
        }
    }
}

#[test]
fn boosting_agrees_with_other_parameters() {
    for problem in ["two_classes", "three_classes"] {
        let fixture = fixture(problem);
        let answer = &fixture.answers["boosting with other parameters"];
        let ours = fit_with(
            &*model("boosting"),
            &[
                ("rounds", "20"),
                ("learning-rate", "0.3"),
                ("max-leaves", "4"),
                ("min-samples-leaf", "5"),
                ("max-bins", "64"),
                ("l2", "3"),
            ],
            &fixture.train.examples(),
        );
        let ours = ours.scores(&fixture.test.examples().inputs).unwrap();
        let off = (&ours - &table(&answer.scores)).mapv(f32::abs);
        assert!(off.iter().all(|&off| off < 1e-4), "{problem}: scores differ by {off}");
    }
}

#[test]
fn support_vector_machines_agree() {
    // The solver stops within 1e-3 of each decision; the scores squash sums of them.
    agrees("svm", 2e-3);
    agrees("svm-c10", 2e-3);
}

/// As many fits with different seeds as scikit-learn's means are taken over.
const SEEDS: u64 = 20;

impl Spread {
    /// How far the mean of as many fits of ours may be off: three standard errors of the difference,
    /// or a point.
    fn allowed(&self) -> f64 {
        (3.0 * self.deviation * (2.0 / SEEDS as f64).sqrt()).max(0.01)
    }
}

/// Trees depend on chance, so means over seeds are compared: ours must lie within three standard
/// errors of scikit-learn's, both estimated from its spread, or within a point.
#[test]
fn trees_and_forests_are_as_good() {
    for name in ["decision-tree", "forest", "extra-trees"] {
        for problem in FIXTURES {
            let fixture = fixture(problem);
            let ours = (0..SEEDS)
                .map(|seed| macro_f1(&fixture.test.labels, &labels(&scores(name, &fixture, seed))))
                .sum::<f64>()
                / SEEDS as f64;
            let theirs = fixture.answers[name].macro_f1.as_ref().unwrap();
            let allowed = theirs.allowed();
            assert!(
                (ours - theirs.mean).abs() < allowed,
                "{name} on {problem}: {ours:.3}, scikit-learn {:.3} ± {allowed:.3}",
                theirs.mean
            );
        }
    }
}

#[test]
fn forests_are_as_good_out_of_bag() {
    for problem in FIXTURES {
        let fixture = fixture(problem);
        let train = fixture.train.examples();
        let accuracy = |seed| match &fit(&*model("forest"), &train, seed).insights().numbers[..] {
            [(name, accuracy)] if name == "out-of-bag accuracy" => *accuracy,
            others => panic!("{others:?}"),
        };
        let ours = (0..SEEDS).map(accuracy).sum::<f64>() / SEEDS as f64;
        let theirs = fixture.answers["forest"].out_of_bag_accuracy.as_ref().unwrap();
        assert!((ours - theirs.mean).abs() < theirs.allowed(), "{problem}: {ours:.3} for {:.3}", theirs.mean);
    }
}

/// Means over seeds: single trees of the two libraries differ where splits are equally good.
#[test]
fn columns_are_as_important() {
    for (name, tolerance) in [("decision-tree", 0.05), ("forest", 0.01), ("extra-trees", 0.01)] {
        for problem in FIXTURES {
            let fixture = fixture(problem);
            let train = fixture.train.examples();
            let theirs = &fixture.answers[name].importances;
            let mut ours = vec![0.0; theirs.len()];
            for seed in 0..SEEDS {
                let importances = fit(&*model(name), &train, seed).insights().importances;
                ours.iter_mut().zip(importances).for_each(|(sum, share)| *sum += share / SEEDS as f64);
            }
            for (column, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                let off = (ours - theirs).abs();
                assert!(off < tolerance, "{name} on {problem}, column {column}: {ours:.4} for {theirs:.4}");
            }
        }
    }
}

fn macro_f1(truth: &[usize], guess: &[usize]) -> f64 {
    let classes = truth.iter().max().unwrap() + 1;
    let f1 = |class| {
        let count = |part: &[usize]| part.iter().filter(|&&label| label == class).count();
        let hits = truth.iter().zip(guess).filter(|&(&t, &g)| t == class && g == class).count();
        2.0 * hits as f64 / (count(truth) + count(guess)) as f64
    };
    (0..classes).map(f1).sum::<f64>() / classes as f64
}

/// Examples by the rule of `tests/fixtures/classical/make_many_columns.py`.
fn many_columns(first: usize, rows: usize, columns: usize) -> Examples {
    const CLASSES: usize = 4;
    let table = Array2::from_shape_fn((rows, columns), |(row, j)| {
        let i = first + row;
        let value = (i * i * 7919 + i * j * 104_729 + j * j * 31 + i * j * j * 17) % 1009;
        value as f32 / 256.0 - 2.0 + if j % CLASSES == i % CLASSES { 0.25 } else { 0.0 }
    });
    let classes: Vec<usize> = (first..first + rows).map(|i| i % CLASSES).collect();
    examples(table, &classes, CLASSES)
}

/// With more columns than rows, and with many columns but more rows, other algorithms do the work.
#[test]
fn models_agree_on_many_columns() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/classical/many_columns.json");
    let answers: BTreeMap<String, BTreeMap<String, Vec<Vec<f32>>>> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (problem, rows, columns) in [("wide", 60, 1100), ("tall", 400, 300)] {
        let (train, test) = (many_columns(0, rows, columns), many_columns(rows, 20, columns));
        for (name, answer) in &answers[problem] {
            let scores = fit(&*model(name), &train, 0).scores(&test.inputs).unwrap();
            let furthest = (&scores - &table(answer)).fold(0.0_f32, |most, d| most.max(d.abs()));
            assert!(furthest <= 1e-3, "{name} on {problem}: scores differ by up to {furthest}");
        }
    }
}
