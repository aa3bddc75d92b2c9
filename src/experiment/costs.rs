//! What fits cost, as far as it was measured for this version: tables that the program carries.

use crate::run::CellCosts;

/// What a fit of a model takes in the reduced configuration, as `scripts/fit_costs.py` measured it.
pub(super) fn of_fit(model: &str) -> Option<CellCosts> {
    let mut cells = row(include_str!("../../data/fit_costs.csv"), model)?.split(',');
    let mut number = || cells.next()?.parse::<f64>().ok();
    let (seconds, megabytes) = (number()?, number()?);
    Some(CellCosts { seconds_per_example: seconds / 1000.0, peak_bytes: (megabytes * 1e6) as u64 })
}

/// How many processors the seconds of an epoch were measured on.
pub(super) const EPOCH_PROCESSORS: f64 = 2.0;

/// Seconds of an epoch of 1000 examples of 3 s as published, on two cores of an AMD EPYC, as
/// `cargo run --release -p genre-bench-neural --example epochs` measured it.
pub fn epoch_seconds(model: &str) -> Option<f64> {
    row(include_str!("../../data/epoch_seconds.csv"), model)?.parse().ok()
}

/// The cells behind a model's name.
fn row<'t>(table: &'t str, model: &str) -> Option<&'t str> {
    table
        .lines()
        .filter_map(|line| line.split_once(','))
        .find(|(name, _)| *name == model)
        .map(|(_, cells)| cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_models_have_costs_and_others_have_none() {
        assert!(epoch_seconds("mlfi").is_some_and(|seconds| seconds > 0.0));
        assert!(of_fit("svm").is_some_and(|costs| costs.seconds_per_example > 0.0));
        assert!(epoch_seconds("svm").is_none() && of_fit("nobody").is_none());
    }
}
