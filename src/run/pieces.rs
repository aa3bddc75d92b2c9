use super::memory::Meter;
use super::{CellLock, FitCosts, Store};
use std::time::Instant;

/// One piece of a fit, which may have been interrupted before and be interrupted again.
pub(super) struct Piece<'a> {
    store: &'a Store,
    /// None where nothing is stored.
    lock: Option<&'a CellLock>,
    pub meter: &'static Meter,
    before: FitCosts,
    start: Instant,
}

impl<'a> Piece<'a> {
    /// Starts to measure what goes on from the scratch folder of a cell, if it has one.
    pub fn start(store: &'a Store, lock: Option<&'a CellLock>, meter: &'static Meter) -> Self {
        let before = lock.map(|lock| store.costs_before(lock)).unwrap_or_default();
        meter.start();
        Self { store, lock, meter, before, start: Instant::now() }
    }

    /// What all pieces cost so far.
    pub fn costs(&self) -> FitCosts {
        self.before.and(self.start.elapsed().as_secs_f64(), self.meter.peak_bytes())
    }

    /// Stores what they cost, for the piece after this one.
    pub fn keep(&self) {
        if let Some(lock) = self.lock {
            self.store.keep_costs(lock, self.costs());
        }
    }
}
