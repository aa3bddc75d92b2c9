//! Checks of what a model learned.

use super::{Check, Found, Subject, of_models};
use crate::protocol::Fold;
use crate::report::{Evaluation, percent, reliability};
use crate::score::Metric;
use genre_bench_api::Family;

/// F1 on the training part that is further above that on the test part is learned by heart.
const GAP: f64 = 0.25;

/// A score of one fold that is further from another's says more of the fold than of the model.
const SPREAD: f64 = 0.15;

/// With fewer folds, a spread says nothing.
const ENOUGH_FOLDS: usize = 3;

/// A greater mean distance of stated and true probabilities misleads whoever acts on them.
const CALIBRATION_ERROR: f64 = 0.10;

pub(super) static OVER_FITTED: Check = Check {
    code: "M101",
    name: "over-fitted",
    summary: "F1 on the training parts more than 25 points above that on the test parts",
    find: over_fitted,
};

pub(super) static NO_BETTER_THAN_MAJORITY: Check = Check {
    code: "M102",
    name: "no-better-than-majority",
    summary: "an accuracy whose 95 % interval reaches down to that of always saying the largest class",
    find: no_better_than_majority,
};

pub(super) static FOLDS_DISAGREE: Check = Check {
    code: "M103",
    name: "folds-disagree",
    summary: "F1 of one fold more than 15 points above that of another",
    find: folds_disagree,
};

pub(super) static MISCALIBRATED: Check = Check {
    code: "M104",
    name: "miscalibrated",
    summary: "probabilities that are off by more than 10 points on average",
    find: miscalibrated,
};

fn over_fitted(subject: &Subject) -> Vec<Found> {
    let train = Metric::of_key("train_macro_f1");
    let rows = subject.leaderboard.rows.iter().filter_map(|row| {
        let (train, test) = (row.value(train?)?, row.value(Metric::macro_f1())?);
        (train - test > GAP).then(|| (row.model.clone(), format!("{} → {}", percent(train), percent(test))))
    });
    of_models(rows.collect(), |models| format!("F1 falls from the training to the test parts: {models}"))
}

fn no_better_than_majority(subject: &Subject) -> Vec<Found> {
    let Some(accuracy) = Metric::of_key("accuracy") else { return Vec::new() };
    let majority = majority(subject);
    let rows =
        subject.leaderboard.rows.iter().filter(|row| row.family != Family::Baseline).filter_map(|row| {
            let (value, interval) = (row.value(accuracy)?, row.interval(accuracy)?);
            (interval.low <= majority).then(|| (row.model.clone(), percent(value)))
        });
    of_models(rows.collect(), |models| {
        format!("the accuracy cannot be told from the {} of the largest class: {models}", percent(majority))
    })
}

/// Accuracy of predicting the most frequent class of the training part, mean over folds.
fn majority(subject: &Subject) -> f64 {
    let (results, classes) = (subject.results, subject.results.catalogue.classes.len());
    let of_fold = |fold: &Fold| {
        let mut counts = vec![0_usize; classes];
        results.truth(&fold.train).into_iter().for_each(|class| counts[class] += 1);
        // Among equals the first.
        let largest = (0..classes).rev().max_by_key(|&class| counts[class]);
        let tested = results.truth(&fold.test);
        tested.iter().filter(|&&class| Some(class) == largest).count() as f64 / tested.len().max(1) as f64
    };
    results.folds.iter().map(of_fold).sum::<f64>() / results.folds.len().max(1) as f64
}

fn folds_disagree(subject: &Subject) -> Vec<Found> {
    let results = subject.results;
    if results.folds.len() < ENOUGH_FOLDS {
        return Vec::new();
    }
    let models = (0..results.plan.models.len()).filter_map(|model| {
        let cells = results.complete(model)?;
        let values = Evaluation::of(results, &cells).by_fold(Metric::macro_f1())?;
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let name = &results.plan.models[model].name;
        (most - least > SPREAD).then(|| (name.clone(), format!("{} – {}", percent(least), percent(most))))
    });
    of_models(models.collect(), |models| format!("F1 differs from fold to fold: {models}"))
}

fn miscalibrated(subject: &Subject) -> Vec<Found> {
    let results = subject.results;
    let of_fits =
        results.plan.models.iter().enumerate().filter(|(_, model)| model.family != Family::Baseline);
    let models = of_fits.filter_map(|(number, model)| {
        let pooled = reliability::of_scores(results, results.complete(number)?)?;
        let error = pooled.expected_calibration_error();
        (error > CALIBRATION_ERROR).then(|| (model.name.clone(), percent(error)))
    });
    of_models(models.collect(), |models| {
        format!("stated probabilities are off, in points on average: {models}")
    })
}
