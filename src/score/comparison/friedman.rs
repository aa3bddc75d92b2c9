use super::ranks::{ranks, ties};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Several models over several datasets or splits, by their ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    /// Mean rank of each model; the highest scores have rank 1.
    pub mean_ranks: Vec<f64>,
    /// The statistic, corrected for ties.
    pub statistic: f64,
    /// How likely ranks that differ so much are if all models are alike.
    pub p_value: f64,
}

/// Friedman's test: whether any of several models ranks otherwise than the rest. `scores` has a row a dataset and a column a
/// model, higher being better; `None` with fewer than three models or two rows.
///
/// M. Friedman, "The use of ranks to avoid the assumption of normality implicit in the analysis of variance", JASA 32,
/// 1937; as `scipy.stats.friedmanchisquare`. For classifiers: J. Demšar, "Statistical comparisons of classifiers over multiple
/// data sets", JMLR 7, 2006.
pub fn friedman(scores: &[Vec<f64>]) -> Option<Friedman> {
    let (rows, models) = (scores.len(), scores.first()?.len());
    if rows < 2 || models < 3 {
        return None;
    }
    let mut sums = vec![0.0; models];
    let mut of_ties = 0.0;
    for row in scores {
        let negative: Vec<f64> = row.iter().map(|score| -score).collect();
        sums.iter_mut().zip(ranks(&negative)).for_each(|(sum, rank)| *sum += rank);
        of_ties += ties(row).into_iter().map(|size| (size * size * size - size) as f64).sum::<f64>();
    }
    let (n, k) = (rows as f64, models as f64);
    let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
    let correction = 1.0 - of_ties / (n * k * (k * k - 1.0));
    let statistic = match correction > 0.0 {
        true => (12.0 / (n * k * (k + 1.0)) * squares - 3.0 * n * (k + 1.0)) / correction,
        false => 0.0,
    };
    let p_value = ChiSquared::new(k - 1.0).ok()?.sf(statistic);
    Some(Friedman { mean_ranks: sums.into_iter().map(|sum| sum / n).collect(), statistic, p_value })
}
