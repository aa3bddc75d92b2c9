use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF};

/// Disagreements from which on their distribution is taken for normal.
const MANY: u64 = 25;

/// The two-sided p-value of McNemar's test: whether, of the examples that only one of two models gets right, each has its
/// share. Exact by the binomial distribution for fewer than 25 such examples, else chi-squared with Edwards's
/// correction for continuity, as statsmodels' `mcnemar`.
///
/// Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika
/// 12, 1947.
pub fn mcnemar(first_only: u64, second_only: u64) -> f64 {
    let differ = first_only + second_only;
    if differ == 0 {
        return 1.0;
    }
    if differ < MANY {
        let fair = Binomial::new(0.5, differ).map(|fair| fair.cdf(first_only.min(second_only)));
        return fair.map_or(f64::NAN, |tail| (2.0 * tail).min(1.0));
    }
    let excess = first_only.abs_diff(second_only).saturating_sub(1) as f64;
    ChiSquared::new(1.0).map_or(f64::NAN, |chi| chi.sf(excess * excess / differ as f64))
}
