use crate::dataset::Catalogue;
use crate::error::{Error, Result};
use crate::protocol::Fold;
use crate::run::{Cell, CellOutcome, Plan, Record, Store};
use crate::util::Damage;

/// A run with all its outcomes: fresh from [`crate::run::execute`] or read again from the store.
#[derive(Debug, Clone)]
pub struct Results {
    /// What was run.
    pub plan: Plan,
    /// On which examples.
    pub catalogue: Catalogue,
    /// In which division.
    pub folds: Vec<Fold>,
    /// How each cell ended, in the order of [`Plan::cells`].
    pub outcomes: Vec<CellOutcome>,
    /// What was found in the store that is not what it should be: set aside and computed again in a fresh run, counted
    /// as missing in one that was read.
    pub damaged: Vec<Damage>,
}

/// A finished cell with the truth beside it.
#[derive(Debug, Clone, Copy)]
pub struct FoldResult<'a> {
    /// The division.
    pub fold: &'a Fold,
    /// Which of the seeds of that fold, from 0.
    pub seed: usize,
    /// The predictions.
    pub record: &'a Record,
}

impl FoldResult<'_> {
    /// What it is called wherever people read: the fold's name and, of a later seed, its number.
    pub fn name(&self) -> String {
        match self.seed {
            0 => self.fold.name(),
            seed => format!("{}, seed {seed}", self.fold.name()),
        }
    }
}

impl Results {
    /// Reads a run from the store, by its name, the start of it, or `last`.
    ///
    /// # Errors
    ///
    /// There is no such run, or its files are missing or damaged. Cells that are missing or damaged are not an error.
    pub fn load(store: &Store, run: &str) -> Result<Self> {
        let (plan, catalogue, folds) = store.load_run(run)?;
        let classes = catalogue.classes.len();
        let outcomes = plan
            .cells()
            .map(|cell| store.outcome(&plan.identity(cell), &folds[cell.fold], classes))
            .collect();
        Ok(Self { plan, catalogue, folds, outcomes, damaged: store.damaged() })
    }

    /// The number of the model that has a name.
    ///
    /// # Errors
    ///
    /// There is none; the message lists those there are.
    pub fn model(&self, name: &str) -> Result<usize> {
        let models = &self.plan.models;
        models.iter().position(|model| model.name == name).ok_or_else(|| {
            let there: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
            Error::new(format!("model `{name}`"), "is not part of the run", there.join(", "))
        })
    }

    /// The outcomes of a model, one a fold and seed.
    pub fn of_model(&self, model: usize) -> &[CellOutcome] {
        let cells = self.folds.len() * self.plan.conditions.seeds();
        &self.outcomes[model * cells..(model + 1) * cells]
    }

    /// Its outcomes on each fold, one a seed.
    fn by_fold(&self, model: usize) -> impl Iterator<Item = (&Fold, &[CellOutcome])> {
        self.folds.iter().zip(self.of_model(model).chunks_exact(self.plan.conditions.seeds()))
    }

    /// The finished cells of a model, fold by fold and of each seed by seed.
    pub fn fold_results(&self, model: usize) -> impl Iterator<Item = FoldResult<'_>> {
        self.by_fold(model).flat_map(|(fold, outcomes)| {
            outcomes.iter().enumerate().filter_map(move |(seed, outcome)| match outcome {
                CellOutcome::Done(record) => Some(FoldResult { fold, seed, record }),
                CellOutcome::Failed(_) | CellOutcome::Missing => None,
            })
        })
    }

    /// The finished cells of a model that were fitted: of one that draws nothing, those of one seed.
    pub fn fits(&self, model: usize) -> impl Iterator<Item = FoldResult<'_>> {
        let deterministic = self.plan.models[model].deterministic;
        self.fold_results(model).filter(move |fit| fit.seed == 0 || !deterministic)
    }

    /// Folds that a model finished with every seed.
    pub fn folds_done(&self, model: usize) -> usize {
        let is_done = |outcome: &CellOutcome| matches!(outcome, CellOutcome::Done(_));
        self.by_fold(model).filter(|(_, outcomes)| outcomes.iter().all(is_done)).count()
    }

    /// The cells of a model, if it finished all folds with every seed.
    pub fn complete(&self, model: usize) -> Option<Vec<FoldResult<'_>>> {
        let finished: Vec<FoldResult> = self.fold_results(model).collect();
        (finished.len() == self.of_model(model).len()).then_some(finished)
    }

    /// Cells that failed, with the reason.
    pub fn failures(&self) -> impl Iterator<Item = (Cell, &str)> {
        self.plan.cells().zip(&self.outcomes).filter_map(|(cell, outcome)| match outcome {
            CellOutcome::Failed(reason) => Some((cell, reason.as_str())),
            CellOutcome::Done(_) | CellOutcome::Missing => None,
        })
    }

    /// Class of each of some examples.
    pub fn truth(&self, examples: &[usize]) -> Vec<usize> {
        examples.iter().map(|&e| self.catalogue.examples[e].label).collect()
    }

    /// Track of each of some examples.
    pub fn tracks(&self, examples: &[usize]) -> Vec<usize> {
        examples.iter().map(|&e| self.catalogue.examples[e].track).collect()
    }
}
