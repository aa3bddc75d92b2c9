//! How often the leader of a run stays its leader where something is drawn again.

use super::change::Unit;
use super::variance::ScoredFits;
use super::{Results, percent};
use crate::score::comparison::Scores;
use genre_bench_api::random_stream;
use rand::Rng;
use serde::Serialize;

/// How often one seed is chosen for every fold.
const CHOICES: usize = 2000;

/// How often the model with the highest macro-F1 keeps it; a tie counts as kept.
#[derive(Debug, Clone, Serialize)]
pub struct Stability {
    /// The model.
    pub leader: String,
    /// Share of the draws of tested artists or tracks, and with them of seeds where there are several.
    pub test_parts: f64,
    /// What these drew, and how often.
    pub unit: Unit,
    /// How often.
    pub resampled: usize,
    /// Draws of the folds, each with seeds of its own; `None` of one draw.
    pub draws: Option<Kept>,
    /// Share of the choices of one seed for every fold, the test parts staying as they are; `None` of one seed.
    pub seeds: Option<f64>,
}

/// In how many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// In how many.
    pub kept: usize,
    /// Of how many.
    pub of: usize,
}

impl Stability {
    /// Of models of a run, the leader first, and their scores in draws of artists or tracks.
    pub fn of(results: &Results, scored: &[ScoredFits], unit: Unit, drawn: &[Vec<Scores>]) -> Self {
        let stays = |row: &&Vec<Scores>| row.iter().all(|other| other.macro_f1 <= row[0].macro_f1);
        Self {
            leader: scored.first().map(|leader| leader.model.clone()).unwrap_or_default(),
            test_parts: drawn.iter().filter(stays).count() as f64 / drawn.len() as f64,
            unit,
            resampled: drawn.len(),
            draws: over_draws(results, scored),
            seeds: over_seeds(scored, results.plan.conditions.seeds(), results.plan.conditions.seed),
        }
    }

    /// For people.
    pub fn sentence(&self) -> String {
        let Self { leader, test_parts, unit, resampled, draws, seeds } = self;
        let also = if seeds.is_some() { " and seeds" } else { "" };
        let (share, unit) = (percent(*test_parts), unit.name());
        let mut said = format!("{leader} stays the best in {share} % of {resampled} draws of {unit}{also}");
        if let Some(Kept { kept, of }) = draws {
            said += &format!(", in {kept} of {of} draws of the folds");
        }
        if let Some(seeds) = seeds {
            said += &format!(", in {} % of the choices of one seed a fold", percent(*seeds));
        }
        said + "."
    }
}

fn over_draws(results: &Results, scored: &[ScoredFits]) -> Option<Kept> {
    let of_model = |fits: &ScoredFits| -> Vec<f64> {
        fits.by_draw(results).into_iter().map(|folds| mean(folds.iter().flatten())).collect()
    };
    let by_model: Vec<Vec<f64>> = scored.iter().map(of_model).collect();
    let of = by_model.first()?.len();
    let kept =
        (0..of).filter(|&draw| by_model.iter().all(|values| values[draw] <= by_model[0][draw])).count();
    (of > 1).then_some(Kept { kept, of })
}

/// The same seeds are chosen for all models: variants of one model were fitted with the same ones.
fn over_seeds(scored: &[ScoredFits], seeds: usize, seed: u64) -> Option<f64> {
    let folds = scored.first()?.by_fold.len();
    let mut rng = random_stream(seed, "one seed a fold");
    let mut stays = || {
        let chosen: Vec<usize> = (0..folds).map(|_| rng.gen_range(0..seeds)).collect();
        let of = |fits: &ScoredFits| mean(fits.by_fold.iter().zip(&chosen).map(|(fits, &seed)| &fits[seed]));
        let leader = of(&scored[0]);
        scored.iter().all(|fits| of(fits) <= leader)
    };
    (seeds > 1).then(|| (0..CHOICES).filter(|_| stays()).count() as f64 / CHOICES as f64)
}

fn mean<'v>(values: impl Iterator<Item = &'v f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}
