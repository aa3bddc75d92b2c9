//! Calibration against scikit-learn's answers to the same scores.
#![allow(clippy::unwrap_used)]

use genre_bench_api::{Calibration, CalibrationMethod};
use ndarray::Array2;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Case {
    scores: Vec<Vec<f32>>,
    labels: Vec<usize>,
    temperature: f64,
    by_temperature: Vec<Vec<f32>>,
    platt: Vec<(f64, f64)>,
    by_platt: Vec<Vec<f32>>,
}

fn cases() -> BTreeMap<String, Case> {
    serde_json::from_str(include_str!("../../../tests/fixtures/calibration/calibration.json")).unwrap()
}

fn table(rows: &[Vec<f32>]) -> Array2<f32> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn near(name: &str, ours: &Array2<f32>, theirs: &[Vec<f32>]) {
    let furthest = (ours - &table(theirs)).fold(0.0_f32, |most, d| most.max(d.abs()));
    assert!(furthest < 1e-4, "{name}: off by up to {furthest}");
}

#[test]
fn temperature_is_scikit_learns() {
    for (name, case) in cases() {
        let scores = table(&case.scores);
        let fitted =
            Calibration::fit(CalibrationMethod::Temperature, &scores, &case.labels, || Ok(())).unwrap();
        let Calibration::Temperature { temperature, of_probabilities } = fitted else { unreachable!() };
        assert_eq!(of_probabilities, name == "probabilities");
        assert!((temperature / case.temperature - 1.0).abs() < 1e-4, "{name}: {temperature}");
        near(&name, &fitted.apply(&scores), &case.by_temperature);
    }
}

#[test]
fn sigmoids_are_scikit_learns() {
    for (name, case) in cases() {
        let scores = table(&case.scores);
        let fitted = Calibration::fit(CalibrationMethod::Platt, &scores, &case.labels, || Ok(())).unwrap();
        let Calibration::Platt { slopes, offsets } = &fitted else { unreachable!() };
        for (class, (slope, offset)) in case.platt.iter().enumerate() {
            let (ours, our_offset) = (slopes[class], offsets[class]);
            assert!((ours - slope).abs() < 1e-3 * slope.abs().max(1.0), "{name}: {ours} for {slope}");
            assert!((our_offset - offset).abs() < 1e-3 * offset.abs().max(1.0), "{name}: {our_offset}");
        }
        near(&name, &fitted.apply(&scores), &case.by_platt);
    }
}

#[test]
fn calibrated_scores_are_probabilities_whatever_the_scores() {
    let odd = [
        Array2::zeros((4, 3)),
        Array2::from_elem((4, 3), f32::MAX),
        Array2::from_shape_fn((4, 3), |(row, class)| if row % 3 == class { 1e30 } else { -1e30 }),
        Array2::from_shape_fn((4, 3), |(row, class)| if row % 3 == class { 1.0 } else { 0.0 }),
    ];
    for scores in &odd {
        for method in [CalibrationMethod::Temperature, CalibrationMethod::Platt] {
            for labels in [[0, 1, 2, 0], [1; 4]] {
                let probabilities =
                    Calibration::fit(method, scores, &labels, || Ok(())).unwrap().apply(scores);
                assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)), "{method:?} {probabilities}");
                assert!(probabilities.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-5));
            }
        }
    }
    assert!(Calibration::fit(CalibrationMethod::Platt, &Array2::zeros((0, 3)), &[], || Ok(())).is_err());
}
