//! Where the scores of a run vary: by draw of the folds, by fold, by seed.

use super::{Evaluation, Grid, Results, percent};
use crate::score::{Metric, VarianceComponents};
use crate::util::shown::counted;
use serde::Serialize;

/// A model with the macro-F1 of all its fits.
#[derive(Debug)]
pub struct ScoredFits {
    /// Its name.
    pub model: String,
    /// Mean over folds.
    pub macro_f1: f64,
    /// Of each fold, in the order of the split, one value a seed.
    pub by_fold: Vec<Vec<f64>>,
}

impl ScoredFits {
    /// Of a model that finished all folds with every seed, else `None`.
    pub fn of(results: &Results, model: usize) -> Option<Self> {
        let (evaluation, metric) = (Evaluation::of(results, &results.complete(model)?), Metric::macro_f1());
        let by_fold = evaluation.by_fit(metric)?;
        Some(Self {
            model: results.plan.models[model].name.clone(),
            macro_f1: evaluation.value(metric)?,
            by_fold,
        })
    }

    /// All such models of a run with their numbers, the best first; among equals by name.
    pub fn best_first(results: &Results) -> Vec<(usize, Self)> {
        let models = 0..results.plan.models.len();
        let mut all: Vec<(usize, Self)> =
            models.filter_map(|model| Some((model, Self::of(results, model)?))).collect();
        all.sort_by(|(_, a), (_, b)| b.macro_f1.total_cmp(&a.macro_f1).then_with(|| a.model.cmp(&b.model)));
        all
    }

    /// By draw, and of each draw by fold.
    pub fn by_draw<'s>(&'s self, results: &Results) -> Vec<&'s [Vec<f64>]> {
        let mut rest = self.by_fold.as_slice();
        let draws = results.folds.chunk_by(|a, b| a.repeat == b.repeat);
        draws
            .map(|draw| {
                let (own, others) = rest.split_at(draw.len());
                rest = others;
                own
            })
            .collect()
    }
}

/// Where the macro-F1 of models varies.
#[derive(Debug, Serialize)]
pub struct Variance {
    /// Draws of the folds.
    pub draws: usize,
    /// Folds of a draw; `None` where draws differ, and nothing is told.
    pub folds: Option<usize>,
    /// Seeds of a fold.
    pub seeds: usize,
    /// The models, in the order given.
    pub models: Vec<ModelVariance>,
}

/// Where the macro-F1 of a model varies; what there is one of alone is not told.
#[derive(Debug, Serialize)]
pub struct ModelVariance {
    /// Its name.
    pub model: String,
    /// Mean over folds.
    pub macro_f1: f64,
    /// Between draws of the folds.
    pub by_draw: Option<Part>,
    /// Between folds of a draw.
    pub by_fold: Option<Part>,
    /// Between seeds of a fold.
    pub by_seed: Option<Part>,
}

/// A variance component.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Part {
    /// Its square root, 0–1.
    pub standard_deviation: f64,
    /// Its share of all that is told; `None` where nothing varies.
    pub share: Option<f64>,
}

impl Variance {
    /// Of models of a run.
    pub fn of(results: &Results, scored: &[ScoredFits]) -> Self {
        let sizes: Vec<usize> = results.folds.chunk_by(|a, b| a.repeat == b.repeat).map(<[_]>::len).collect();
        let even = sizes.windows(2).all(|pair| pair[0] == pair[1]);
        let of_model = |fits: &ScoredFits| {
            let values: Vec<Vec<Vec<f64>>> = fits.by_draw(results).into_iter().map(<[_]>::to_vec).collect();
            ModelVariance::of(fits, VarianceComponents::of(&values))
        };
        Self {
            draws: sizes.len(),
            folds: sizes.first().copied().filter(|_| even),
            seeds: results.plan.conditions.seeds(),
            models: scored.iter().map(of_model).collect(),
        }
    }

    /// Whether there is more to tell than that folds differ.
    pub fn is_told(&self) -> bool {
        self.folds.is_some() && (self.draws > 1 || self.seeds > 1)
    }

    /// As a table for people, in points and %.
    pub fn grid(&self) -> Grid {
        let mut grid = Grid::new(1, ["model", "F1", "by draw", "%", "by fold", "%", "by seed", "%"]);
        for row in &self.models {
            let parts = [row.by_draw, row.by_fold, row.by_seed].into_iter().flat_map(|part| {
                let untold = || "–".to_owned();
                let deviation = part.map(|part| format!("{:.2}", 100.0 * part.standard_deviation));
                let share = part.and_then(|part| part.share).map(|share| format!("{:.0}", 100.0 * share));
                [deviation.unwrap_or_else(untold), share.unwrap_or_else(untold)]
            });
            grid.row([row.model.clone(), percent(row.macro_f1)].into_iter().chain(parts));
        }
        grid
    }

    /// What the table says, and what it cannot.
    pub fn notes(&self) -> Vec<String> {
        let untold = self.untold();
        if !self.is_told() {
            return vec![format!("Where the variance comes from is not told: {untold}.")];
        }
        let mut notes = vec![format!(
            "Standard deviations of macro-F1 in points, and shares of the variance: between draws of the folds, between the \
                 folds of a draw, between the seeds of a fold. Nested random-effects analysis of variance, method of moments; \
                 an estimate below 0 is given as 0. It rests on {}, {} and {}: few give rough estimates.",
            counted(self.draws, "draw"),
            counted(self.folds.unwrap_or(0), "fold"),
            counted(self.seeds, "seed"),
        )];
        if !untold.is_empty() {
            notes.push(format!("Not told: {untold}."));
        }
        notes
    }

    fn untold(&self) -> String {
        if self.folds.is_none() {
            return "the draws have different numbers of folds".to_owned();
        }
        let mut untold = Vec::new();
        if self.draws == 1 {
            untold.push("by draw, one draw of the folds (--repeats 2 or more)".to_owned());
        }
        if self.folds == Some(1) {
            let where_else = if self.draws > 1 { "; what it does is in the draw's part" } else { "" };
            untold.push(format!("by fold, one test part a draw{where_else}"));
        }
        if self.seeds == 1 {
            let where_else = match (self.folds, self.draws) {
                (Some(2..), _) => "; what it does is in the fold's part",
                (_, 2..) => "; what it does is in the draw's part",
                _ => "",
            };
            untold.push(format!("by seed, one seed a fold (--seeds 2 or more){where_else}"));
        }
        untold.join("; ")
    }
}

impl ModelVariance {
    fn of(fits: &ScoredFits, components: Option<VarianceComponents>) -> Self {
        let part = |of: fn(&VarianceComponents) -> Option<f64>| {
            let components = components.as_ref()?;
            let (variance, total) = (of(components)?, components.total());
            Some(Part { standard_deviation: variance.sqrt(), share: (total > 0.0).then(|| variance / total) })
        };
        Self {
            model: fits.model.clone(),
            macro_f1: fits.macro_f1,
            by_draw: part(|components| components.draw),
            by_fold: part(|components| components.fold),
            by_seed: part(|components| components.seed),
        }
    }
}
