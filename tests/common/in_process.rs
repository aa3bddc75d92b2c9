//! Experiments that run inside the test.

use super::Place;
use genre_bench::experiment::{Data, Experiment, Registry, Session, SessionObserver, SplitOptions};
use genre_bench::run::{Cell, CellOutcome, Plan, RunObserver};
use genre_bench::util::Damage;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Keeps the warnings, and cancels when fits told so often how far they are.
#[derive(Default)]
pub struct Listener {
    warnings: RefCell<Vec<String>>,
    of_cells: Mutex<Vec<String>>,
    steps: AtomicUsize,
    patience: Option<usize>,
}

impl Listener {
    /// One that cancels after so many steps, or never.
    pub fn with_patience(patience: Option<usize>) -> Self {
        Self { patience, ..Self::default() }
    }

    /// What it was warned of.
    pub fn warnings(&self) -> Vec<String> {
        [&self.warnings.borrow()[..], &self.of_cells.lock().unwrap()].concat()
    }

    /// Forgets what it was warned of.
    pub fn forget(&self) {
        self.warnings.borrow_mut().clear();
        self.of_cells.lock().unwrap().clear();
    }

    fn is_impatient(&self) -> bool {
        self.patience.is_some_and(|patience| self.steps.load(Ordering::Relaxed) >= patience)
    }
}

impl SessionObserver for Listener {
    fn reading(&self, _done: usize, _total: usize) {}
    fn tells(&self, _line: &str) {}
    fn warns(&self, line: &str) {
        self.warnings.borrow_mut().push(line.to_owned());
    }
    fn starts<'a>(&'a self, _plan: &'a Plan, _cells: usize) -> Box<dyn RunObserver + 'a> {
        Box::new(OfCells(&self.of_cells, &self.steps, self.patience))
    }
    fn cancelled(&self) -> bool {
        self.is_impatient()
    }
}

struct OfCells<'a>(&'a Mutex<Vec<String>>, &'a AtomicUsize, Option<usize>);

impl RunObserver for OfCells<'_> {
    fn progress(&self, _cell: Cell, _done: usize, _total: usize, _note: &str) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
    fn damaged(&self, damage: &Damage) {
        self.0.lock().unwrap().push(damage.to_string());
    }
    fn cancelled(&self) -> bool {
        self.2.is_some_and(|patience| self.1.load(Ordering::Relaxed) >= patience)
    }
}

/// A session that stores in `out`.
pub fn session<'a>(registry: &'a Registry, out: &Path, listener: &'a Listener) -> Session<'a> {
    Session {
        registry,
        out: out.to_owned(),
        jobs: Some(2),
        cache: None,
        tensorboard: None,
        keep_models: false,
        observer: listener,
        loaded: RefCell::default(),
    }
}

/// Three folds of `t.csv`.
pub fn experiment(place: &Place, models: &[&str], seed: u64) -> Experiment {
    Experiment {
        models: models.iter().map(|name| (*name).to_owned()).collect(),
        seed,
        data: Data { path: Some(place.path("t.csv")), ..Data::default() },
        split: SplitOptions { folds: Some(3), ..SplitOptions::default() },
        ..Experiment::default()
    }
}

/// What must not change when a cell is computed again.
pub fn numbers(outcomes: &[CellOutcome]) -> Vec<String> {
    let number = |outcome: &CellOutcome| match outcome {
        CellOutcome::Done(record) => format!("{:?} {:?}", record.train_labels, record.test_scores),
        other => format!("{other:?}"),
    };
    outcomes.iter().map(number).collect()
}
