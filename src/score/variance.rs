//! Where the variance of a score comes from: draws of the folds, folds within a draw, seeds within a fold.

/// Variance components of a score by nested random effects: value = mean + draw + fold within the draw + seed within the
/// fold. A component is `None` where there is one of its kind alone: then it cannot be told, and what it adds is in the
/// component above it, the next coarser one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VarianceComponents {
    /// Variance between draws.
    pub draw: Option<f64>,
    /// Variance between the folds of a draw.
    pub fold: Option<f64>,
    /// Variance between the seeds of a fold.
    pub seed: Option<f64>,
}

impl VarianceComponents {
    /// Of `values[draw][fold][seed]`; `None` of no value, or where draws or folds differ in how much is in them.
    ///
    /// Method of moments: mean squares of the nested analysis of variance are set equal to their expectations. An estimate
    /// below 0, which there is where a level varies less than the one below it lets expect, is given as 0. Where no estimate
    /// is below 0, the components are those of REML.
    ///
    /// S. R. Searle, G. Casella and C. E. McCulloch, "Variance components", 1992, chapters 3 and 4; for benchmarks of models:
    /// X. Bouthillier et al., "Accounting for variance in machine learning benchmarks", MLSys 2021.
    pub fn of(values: &[Vec<Vec<f64>>]) -> Option<Self> {
        let folds = values.first()?.len();
        let seeds = values.first()?.first()?.len();
        let is_like_the_first =
            |draw: &Vec<Vec<f64>>| draw.len() == folds && draw.iter().all(|fits| fits.len() == seeds);
        if seeds == 0 || !values.iter().all(is_like_the_first) {
            return None;
        }
        let of_folds: Vec<Vec<f64>> =
            values.iter().map(|draw| draw.iter().map(|fits| mean(fits)).collect()).collect();
        let of_draws: Vec<f64> = of_folds.iter().map(|draw| mean(draw)).collect();
        let by_seed = mean_square(values.iter().flatten().map(Vec::as_slice));
        let by_fold = mean_square(of_folds.iter().map(Vec::as_slice)).map(|square| square * seeds as f64);
        let by_draw = mean_square([of_draws.as_slice()]).map(|square| square * (folds * seeds) as f64);
        let component = |own: Option<f64>, below: Option<f64>, size: usize| {
            own.map(|own| ((own - below.unwrap_or(0.0)) / size as f64).max(0.0))
        };
        Some(Self {
            draw: component(by_draw, by_fold.or(by_seed), folds * seeds),
            fold: component(by_fold, by_seed, seeds),
            seed: component(by_seed, None, 1),
        })
    }

    /// What is told, together.
    pub fn total(&self) -> f64 {
        [self.draw, self.fold, self.seed].into_iter().flatten().sum()
    }
}

/// Squared deviations of values from the mean of their group, all groups together, by the degrees of freedom; `None`
/// where there are none.
fn mean_square<'v>(groups: impl IntoIterator<Item = &'v [f64]>) -> Option<f64> {
    let (mut squares, mut freedom) = (0.0, 0);
    for group in groups {
        let mean = mean(group);
        squares += group.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        freedom += group.len().saturating_sub(1);
    }
    (freedom > 0).then(|| squares / freedom as f64)
}

/// The mean, which of equal values is exactly that value: seeds of a model that draws nothing have no variance at all.
fn mean(values: &[f64]) -> f64 {
    let first = values.first().copied().unwrap_or(f64::NAN);
    first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use serde_json::Value;

    fn fixtures() -> Vec<Value> {
        let text = include_str!("../../tests/fixtures/score/variance.json");
        let cases: Vec<Value> = serde_json::from_str(text).unwrap();
        assert!(cases.len() > 6);
        cases
    }

    /// Against the figures of `tests/fixtures/score/make_variance.py`.
    #[test]
    fn components_equal_those_of_statsmodels() {
        for case in fixtures() {
            let values: Vec<Vec<Vec<f64>>> = serde_json::from_value(case["values"].clone()).unwrap();
            let ours = VarianceComponents::of(&values).unwrap();
            for (ours, level) in [(ours.draw, "draw"), (ours.fold, "fold"), (ours.seed, "seed")] {
                let theirs = case["anova"][level].as_f64();
                assert_eq!(ours.is_some(), theirs.is_some(), "{level}: {case}");
                let (ours, theirs) = (ours.unwrap_or(0.0), theirs.unwrap_or(0.0));
                assert!(
                    (ours - theirs).abs() <= 1e-6 * theirs.max(1e-6),
                    "{level}: {ours} for {theirs}: {case}"
                );
                // Where it is told, REML comes to the same.
                if let Some(reml) = case["reml"][level].as_f64() {
                    assert!((ours - reml).abs() <= 1e-6 * reml, "{level}: {ours} for {reml}: {case}");
                }
            }
        }
    }

    #[test]
    fn equal_seeds_have_no_variance_at_all() {
        let fold = |value: f64| vec![value; 3];
        let values = vec![vec![fold(0.1), fold(0.7)], vec![fold(0.2), fold(0.3)]];
        let components = VarianceComponents::of(&values).unwrap();
        assert_eq!(components.seed, Some(0.0));
        assert!(components.fold.unwrap() > 0.0);
        assert_eq!(components.draw, Some(0.0), "draws differ less than their folds let expect");
    }

    #[test]
    fn what_does_not_vary_is_not_told_and_what_is_uneven_is_refused() {
        let told = |values: &[Vec<Vec<f64>>]| {
            let components = VarianceComponents::of(values).unwrap();
            [components.draw, components.fold, components.seed].map(|component| component.is_some())
        };
        assert_eq!(told(&[vec![vec![0.5]]]), [false, false, false]);
        assert_eq!(told(&[vec![vec![0.5], vec![0.6]]]), [false, true, false]);
        assert_eq!(told(&[vec![vec![0.5, 0.4]]]), [false, false, true]);
        assert_eq!(told(&[vec![vec![0.5]], vec![vec![0.4]]]), [true, false, false]);
        for uneven in
            [vec![], vec![vec![]], vec![vec![vec![]]], vec![vec![vec![0.1]], vec![vec![0.1], vec![0.2]]]]
        {
            assert_eq!(VarianceComponents::of(&uneven), None);
        }
    }
}
