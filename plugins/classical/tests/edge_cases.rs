//! What must hold for every model, also on training parts that no sane split gives.
#![allow(clippy::unwrap_used)]

mod common;

use common::{examples, fit, fixture, inputs, labels, model};
use genre_bench_api::{Device, Error, Examples, Observer, Run};
use genre_bench_classical::models;
use ndarray::{Array2, Axis, array, concatenate, s};

/// Name, training part, and the classes it leaves out.
fn cases() -> Vec<(&'static str, Examples, Vec<usize>)> {
    let cloud = Array2::from_shape_fn((12, 3), |(i, j)| ((i * 7 + j * 5) % 11) as f32 - (i % 3) as f32);
    let thirds: Vec<usize> = (0..12).map(|i| i % 3).collect();
    let without_one: Vec<usize> = (0..12).map(|i| [0, 2, 3][i % 3]).collect();
    let mut constant = cloud.clone();
    constant.column_mut(1).fill(0.0);
    let twice = concatenate![Axis(0), cloud, cloud];
    let contradicting: Vec<usize> = (0..24).map(|i| (i + i / 12) % 3).collect();
    let wide = Array2::from_shape_fn((6, 40), |(i, j)| ((i * 13 + j * 7) % 17) as f32 / 8.0 - 1.0);
    vec![
        ("all well", examples(cloud.clone(), &thirds, 3), vec![]),
        ("a class missing", examples(cloud.clone(), &without_one, 5), vec![1, 4]),
        ("one class only", examples(cloud.clone(), &[2; 12], 4), vec![0, 1, 3]),
        ("one example", examples(cloud.slice(s![..1, ..]).to_owned(), &[1], 2), vec![0]),
        ("one example a class", examples(cloud.slice(s![..3, ..]).to_owned(), &[0, 1, 2], 3), vec![]),
        ("a constant column", examples(constant, &thirds, 3), vec![]),
        ("all columns constant", examples(Array2::zeros((12, 3)), &thirds, 3), vec![]),
        ("contradicting duplicates", examples(twice, &contradicting, 3), vec![]),
        ("more columns than rows", examples(wide, &[0, 1, 2, 0, 1, 2], 3), vec![]),
        ("one column", examples(cloud.slice(s![.., ..1]).to_owned(), &thirds, 3), vec![]),
        ("columns out of scale", examples(&cloud * &array![1e-12, 1.0, 1e12], &thirds, 3), vec![]),
    ]
}

#[test]
fn every_model_copes_with_every_training_part() {
    for (case, train, absent) in cases() {
        for model in models() {
            let name = model.card().name;
            let fitted = fit(&*model, &train, 0);
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

    let model = model("knn-5");
    let run = Run::with(model.card().resolve([("k", "4")]).unwrap(), 0);
    let scores = model.fit(&train, &Examples::default(), &run).unwrap().scores(&asked).unwrap();
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

#[test]
fn tree_limits_are_kept() {
    let train = fixture("overlapping").train.examples();
    let distinct = |changes: &[(&str, &str)]| {
        let model = model("decision-tree");
        let run = Run::with(model.card().resolve(changes.iter().copied()).unwrap(), 0);
        let scores = model.fit(&train, &Examples::default(), &run).unwrap().scores(&train.inputs).unwrap();
        let mut leaves: Vec<_> = scores.rows().into_iter().map(|row| format!("{row}")).collect();
        leaves.sort();
        leaves.dedup();
        (labels(&scores) == train.labels, leaves.len())
    };
    assert!(distinct(&[]).0, "without limits the training part is learnt by heart");
    assert_eq!(distinct(&[("max-depth", "1")]).1, 2);
    assert_eq!(distinct(&[("min-samples-leaf", "76")]).1, 1, "150 examples have no two halves of 76");
    assert!(distinct(&[("min-samples-leaf", "20")]).1 <= 7);
}

struct Impatient;

impl Observer for Impatient {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {}
    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn slow_fits_can_be_cancelled() {
    let train = fixture("overlapping").train.examples();
    for name in ["forest", "logistic", "svm", "svm-linear"] {
        let model = model(name);
        let run = Run {
            params: model.card().resolve([]).unwrap(),
            seed: 0,
            threads: 1,
            device: Device::Cpu,
            observer: &Impatient,
        };
        let outcome = model.fit(&train, &Examples::default(), &run);
        assert!(matches!(outcome, Err(Error::Cancelled)), "{name}");
    }
}
