use super::{tell, warn};
use crate::experiment::SessionObserver;
use crate::recordings::audit::AuditObserver;
use crate::run::{Cell, CellOutcome, Plan, RunObserver};
use crate::util::Damage;
use crate::util::shown::{lines, one_line};
use console::style;
use genre_bench_api::Observer;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Set by Ctrl-C; one program has one.
static STOP: AtomicBool = AtomicBool::new(false);

/// Steps of the bar that a cell is: its fit moves the bar too, or the rest of long fits could not be estimated.
const STEPS: u64 = 1000;

/// Tells of experiments on standard error: bars if that is a terminal, and lines unless the user wants quiet.
pub struct Console {
    quiet: bool,
    recordings: RefCell<Option<RecordingsBar>>,
}

impl Console {
    /// One that tells nothing but errors if it is `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { quiet, recordings: RefCell::default() }
    }
}

impl SessionObserver for Console {
    fn reading(&self, done: usize, total: usize) {
        let mut bar = self.recordings.borrow_mut();
        bar.get_or_insert_with(|| RecordingsBar::new(self.quiet)).show(done, total);
        // The next data has a bar of its own.
        if done == total {
            *bar = None;
        }
    }

    fn embeds<'a>(&'a self, encoder: &str) -> Box<dyn Observer + 'a> {
        stop_on_ctrl_c();
        Box::new(Embedding { encoder: encoder.to_owned(), quiet: self.quiet, bar: OnceLock::new() })
    }

    fn tells(&self, line: &str) {
        if !self.quiet {
            tell(line);
        }
    }

    fn warns(&self, line: &str) {
        warn(line);
    }

    fn starts<'a>(&'a self, plan: &'a Plan, cells: usize) -> Box<dyn RunObserver + 'a> {
        stop_on_ctrl_c();
        Box::new(Progress::new(plan, cells, self.quiet))
    }

    fn cancelled(&self) -> bool {
        stopped()
    }
}

/// Shows how far a run is, on standard error if that is a terminal.
struct Progress<'a> {
    plan: &'a Plan,
    bar: ProgressBar,
    quiet: bool,
    cells: Mutex<Cells>,
}

/// What is known of the cells of a run.
struct Cells {
    /// To be computed in this run, as far as is known.
    all: u64,
    ended: u64,
    /// What those at work say of themselves, and how many steps they are done with.
    at_work: BTreeMap<Cell, (String, u64)>,
}

impl<'a> Progress<'a> {
    /// A bar for so many cells of a plan.
    fn new(plan: &'a Plan, cells: usize, quiet: bool) -> Self {
        let template = "{elapsed_precise} [{bar:24}] {prefix} cells, {eta} left  {wide_msg}";
        let all = cells as u64;
        let bar = bar(cells * STEPS as usize, quiet, template);
        Self { plan, bar, quiet, cells: Mutex::new(Cells { all, ended: 0, at_work: BTreeMap::new() }) }
    }

    fn name(&self, cell: Cell) -> String {
        let (repeat, fold) = self.plan.folds[cell.fold];
        let model = one_line(&self.plan.models[cell.model].name);
        // Inner folds are numbered by the outer one that they are of, repeated ones by their draw.
        let fold = match self.plan.folds.iter().any(|(repeat, _)| *repeat > 0) {
            true => format!("{repeat}.{fold}"),
            false => fold.to_string(),
        };
        match self.plan.conditions.seeds() {
            1 => format!("{model} fold {fold}"),
            _ => format!("{model} fold {fold} seed {}", cell.seed),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Cells)) {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut cells);
        let Cells { all, ended, at_work } = &*cells;
        self.bar.set_length(all * STEPS);
        self.bar.set_position(ended * STEPS + at_work.values().map(|(_, steps)| steps).sum::<u64>());
        self.bar.set_prefix(format!("{ended}/{all}"));
        self.bar.set_message(at_work.values().map(|(said, _)| said.as_str()).collect::<Vec<_>>().join(", "));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl RunObserver for Progress<'_> {
    fn started(&self, cell: Cell) {
        self.change(|cells| {
            cells.at_work.insert(cell, (self.name(cell), 0));
        });
    }

    fn progress(&self, cell: Cell, done: usize, total: usize, note: &str) {
        let steps = (done as u64 * STEPS).checked_div(total as u64).unwrap_or(0).min(STEPS);
        self.change(|cells| {
            let said = format!("{} ({done}/{total} {})", self.name(cell), one_line(note));
            cells.at_work.insert(cell, (said, steps));
        });
    }

    fn ended(&self, cell: Cell, outcome: &CellOutcome, computed: bool) {
        self.change(|cells| {
            cells.at_work.remove(&cell);
            // What was there already must not make the estimate of the rest too good.
            if computed { cells.ended += 1 } else { cells.all = cells.all.saturating_sub(1) }
        });
        if let (CellOutcome::Failed(reason), false) = (outcome, self.quiet) {
            let label = style(format!("{} failed:", self.name(cell))).for_stderr().red();
            self.bar.suspend(|| tell(format!("{label} {}", lines(reason))));
        }
    }

    fn unsaved(&self, cell: Cell, reason: &str) {
        self.bar.suspend(|| warn(format!("{} is not saved: {}", self.name(cell), lines(reason))));
    }

    fn damaged(&self, damage: &Damage) {
        self.bar.suspend(|| warn(damage));
    }

    fn cancelled(&self) -> bool {
        STOP.load(Ordering::Relaxed)
    }
}

/// Shows how many recordings an encoder has embedded, on standard error if that is a terminal.
struct Embedding {
    encoder: String,
    quiet: bool,
    bar: OnceLock<ProgressBar>,
}

impl Observer for Embedding {
    fn progress(&self, done: usize, total: usize, _note: &str) {
        let template = "{elapsed_precise} [{bar:24}] {pos}/{len} recordings, {eta} left  {prefix}";
        let bar = self.bar.get_or_init(|| bar(total, self.quiet, template));
        bar.set_prefix(format!("embeddings of {}", one_line(&self.encoder)));
        bar.set_position(done as u64);
    }

    fn cancelled(&self) -> bool {
        stopped()
    }
}

impl Drop for Embedding {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

/// Shows how many recordings are done, on standard error if that is a terminal; nothing before it is told of any.
pub struct RecordingsBar {
    quiet: bool,
    bar: OnceLock<ProgressBar>,
}

impl RecordingsBar {
    /// A bar that is not there yet.
    pub fn new(quiet: bool) -> Self {
        Self { quiet, bar: OnceLock::new() }
    }

    /// Shows that `done` of `total` recordings are done, and goes away with the last.
    pub fn show(&self, done: usize, total: usize) {
        let bar = self.bar.get_or_init(|| {
            bar(total, self.quiet, "{elapsed_precise} [{bar:24}] {pos}/{len} recordings, {eta} left")
        });
        bar.set_position(done as u64);
        if done == total {
            bar.finish_and_clear();
        }
    }

    /// Takes the bar away before the last recording is done.
    pub fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

/// Shows how far an audit is, on standard error if that is a terminal; it goes away when it is dropped.
pub struct AuditBar(ProgressBar);

impl AuditBar {
    /// A bar of no stage yet.
    pub fn new(quiet: bool) -> Self {
        Self(bar(0, quiet, "{elapsed_precise} [{bar:24}] {msg} {pos}/{len}, {eta} left"))
    }
}

impl Drop for AuditBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl AuditObserver for AuditBar {
    fn begin(&self, stage: &'static str, steps: usize) {
        self.0.reset();
        self.0.set_message(stage);
        self.0.set_length(steps as u64);
    }

    fn done(&self) {
        self.0.inc(1);
    }

    fn cancelled(&self) -> bool {
        stopped()
    }
}

/// A bar of `total` steps that keeps its clock running.
pub fn bar(total: usize, quiet: bool, template: &str) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        // Before the first step nothing is known of the rest.
        let left = |state: &ProgressState, to: &mut dyn Write| {
            let _ = match state.pos() {
                0 => write!(to, "?"),
                _ => write!(to, "{:#}", HumanDuration(state.eta())),
            };
        };
        bar.set_style(style.progress_chars("=> ").with_key("eta", left));
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// How long the cells at work have to end by themselves. Most do at once; an operation of a network, or a model of
/// somebody's that never asks, may take longer, and a store can be left at any moment.
const GRACE: Duration = Duration::from_millis(900);

/// Makes Ctrl-C stop the run within a second.
fn stop_on_ctrl_c() {
    on_ctrl_c(|| {
        eprintln!(
            "\nstopping; what is done is stored, and the same command goes on (Ctrl-C again stops at once)"
        );
        // If no thread can be started, the cells at work are waited for.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(GRACE);
            std::process::exit(super::Status::INTERRUPTED.into());
        });
    });
}

/// Makes the first Ctrl-C say `message` and [`stopped`] true, the second one end the program.
pub fn stop_on_ctrl_c_saying(message: &'static str) {
    on_ctrl_c(move || eprintln!("\n{message}"));
}

/// Makes the first Ctrl-C do something and [`stopped`] true, the second one end the program.
fn on_ctrl_c(first: impl Fn() + Send + 'static) {
    let handler = move || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(super::Status::INTERRUPTED.into());
        }
        first();
    };
    // It can fail only if there is a handler already; then Ctrl-C ends the program, which is safe too.
    let _ = ctrlc::set_handler(handler);
}

/// Whether Ctrl-C was pressed.
pub fn stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}
