//! How far a task is, for those who look from elsewhere.

use super::folder::PlanFolder;
use crate::run::{Cell, CellOutcome, Plan, RunObserver};
use crate::util::{Damage, WholeFile, read_regular};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant, SystemTime};

/// How often a task that is at work says so.
const BEAT: Duration = Duration::from_secs(20);
/// How often it says that cells ended: not for each of many short ones.
const BETWEEN: Duration = Duration::from_secs(1);
/// Seconds after which a task that says nothing is taken for one that was killed.
pub(super) const SILENT: u64 = 90;
/// Larger files are no mark.
const MOST_BYTES: u64 = 1 << 24;
/// Failures that a mark has with their reasons, at most.
const MOST_REASONS: usize = 100;

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The task.
    pub task: usize,
    /// What it does.
    pub state: State,
    /// Its cells.
    pub cells: usize,
    /// Those that are done.
    pub done: usize,
    /// Those that failed.
    pub failed: usize,
    /// Why they failed, the first of them.
    pub reasons: Vec<FailedCell>,
    /// Why the task could not be worked on, if so.
    pub trouble: Option<String>,
    /// How often it was begun.
    pub tries: usize,
    /// The machine that is at it.
    pub host: Option<String>,
    /// Seconds since it was begun this time.
    pub seconds: f64,
    /// When this was written, in seconds since 1970.
    pub updated: u64,
}

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is at work, or was killed.
    Working,
    /// All of its cells are done.
    Done,
    /// It ended, and some of its cells failed or could not be stored.
    Failed,
    /// It was stopped before its end.
    Stopped,
}

/// A cell that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCell {
    /// Its name in the store.
    pub cell: String,
    /// Why.
    pub reason: String,
}

impl Mark {
    /// The mark of a task; `None` where there is none that can be read: it is for people, and nothing hangs on it.
    pub(super) fn read(folder: &PlanFolder, task: usize) -> Option<Self> {
        Self::at(&folder.mark_path(task))
    }

    fn at(path: &Path) -> Option<Self> {
        serde_json::from_slice(&read_regular(path, MOST_BYTES).ok()?).ok()
    }

    /// Whether somebody else has begun the task later, or is done with it: a process that a scheduler takes for dead may
    /// go on for a while.
    fn is_overtaken_by(&self, there: &Self) -> bool {
        there.tries > self.tries || (there.tries == self.tries && there.state == State::Done)
    }

    /// Whether a task that should be at work has said nothing for long.
    pub fn is_silent(&self) -> bool {
        self.state == State::Working && now().saturating_sub(self.updated) > SILENT
    }
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}

/// Keeps the mark of a task up to date.
pub(super) struct Marker {
    path: PathBuf,
    started: Instant,
    state: Mutex<(Mark, Instant)>,
}

impl Marker {
    /// Of a task that begins, of so many cells. Where the folder cannot be written to there is no mark, and the work goes
    /// on: the results are what counts.
    pub fn begin(folder: &PlanFolder, task: usize, cells: usize) -> Self {
        let tries = Mark::read(folder, task).map_or(0, |before| before.tries) + 1;
        let mark = Mark {
            task,
            state: State::Working,
            cells,
            done: 0,
            failed: 0,
            reasons: Vec::new(),
            trouble: None,
            tries,
            host: sysinfo::System::host_name(),
            seconds: 0.0,
            updated: now(),
        };
        let started = Instant::now();
        let marker = Self { path: folder.mark_path(task), started, state: Mutex::new((mark, started)) };
        marker.change(true, |_| {});
        marker
    }

    /// Does something, and says every while that it is still at it.
    pub fn beating<T>(&self, work: impl FnOnce() -> T) -> T {
        std::thread::scope(|scope| {
            let (ended, waits) = mpsc::channel::<()>();
            let beat = move || {
                while waits.recv_timeout(BEAT) == Err(mpsc::RecvTimeoutError::Timeout) {
                    self.change(true, |_| {});
                }
            };
            // Without a thread to spare nobody hears of it, which is no harm.
            let _ = std::thread::Builder::new().spawn_scoped(scope, beat);
            let done = work();
            drop(ended);
            done
        })
    }

    /// Says how it ended.
    pub fn end(&self, state: State, trouble: Option<String>) {
        self.change(true, |mark| {
            mark.state = state;
            mark.trouble = trouble;
        });
    }

    fn ended(&self, cell: impl FnOnce() -> String, outcome: &CellOutcome) {
        self.change(false, |mark| match outcome {
            CellOutcome::Done(_) => mark.done += 1,
            CellOutcome::Failed(reason) => {
                mark.failed += 1;
                if mark.reasons.len() < MOST_REASONS {
                    mark.reasons.push(FailedCell { cell: cell(), reason: reason.clone() });
                }
            }
            CellOutcome::Missing => {}
        });
    }

    fn change(&self, at_once: bool, change: impl FnOnce(&mut Mark)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state.0);
        if at_once || state.1.elapsed() >= BETWEEN {
            state.0.seconds = self.started.elapsed().as_secs_f64();
            state.0.updated = now();
            state.1 = Instant::now();
            let _ = self.write(&state.0);
        }
    }

    fn write(&self, mark: &Mark) -> std::io::Result<()> {
        if Mark::at(&self.path).is_some_and(|there| mark.is_overtaken_by(&there)) {
            return Ok(());
        }
        let mut file = WholeFile::create(&self.path)?;
        file.write_all(&serde_json::to_vec(mark)?)?;
        // It is written again soon.
        file.finish_without_sync()
    }
}

/// Tells both the user and the mark how cells end.
pub(super) struct Marking<'a> {
    pub marker: &'a Marker,
    pub plan: &'a Plan,
    pub user: &'a dyn RunObserver,
}

impl RunObserver for Marking<'_> {
    fn started(&self, cell: Cell) {
        self.user.started(cell);
    }
    fn progress(&self, cell: Cell, done: usize, total: usize, note: &str) {
        self.user.progress(cell, done, total, note);
    }
    fn ended(&self, cell: Cell, outcome: &CellOutcome, computed: bool) {
        self.marker.ended(|| self.plan.key(cell), outcome);
        self.user.ended(cell, outcome, computed);
    }
    fn unsaved(&self, cell: Cell, reason: &str) {
        self.user.unsaved(cell, reason);
    }
    fn damaged(&self, damage: &Damage) {
        self.user.damaged(damage);
    }
    fn cancelled(&self) -> bool {
        self.user.cancelled()
    }
}
