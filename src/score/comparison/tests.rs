//! Against the figures of `tests/fixtures/comparison/make_fixtures.py`.

#![allow(clippy::unwrap_used, reason = "test code")]
use super::*;
use serde_json::Value;

fn fixtures(name: &str) -> Vec<Value> {
    let all: Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/comparison/tests.json")).unwrap();
    let cases = all[name].as_array().unwrap().clone();
    assert!(cases.len() > 3, "{name}");
    cases
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

#[track_caller]
fn equal(ours: f64, theirs: &Value, case: &Value) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= 1e-6 * theirs.abs().max(1.0), "{ours} for {theirs}: {case}");
}

#[test]
fn paired_t_tests_equal_scipy_and_baycomp() {
    for case in fixtures("corrected_t") {
        let values = list(&case["differences"]);
        let folds =
            FoldDifferences { values: &values, test_to_train: case["test_to_train"].as_f64().unwrap() };
        equal(folds.p_value().unwrap(), &case["p"], &case);
        let interval = crate::score::corrected_t(&values, folds.test_to_train).unwrap();
        equal(interval.low, &case["low"], &case);
        equal(interval.high, &case["high"], &case);
        let Posterior { worse, equal: same, better } =
            folds.posterior(case["rope"].as_f64().unwrap()).unwrap();
        for (ours, theirs) in [worse, same, better].into_iter().zip(case["bayes"].as_array().unwrap()) {
            equal(ours, theirs, &case);
        }
    }
}

#[test]
fn folds_that_never_differ_are_no_evidence_and_one_fold_is_none() {
    let of = |values| FoldDifferences { values, test_to_train: 0.25 };
    assert_eq!(of(&[0.0; 5]).p_value(), Some(1.0));
    assert_eq!(of(&[0.0; 5]).posterior(0.01), Some(Posterior { worse: 0.0, equal: 1.0, better: 0.0 }));
    assert_eq!((of(&[0.5; 3]).p_value(), of(&[0.5]).p_value()), (Some(0.0), None));
    assert_eq!(of(&[0.1]).posterior(0.01), None);
}

#[test]
fn holm_equals_statsmodels() {
    for case in fixtures("holm") {
        for (ours, theirs) in holm(&list(&case["p"])).into_iter().zip(case["adjusted"].as_array().unwrap()) {
            equal(ours, theirs, &case);
        }
    }
}

#[test]
fn mcnemar_equals_statsmodels() {
    for case in fixtures("mcnemar") {
        let count = |name: &str| case[name].as_u64().unwrap();
        equal(mcnemar(count("first_only"), count("second_only")), &case["p"], &case);
    }
}

#[test]
fn wilcoxon_equals_scipy() {
    for case in fixtures("wilcoxon") {
        equal(wilcoxon(&list(&case["differences"])), &case["p"], &case);
    }
    assert_eq!(wilcoxon(&[0.0, 0.0]), 1.0);
}

#[test]
fn friedman_equals_scipy_and_its_pairs_scikit_posthocs() {
    for case in fixtures("friedman") {
        let scores: Vec<Vec<f64>> = case["scores"].as_array().unwrap().iter().map(list).collect();
        let ours = friedman(&scores).unwrap();
        equal(ours.statistic, &case["statistic"], &case);
        equal(ours.p_value, &case["p"], &case);
        for (ours, theirs) in ours.mean_ranks.iter().zip(case["mean_ranks"].as_array().unwrap()) {
            equal(*ours, theirs, &case);
        }
        let models = scores[0].len();
        let pairs: Vec<(usize, usize)> =
            (0..models).flat_map(|a| (a + 1..models).map(move |b| (a, b))).collect();
        let p_values: Vec<f64> = pairs
            .iter()
            .map(|&(a, b)| wilcoxon(&scores.iter().map(|row| row[a] - row[b]).collect::<Vec<_>>()))
            .collect();
        for ((a, b), ours) in pairs.into_iter().zip(holm(&p_values)) {
            equal(ours, &case["pairwise_holm"][a][b], &case);
        }
    }
    assert_eq!((friedman(&[]), friedman(&[vec![1.0, 2.0], vec![2.0, 1.0]])), (None, None));
}
