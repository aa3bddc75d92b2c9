//! What the tests of this crate share.
#![allow(dead_code, clippy::unwrap_used)] // every test program uses a part of it

use genre_bench_api::{Examples, Fitted, Inputs, Model, Run};
use ndarray::{Array2, Axis, array, concatenate, s};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A problem and what scikit-learn says about it; see `tests/fixtures/classical/make_fixtures.py`.
#[derive(Deserialize)]
pub struct Fixture {
    pub train: Part,
    pub test: Part,
    pub answers: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
pub struct Part {
    pub table: Vec<Vec<f32>>,
    pub labels: Vec<usize>,
}

#[derive(Deserialize)]
pub struct Answer {
    #[serde(default)]
    pub labels: Vec<usize>,
    #[serde(default)]
    pub scores: Vec<Vec<f32>>,
    #[serde(default)]
    pub coefficients: Vec<Vec<f32>>,
    pub macro_f1: Option<Spread>,
    pub out_of_bag_accuracy: Option<Spread>,
    /// Of the columns, the mean over scikit-learn's fits with different seeds.
    #[serde(default)]
    pub importances: Vec<f64>,
}

/// Of a score over scikit-learn's fits with different seeds.
#[derive(Deserialize)]
pub struct Spread {
    pub mean: f64,
    pub deviation: f64,
}

pub const FIXTURES: [&str; 4] = ["overlapping", "two_classes", "three_classes", "wide"];

pub fn fixture(name: &str) -> Fixture {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/classical");
    serde_json::from_str(&std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap()).unwrap()
}

impl Part {
    pub fn examples(&self) -> Examples {
        examples(table(&self.table), &self.labels, self.labels.iter().max().unwrap() + 1)
    }
}

pub fn table(rows: &[Vec<f32>]) -> Array2<f32> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

pub fn inputs(table: Array2<f32>) -> Inputs {
    Inputs {
        columns: (0..table.ncols()).map(|column| format!("x{column}")).collect(),
        table,
        ..Inputs::default()
    }
}

pub fn examples(table: Array2<f32>, labels: &[usize], classes: usize) -> Examples {
    Examples {
        inputs: inputs(table),
        labels: labels.to_vec(),
        tracks: (0..labels.len()).collect(),
        groups: (0..labels.len()).collect(),
        classes: (0..classes).map(|class| format!("class {class}")).collect(),
    }
}

pub fn model(name: &str) -> Box<dyn Model> {
    genre_bench_classical::models().into_iter().find(|model| model.card().name == name).unwrap()
}

/// Fits with the default parameters.
pub fn fit(model: &dyn Model, train: &Examples, seed: u64) -> Box<dyn Fitted> {
    let run = Run::with(model.card().resolve([]).unwrap(), seed);
    model.fit(train, &Examples::default(), &run).unwrap()
}

/// Fits with some parameters changed, and seed 0.
pub fn fit_with(model: &dyn Model, changes: &[(&str, &str)], train: &Examples) -> Box<dyn Fitted> {
    let run = Run::with(model.card().resolve(changes.iter().copied()).unwrap(), 0);
    model.fit(train, &Examples::default(), &run).unwrap()
}

/// The first class with the highest score of every row: how the harness reads scores.
pub fn labels(scores: &Array2<f32>) -> Vec<usize> {
    scores
        .rows()
        .into_iter()
        .map(|row| {
            let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter().position(|&score| score == best).unwrap()
        })
        .collect()
}

/// Training parts that no sane split gives: name, training part, and the classes it leaves out.
pub fn cases() -> Vec<(&'static str, Examples, Vec<usize>)> {
    let cloud = Array2::from_shape_fn((12, 3), |(i, j)| ((i * 7 + j * 5) % 11) as f32 - (i % 3) as f32);
    let thirds: Vec<usize> = (0..12).map(|i| i % 3).collect();
    let without_one: Vec<usize> = (0..12).map(|i| [0, 2, 3][i % 3]).collect();
    let mut constant = cloud.clone();
    constant.column_mut(1).fill(0.0);
    let twice = concatenate![Axis(0), cloud, cloud];
    let contradicting: Vec<usize> = (0..24).map(|i| (i + i / 12) % 3).collect();
    let wide = Array2::from_shape_fn((6, 40), |(i, j)| ((i * 13 + j * 7) % 17) as f32 / 8.0 - 1.0);
    let wider = Array2::from_shape_fn((6, 1200), |(i, j)| ((i * 13 + j * 7 + i * j) % 17) as f32 / 8.0 - 1.0);
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
        ("many more columns than rows", examples(wider.clone(), &[0, 1, 2, 0, 1, 2], 3), vec![]),
        ("one example of many columns", examples(wider.slice(s![..1, ..]).to_owned(), &[1], 2), vec![0]),
        ("alike in many columns", examples(Array2::zeros((6, 1200)), &[0, 1, 2, 0, 1, 2], 3), vec![]),
        ("one column", examples(cloud.slice(s![.., ..1]).to_owned(), &thirds, 3), vec![]),
        ("columns out of scale", examples(&cloud * &array![1e-12, 1.0, 1e12], &thirds, 3), vec![]),
    ]
}

/// Whether a model is fitted by another library, which may refuse what our own take.
pub fn is_of_a_library(name: &str) -> bool {
    name.ends_with("-linfa") || name.ends_with("-smartcore")
}
