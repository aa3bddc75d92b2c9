//! Many models on the same test examples: how their scores vary together with the artists or tracks that are tested.

use genre_bench_api::random_stream;
use rand::Rng;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A model's predictions on the test parts of all folds, counted by the units that are drawn.
#[derive(Debug, Clone)]
pub struct UnitCounts {
    classes: usize,
    folds: usize,
    seeds: usize,
    /// For each unit, which cells it adds to and how much; cell `(fit · classes + truth) · classes + predicted` with fit
    /// `fold · seeds + seed`.
    units: Vec<Vec<(usize, u32)>>,
}

/// One tested example.
#[derive(Debug, Clone, Copy)]
pub struct Tested {
    /// The unit that it is drawn with: its artist, its track.
    pub unit: usize,
    /// The fold that it was tested in.
    pub fold: usize,
    /// Which of the seeds of that fold the model was fitted with.
    pub seed: usize,
    /// Its class.
    pub truth: usize,
    /// The class that it was taken for.
    pub predicted: usize,
}

impl UnitCounts {
    /// Of `tested` examples, of so many `units`, `(folds, seeds)` and `classes`.
    pub fn new(
        tested: impl IntoIterator<Item = Tested>,
        units: usize,
        (folds, seeds): (usize, usize),
        classes: usize,
    ) -> Self {
        let mut counts = vec![BTreeMap::<usize, u32>::new(); units];
        for Tested { unit, fold, seed, truth, predicted } in tested {
            let fit = fold * seeds + seed;
            *counts[unit].entry((fit * classes + truth) * classes + predicted).or_default() += 1;
        }
        let units = counts.into_iter().map(|cells| cells.into_iter().collect()).collect();
        Self { classes, folds, seeds, units }
    }

    /// Macro-F1 and accuracy, means over the folds and the drawn seeds, where unit `u` was drawn `drawn[u]` times and fit
    /// `f` `fits[f]` times. Folds of which nothing was drawn do not count.
    fn scores(&self, drawn: &[u32], fits: &[u32], cells: &mut Vec<u32>) -> Scores {
        cells.clear();
        cells.resize(fits.len() * self.classes * self.classes, 0);
        for (unit, &times) in self.units.iter().zip(drawn).filter(|(_, times)| **times > 0) {
            unit.iter().for_each(|&(cell, count)| cells[cell] += times * count);
        }
        let (mut macro_f1s, mut accuracies, mut all_fits) = (0.0, 0.0, 0.0);
        for (cells, &times) in cells.chunks_exact(self.classes * self.classes).zip(fits) {
            let all: u32 = cells.iter().sum();
            if times == 0 || all == 0 {
                continue;
            }
            let right: u32 = cells.iter().step_by(self.classes + 1).sum();
            let times = f64::from(times);
            macro_f1s += times * macro_f1(cells, self.classes);
            accuracies += times * f64::from(right) / f64::from(all);
            all_fits += times;
        }
        Scores { macro_f1: macro_f1s / all_fits, accuracy: accuracies / all_fits }
    }
}

/// As [`Confusion::macro_f1`](crate::score::Confusion::macro_f1), of counts row by row.
fn macro_f1(counts: &[u32], classes: usize) -> f64 {
    let (mut sum, mut occurring) = (0.0, 0);
    for class in 0..classes {
        let support: u32 = counts[class * classes..][..classes].iter().sum();
        let predicted: u32 = counts[class..].iter().step_by(classes).sum();
        if support + predicted > 0 {
            sum += 2.0 * f64::from(counts[class * (classes + 1)]) / f64::from(support + predicted);
            occurring += 1;
        }
    }
    if occurring == 0 { 0.0 } else { sum / f64::from(occurring) }
}

/// Scores of a model in one draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Macro-averaged F1.
    pub macro_f1: f64,
    /// Accuracy.
    pub accuracy: f64,
}

/// Scores of several models in the same draws of units: `draws` rows of one entry a model.
///
/// Units are drawn with replacement, as many as there are, and all models are scored on the same ones, so what is hard for
/// all does not blur their differences. Of each fold as many seeds are drawn as there are, again the same for all models:
/// variants of one model were fitted with the same ones. Depends on `seed` alone, not on the number of threads.
///
/// B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 8.
///
/// # Panics
///
/// Where models differ in their units, folds or seeds.
pub fn draw_scores(models: &[UnitCounts], draws: usize, seed: u64) -> Vec<Vec<Scores>> {
    let shape = |model: &UnitCounts| (model.units.len(), model.folds, model.seeds);
    let (units, folds, seeds) = models.first().map_or((0, 0, 1), shape);
    assert!(models.iter().all(|model| shape(model) == (units, folds, seeds)), "all models of the same units");
    let draw = |draw: usize| {
        let mut rng = random_stream(seed, &format!("unit bootstrap/{draw}"));
        let (mut drawn, mut fits, mut cells) = (vec![0; units], vec![0; folds * seeds], Vec::new());
        (0..units).for_each(|_| drawn[rng.gen_range(0..units)] += 1);
        for of_fold in fits.chunks_exact_mut(seeds) {
            (0..seeds).for_each(|_| of_fold[rng.gen_range(0..seeds)] += 1);
        }
        models.iter().map(|model| model.scores(&drawn, &fits, &mut cells)).collect()
    };
    (0..draws).into_par_iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Confusion;

    /// Examples of two folds and three classes, two of each unit; a class is missing in the second fold.
    fn tested(right: impl Fn(usize) -> bool) -> Vec<Tested> {
        let example = |at: usize| {
            let (unit, fold) = (at / 2, at / 20);
            let truth = if fold == 0 { unit % 3 } else { unit % 2 };
            Tested { unit, fold, seed: 0, truth, predicted: if right(at) { truth } else { (truth + 1) % 3 } }
        };
        (0..40).map(example).collect()
    }

    fn counts(tested: &[Tested]) -> UnitCounts {
        UnitCounts::new(tested.iter().copied(), 20, (2, 1), 3)
    }

    #[test]
    fn scores_of_all_units_are_those_of_their_confusions() {
        let tested = tested(|at| at % 7 != 0);
        let all = counts(&tested).scores(&[1; 20], &[1; 2], &mut Vec::new());
        let of = |fold: usize| {
            let of_fold = tested.iter().filter(|example| example.fold == fold);
            let (truth, predicted): (Vec<_>, Vec<_>) =
                of_fold.map(|example| (example.truth, example.predicted)).unzip();
            Confusion::new(&truth, &predicted, 3)
        };
        let mean = |of_fold: fn(&Confusion) -> f64| (of_fold(&of(0)) + of_fold(&of(1))) / 2.0;
        assert!((all.macro_f1 - mean(Confusion::macro_f1)).abs() < 1e-12);
        assert!((all.accuracy - mean(Confusion::accuracy)).abs() < 1e-12);
    }

    #[test]
    fn draws_are_the_same_for_all_models_and_vary_as_the_units_do() {
        let one = counts(&tested(|at| at % 4 != 0));
        let drawn = draw_scores(&[one.clone(), one.clone(), counts(&tested(|_| true))], 2000, 3);
        assert!(drawn.iter().all(|row| row[0] == row[1] && row[2].accuracy == 1.0));
        // Each unit is half right or right: the deviation of a mean of 20 of 0.25 deviation each.
        let values: Vec<f64> = drawn.iter().map(|row| row[0].accuracy).collect();
        let mean = values.iter().sum::<f64>() / 2000.0;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 2000.0).sqrt();
        assert!(
            (mean - 0.75).abs() < 0.01 && (deviation - 0.25 / 20.0_f64.sqrt()).abs() < 0.005,
            "{mean} {deviation}"
        );
        assert_eq!(drawn, draw_scores(&[one.clone(), one, counts(&tested(|_| true))], 2000, 3));
    }
    #[test]
    fn seeds_are_drawn_along() {
        // The fits of the second seed get everything wrong, those of the first everything right.
        let of_seed = |seed: usize| tested(move |_| seed == 0).into_iter().map(move |t| Tested { seed, ..t });
        let both = UnitCounts::new((0..2).flat_map(of_seed), 20, (2, 2), 3);
        let values: Vec<f64> = draw_scores(&[both], 2000, 3).iter().map(|row| row[0].accuracy).collect();
        // Of each of two folds two seeds are drawn: a binomial share of four.
        for (share, wanted) in [(0.0, 1.0), (0.25, 4.0), (0.5, 6.0), (0.75, 4.0), (1.0, 1.0)] {
            let found = values.iter().filter(|value| **value == share).count() as f64 / 2000.0;
            assert!((found - wanted / 16.0).abs() < 0.04, "{share}: {found}");
        }
    }
}
