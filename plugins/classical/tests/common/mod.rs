//! What the tests of this crate share.
#![allow(dead_code, clippy::unwrap_used)] // every test program uses a part of it

use genre_bench_api::{Examples, Fitted, Inputs, Model, Run};
use ndarray::Array2;
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
