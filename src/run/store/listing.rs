//! Which runs there are, and how far each is.

use super::Store;
use super::cell_files::CellFile;
use crate::error::{Error, Result};
use serde::Serialize;
use std::fs;
use std::time::SystemTime;

/// A stored run in a line.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// Its name.
    pub id: String,
    /// When its command was given last.
    pub given: SystemTime,
    /// Whether it is being computed, as far as the file system has locks.
    pub is_held: bool,
    /// How far it is, or why its plan is not believed.
    pub progress: std::result::Result<Progress, Error>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Models, and variants of them.
    pub models: usize,
    /// Fits that the run consists of.
    pub cells: usize,
    /// Those that are stored. They are counted and not read.
    pub done: usize,
    /// Those that failed.
    pub failed: usize,
}

impl Store {
    /// All runs, the latest first, with how far they are.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn summaries(&self) -> Result<Vec<RunSummary>> {
        let of_run = |(given, id): (SystemTime, String)| RunSummary {
            given,
            is_held: self.is_held(&id),
            progress: self.progress(&id),
            id,
        };
        Ok(self.runs()?.into_iter().map(of_run).collect())
    }

    /// How many finished cells there are, counted by the names of their files, and whether there are more: a folder may have
    /// millions, of which so many are looked at.
    pub fn count_cells(&self, most: usize) -> (usize, bool) {
        let listing = fs::read_dir(self.root.join("cells")).into_iter().flatten().flatten();
        let is_done = |entry: fs::DirEntry| {
            entry.file_name().to_str().and_then(CellFile::of).is_some_and(|(kind, _)| kind == CellFile::Done)
        };
        let (mut looked_at, mut done) = (0, 0);
        for entry in listing.take(most) {
            looked_at += 1;
            done += usize::from(is_done(entry));
        }
        (done, looked_at == most)
    }

    fn progress(&self, id: &str) -> Result<Progress> {
        let plan = self.plan(id)?;
        let mut progress = Progress { models: plan.models.len(), cells: 0, done: 0, failed: 0 };
        for key in plan.fits().map(|cell| plan.key(cell)) {
            let is_done = self.record_path(&key).is_file();
            progress.cells += 1;
            progress.done += usize::from(is_done);
            progress.failed += usize::from(!is_done && self.failure_path(&key).is_file());
        }
        Ok(progress)
    }
}
