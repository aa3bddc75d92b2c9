use super::ranks::{ranks, ties};
use statrs::distribution::{ContinuousCDF, Normal};

/// Differences up to which the distribution is computed exactly.
const FEW: usize = 50;
/// The same where some are equal or 0.
const FEW_WITH_TIES: usize = 13;

/// The two-sided p-value of Wilcoxon's signed-rank test: whether differences lie around 0. Those that are 0 are left out.
/// 1 where all are.
///
/// Exact for up to 50 differences, or up to 13 where some are equal or 0; else by the normal approximation, corrected for ties
/// and not for continuity. As `scipy.stats.wilcoxon`.
///
/// F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1, 1945.
pub fn wilcoxon(differences: &[f64]) -> f64 {
    let kept: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    if kept.is_empty() {
        return 1.0;
    }
    let sizes: Vec<f64> = kept.iter().map(|difference| difference.abs()).collect();
    let ranks = ranks(&sizes);
    let above: f64 = kept.iter().zip(&ranks).filter(|(value, _)| **value > 0.0).map(|(_, rank)| rank).sum();
    let count = kept.len() as f64;
    let least = above.min(count * (count + 1.0) / 2.0 - above);
    let ties = ties(&sizes);
    let plain = kept.len() == differences.len() && ties.iter().all(|&size| size == 1);
    if differences.len() <= if plain { FEW } else { FEW_WITH_TIES } {
        return exact(&ranks, least);
    }
    let of_ties: f64 = ties.iter().map(|&size| (size * size * size - size) as f64).sum();
    let deviation = (count * (count + 1.0) * (2.0 * count + 1.0) / 24.0 - of_ties / 48.0).sqrt();
    2.0 * Normal::standard().cdf((least - count * (count + 1.0) / 4.0) / deviation)
}

/// Twice the share of all signs that give a sum of ranks of at most `least`.
fn exact(ranks: &[f64], least: f64) -> f64 {
    // Ranks of ties are halves.
    let doubled: Vec<usize> = ranks.iter().map(|rank| (2.0 * rank).round() as usize).collect();
    let mut ways = vec![0.0; doubled.iter().sum::<usize>() + 1];
    ways[0] = 1.0;
    for &rank in &doubled {
        for sum in (rank..ways.len()).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let below: f64 = ways[..=(2.0 * least).round() as usize].iter().sum();
    (2.0 * below / 2.0_f64.powi(ranks.len() as i32)).min(1.0)
}
