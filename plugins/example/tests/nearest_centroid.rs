//! The example plugin, called as the harness calls it.
#![allow(clippy::unwrap_used)]

use genre_bench_api::{Examples, Inputs, Model, Run};
use genre_bench_example::NearestCentroid;
use ndarray::{Array2, array};

fn inputs(table: Array2<f32>) -> Inputs {
    Inputs {
        columns: (0..table.ncols()).map(|column| format!("x{column}")).collect(),
        table,
        ..Inputs::default()
    }
}

fn run() -> Run<'static> {
    Run::with(NearestCentroid.card().resolve([]).unwrap(), 0)
}

#[test]
fn the_nearest_mean_scores_highest() {
    let train = Examples {
        inputs: inputs(array![[0.0, 0.0], [2.0, 0.0], [10.0, 1.0], [10.0, -1.0]]),
        labels: vec![0, 0, 2, 2],
        tracks: vec![0, 1, 2, 3],
        groups: vec![0, 1, 2, 3],
        classes: ["blues", "jazz", "rock"].map(str::to_owned).into(),
    };
    let fitted = NearestCentroid.fit(&train, &Examples::default(), &run()).unwrap();
    let scores = fitted.scores(&inputs(array![[1.0, 0.0], [10.0, 2.0]])).unwrap();
    assert_eq!(scores.row(0), array![0.0, f32::MIN, -9.0], "class 1 has no mean");
    assert!(scores[[1, 2]] > scores[[1, 0]]);
    assert_eq!(fitted.scores(&inputs(Array2::zeros((0, 2)))).unwrap().dim(), (0, 3));
}

#[test]
fn nothing_to_learn_from_is_an_error() {
    let nothing = Examples::default();
    assert!(NearestCentroid.fit(&nothing, &nothing, &run()).is_err());
}
