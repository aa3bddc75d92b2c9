use super::budget::{Budget, Refusal, free_bytes};
use super::memory::Meter;
use super::need::{Need, Reading};
use super::parts::FoldParts;
use super::pieces::Piece;
use super::saved::{HeldOutScore, SavedModel};
use super::{Calibrated, Cell, CellLock, CellOutcome, Claim, Made, Plan, Record, Store};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::protocol::{Fold, Split};
use crate::score::{Reliability, labels_of};
use crate::util::Damage;
use genre_bench_api::{
    BLOCK, Calibration, CalibrationMethod, FitShape, Fitted, Inputs, Model, Observer, Run, size_text,
    try_zeros,
};
use ndarray::{Array2, s};
use std::collections::VecDeque;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Start of the names of all threads that work for a cell.
const THREAD_NAME: &str = "cell-";

/// What a run may use; none of it changes its numbers.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Cells at a time.
    pub jobs: usize,
    /// Threads for each of them.
    pub threads: usize,
    /// Folder for TensorBoard's event files, if they are wanted.
    pub tensorboard: Option<PathBuf>,
    /// Where fitted models are saved, if they are wanted.
    pub keep: Option<Keep>,
}

/// Where fitted models are saved.
#[derive(Debug, Clone)]
pub enum Keep {
    /// Each in a folder of its own in this one, called after its cell.
    EachIn(PathBuf),
    /// The only one, here, with the score that recommends it.
    Only(PathBuf, Option<HeldOutScore>),
}

impl Keep {
    /// The folder of a cell's model.
    fn folder(&self, key: &str) -> PathBuf {
        match self {
            Self::EachIn(folder) => folder.join(key),
            Self::Only(folder, _) => folder.clone(),
        }
    }
}

/// Models by name, with that of an encoder in front of it or not.
pub trait ModelSet: Sync {
    /// The model of a name, if there is one.
    fn model(&self, name: &str) -> Option<&dyn Model>;
}

/// Who is told what happens, from several threads.
pub trait RunObserver: Sync {
    /// A cell is about to be computed.
    fn started(&self, _cell: Cell) {}
    /// A fit got further.
    fn progress(&self, _cell: Cell, _done: usize, _total: usize, _note: &str) {}
    /// A cell ended; `computed` is false if it was in the store already.
    fn ended(&self, _cell: Cell, _outcome: &CellOutcome, _computed: bool) {}
    /// A model was fitted that was to be saved, and is not: why.
    fn unsaved(&self, _cell: Cell, _reason: &str) {}
    /// Something in the store is not what it should be, and is computed again.
    fn damaged(&self, _damage: &Damage) {}
    /// Whether the user wants the run to stop.
    fn cancelled(&self) -> bool {
        false
    }
}

/// All cells of a plan, to be computed.
pub struct Job<'a> {
    /// What is to be computed.
    pub plan: &'a Plan,
    /// On which examples.
    pub dataset: &'a Dataset,
    /// In which division.
    pub split: &'a Split,
    /// The models behind the plan's names.
    pub models: &'a dyn ModelSet,
    /// Where cells are looked for and stored.
    pub store: &'a Store,
    /// With what.
    pub resources: Resources,
    /// Who is told how far it is.
    pub observer: &'a dyn RunObserver,
}

impl Job<'_> {
    /// Computes all cells of the plan that the store does not have. Returns the outcome of every cell, in the order of
    /// [`Plan::cells`], and the first trouble with the store; cells that could not be stored are among the outcomes all
    /// the same.
    ///
    /// The numbers depend on the plan alone, not on the resources, nor on which cells were in the store.
    ///
    /// # Errors
    ///
    /// Only if no worker could be started. Trouble with a model is that cell's outcome.
    pub fn execute(&self) -> Result<(Vec<CellOutcome>, Option<Error>)> {
        self.execute_some(&self.plan.cells().collect::<Vec<_>>())
    }

    /// The same of some cells alone, with their outcomes in their order.
    ///
    /// # Errors
    ///
    /// As [`Job::execute`].
    pub fn execute_some(&self, cells: &[Cell]) -> Result<(Vec<CellOutcome>, Option<Error>)> {
        let started = SystemTime::now();
        let queue = Mutex::new((0..cells.len()).collect::<VecDeque<usize>>());
        let done = Mutex::new((vec![CellOutcome::Missing; cells.len()], None));
        let mut workers = Vec::new();
        for number in 0..self.resources.jobs.clamp(1, cells.len().max(1)) {
            match Worker::start(number, self.resources.threads) {
                Ok(worker) => workers.push(worker),
                Err(error) if workers.is_empty() => return Err(error),
                // Fewer do it too, if the system has no threads for more.
                Err(_) => break,
            }
        }
        let budget = Budget::new(free_bytes);
        quiet_panics();
        let work = |worker: &Worker| {
            while let Some(number) = pop(&queue) {
                if self.observer.cancelled() {
                    break;
                }
                let Some((outcome, error)) = self.cell(cells[number], worker, &budget, started) else {
                    // Another process is at it: come back when there is nothing else to do.
                    lock(&queue).push_back(number);
                    std::thread::sleep(Duration::from_millis(50));
                    continue;
                };
                let mut done = lock(&done);
                done.0[number] = outcome;
                done.1 = done.1.take().or(error);
            }
        };
        std::thread::scope(|scope| {
            let (here, others) = workers.split_at(1);
            for worker in others {
                // A worker without a thread leaves its cells to the others.
                let _ = std::thread::Builder::new().spawn_scoped(scope, || work(worker));
            }
            here.iter().for_each(work);
        });
        Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds or computes a cell; `None` if another process is computing it.
    fn cell(
        &self,
        cell: Cell,
        worker: &Worker,
        budget: &Budget,
        started: SystemTime,
    ) -> Option<(CellOutcome, Option<Error>)> {
        let fold = &self.split.folds[cell.fold];
        let classes = self.dataset.catalogue.classes.len();
        let mut error = None;
        let lock = match self.store.claim(&self.plan.identity(cell), fold, classes, started) {
            // A model that is wanted and was not kept is fitted again: the numbers are the same.
            Ok(Claim::Ended(CellOutcome::Done(_))) if self.lacks_model(cell) => None,
            Ok(Claim::Ended(outcome)) => {
                self.observer.ended(cell, &outcome, false);
                return Some((outcome, None));
            }
            Ok(Claim::Busy) => return None,
            Ok(Claim::Ours(lock)) => Some(lock),
            Err(e) => {
                error = Some(e);
                None
            }
        };
        let tell_damage = || self.store.take_untold().iter().for_each(|damage| self.observer.damaged(damage));
        tell_damage();
        self.observer.started(cell);
        let outcome = self.compute(cell, fold, worker, budget, lock.as_ref());
        if let Some(lock) = lock {
            error = self.store.finish(lock, &outcome).err();
        }
        tell_damage();
        self.observer.ended(cell, &outcome, true);
        Some((outcome, error))
    }

    /// Whether the cell's model is wanted and not there.
    fn lacks_model(&self, cell: Cell) -> bool {
        match &self.resources.keep {
            None => false,
            Some(keep @ Keep::EachIn(_)) => SavedModel::read(&keep.folder(&self.plan.key(cell))).is_err(),
            // The folder is the user's, and may hold any other model.
            Some(Keep::Only(..)) => true,
        }
    }

    /// Saves a fitted model where it is wanted. Its result stands whatever comes of it.
    fn keep(&self, cell: Cell, parts: &FoldParts, measured: &Measured) {
        let Some(keep) = &self.resources.keep else { return };
        let saved = SavedModel::of(self, cell, parts, measured).and_then(|mut saved| {
            let folder = keep.folder(&self.plan.key(cell));
            match keep {
                // Seeds share the model of one that draws nothing.
                Keep::EachIn(_) => saved.write_once(&folder),
                Keep::Only(_, evaluation) => {
                    saved.about.evaluation.clone_from(evaluation);
                    saved.write(&folder)
                }
            }
        });
        if let Err(error) = saved {
            self.observer.unsaved(cell, &error.to_string());
        }
    }

    fn compute(
        &self,
        cell: Cell,
        fold: &Fold,
        worker: &Worker,
        budget: &Budget,
        lock: Option<&CellLock>,
    ) -> CellOutcome {
        let planned = &self.plan.models[cell.model];
        let Some(model) = self.models.model(&planned.model) else {
            return CellOutcome::Failed("the program has no such model".to_owned());
        };
        let params = planned.params_on(cell.fold);
        let reading = match Reading::of(self.dataset, planned, params, model) {
            Ok(reading) => reading,
            Err(reason) => return CellOutcome::Failed(reason),
        };
        let Need { shape, parts: parts_bytes, fit } =
            reading.need(fold, self.resources.threads, self.plan.conditions.device);
        let needed = parts_bytes.saturating_add(fit.unwrap_or(0));
        let (table, spectrograms, without) = (reading.table, reading.spectrograms, reading.without());
        let cancelled = || self.observer.cancelled();
        let _reserved = match budget.reserve(needed, cancelled) {
            Ok(reservation) => reservation,
            Err(Refusal::Cancelled) => return CellOutcome::Missing,
            Err(Refusal::TooLarge(free)) => return CellOutcome::Failed(too_large(needed, free, &shape)),
        };
        let parts =
            match FoldParts::of(self.dataset, table, self.split, fold, &without, spectrograms, &cancelled) {
                Ok(parts) => parts,
                Err(genre_bench_api::Error::Cancelled) => return CellOutcome::Missing,
                Err(e) => return CellOutcome::Failed(e.to_string()),
            };
        let calibration = self.plan.conditions.calibration;
        let fit = || {
            let piece = Piece::start(self.store, lock, worker.meter);
            let run = Run {
                key: self.plan.key(cell),
                params: params.clone(),
                seed: self.plan.cell_seed(cell),
                threads: self.resources.threads,
                device: self.plan.conditions.device,
                scratch: lock.map(|lock| self.store.scratch(lock)),
                tensorboard: (self.resources.tensorboard.as_ref())
                    .map(|folder| folder.join(self.plan.key(cell))),
                observer: &CellObserver { cell, observer: self.observer, piece: &piece },
            };
            measure(model, &parts, &run, calibration, shape.scored, &piece)
        };
        let try_once = || worker.pool.install(|| catch_unwind(AssertUnwindSafe(fit)));
        let mut ended = try_once();
        if let (Ok(Err(genre_bench_api::Error::Checkpoint(reason))), Some(lock)) = (&ended, lock) {
            self.store.set_scratch_aside(lock, reason);
            ended = try_once();
        }
        match ended {
            Ok(Ok(measured)) => {
                self.keep(cell, &parts, &measured);
                let made = Made::here(self.resources.jobs, self.resources.threads);
                CellOutcome::Done(Record { made: Some(Box::new(made)), ..measured.record })
            }
            Ok(Err(genre_bench_api::Error::Cancelled)) => CellOutcome::Missing,
            Ok(Err(e)) => CellOutcome::Failed(e.to_string()),
            Err(panic) => {
                let text = (panic.downcast_ref::<String>().map(String::as_str))
                    .or_else(|| panic.downcast_ref::<&str>().copied())
                    .unwrap_or("without a message");
                CellOutcome::Failed(format!("panicked: {text}"))
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while it holds one of our locks, so the value is whole even then.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pop(queue: &Mutex<VecDeque<usize>>) -> Option<usize> {
    lock(queue).pop_front()
}

/// Keeps the panics of models off the terminal, where they would tear the progress bar; they are
/// reported with the model. `RUST_BACKTRACE=1` shows them in full.
fn quiet_panics() {
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|v| v != "0") {
        return;
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let of_cell = std::thread::current().name().is_some_and(|name| name.starts_with(THREAD_NAME));
        if !of_cell {
            before(panic);
        }
    }));
}

/// Threads that compute one cell at a time, and the measure of their memory.
struct Worker {
    pool: rayon::ThreadPool,
    meter: &'static Meter,
}

impl Worker {
    fn start(number: usize, threads: usize) -> Result<Self> {
        let meter = Meter::leak();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(move |thread| format!("{THREAD_NAME}{number}-{thread}"))
            .start_handler(|_| meter.attach())
            .build()
            .map_err(|e| Error::new("threads", e, "fewer --jobs"))?;
        Ok(Self { pool, meter })
    }
}

struct CellObserver<'a> {
    cell: Cell,
    observer: &'a dyn RunObserver,
    piece: &'a Piece<'a>,
}

impl Observer for CellObserver<'_> {
    fn progress(&self, done: usize, total: usize, note: &str) {
        self.observer.progress(self.cell, done, total, note);
    }
    fn checkpointed(&self) {
        self.piece.keep();
    }
    fn cancelled(&self) -> bool {
        self.observer.cancelled()
    }
    fn took_elsewhere(&self, bytes: u64) {
        self.piece.meter.add_elsewhere(bytes);
    }
    fn on_thread_start(&self) -> Box<dyn FnOnce() + Send> {
        let meter = self.piece.meter;
        Box::new(|| meter.attach())
    }
}

/// A model that was fitted and scored.
pub(super) struct Measured {
    pub record: Record,
    pub fitted: Box<dyn Fitted>,
    /// Scores of the validation part as they are, if they were calibrated on it.
    pub on_valid: Option<Array2<f32>>,
}

/// Fits and scores a model. Who made the record is for the caller to say.
fn measure(
    model: &dyn Model,
    parts: &FoldParts,
    run: &Run,
    calibration: Option<CalibrationMethod>,
    at_once: usize,
    piece: &Piece,
) -> genre_bench_api::Result<Measured> {
    let classes = parts.train.classes.len();
    let fitted = model.fit(&parts.train, &parts.valid, run)?;
    let fit_seconds = piece.costs().seconds;
    let start = Instant::now();
    let scores_of = |inputs| scores_in_blocks(&*fitted, inputs, classes, at_once, run);
    let scores = scores_of(&parts.test)?;
    let predict_seconds = start.elapsed().as_secs_f64();
    let peak_bytes = piece.costs().peak_bytes;
    let on_train = scores_of(&parts.train.inputs)?;
    let mut on_valid = None;
    let (scores, on_train, calibrated) = match calibration {
        None => (scores, on_train, None),
        Some(method) => {
            let on_valid = on_valid.insert(scores_of(&parts.valid.inputs)?);
            let calibration =
                Calibration::fit(method, on_valid, &parts.valid.labels, || run.check_cancelled())?;
            let as_they_are = Calibration::none(on_valid).apply(&scores);
            let scores = calibration.apply(&scores);
            let on_train = calibration.apply(&on_train);
            let calibrated = Calibrated {
                calibration,
                before: Reliability::of(&parts.test_labels, as_they_are.view()),
                after: Reliability::of(&parts.test_labels, scores.view()),
            };
            (scores, on_train, Some(calibrated))
        }
    };
    let record = Record {
        train_labels: labels_of(on_train.view()).into_iter().map(|label| label as u16).collect(),
        test_scores: scores.rows().into_iter().map(|row| row.to_vec()).collect(),
        fit_seconds,
        predict_seconds,
        peak_bytes,
        insights: fitted.insights(),
        calibrated,
        made: None,
    };
    Ok(Measured { record, fitted, on_valid })
}

/// Seconds that a block of examples should take to score, so that a stop is heard soon.
const BLOCK_SECONDS: Range<f64> = 0.05..0.3;

/// A model's scores of some examples, asked for block by block; the contract says that blocks do not matter.
fn scores_in_blocks(
    fitted: &dyn Fitted,
    inputs: &Inputs,
    classes: usize,
    at_once: usize,
    run: &Run,
) -> genre_bench_api::Result<Array2<f32>> {
    let mut scores = try_zeros((inputs.len(), classes), "the scores")?;
    let mut size = (BLOCK * run.threads).min(at_once);
    let mut start = 0;
    // Without examples there is still a shape to be checked.
    while start < inputs.len() || inputs.is_empty() {
        let rows: Vec<usize> = (start..inputs.len().min(start + size)).collect();
        let started = Instant::now();
        let block = if rows.len() == inputs.len() {
            fitted.scores_unless_cancelled(inputs, run.observer)?
        } else {
            fitted.scores_unless_cancelled(&inputs.select(&rows), run.observer)?
        };
        let seconds = started.elapsed().as_secs_f64();
        check_scores(&block, rows.len(), classes)?;
        scores.slice_mut(s![start..start + rows.len(), ..]).assign(&block);
        start += rows.len();
        size = match seconds {
            quick if quick < BLOCK_SECONDS.start => (4 * size).min(at_once),
            slow if slow > BLOCK_SECONDS.end => (size / 2).max(BLOCK),
            _ => size,
        };
        if inputs.is_empty() {
            break;
        }
    }
    Ok(scores)
}

/// Why a model is not fitted that needs more memory than there is.
fn too_large(needed: u64, free: u64, shape: &FitShape) -> String {
    let FitShape { rows, columns, classes, spectrogram: (height, width), .. } = shape;
    let (size, smaller) = match height * width {
        0 => (format!("{columns} columns"), "fewer columns (of images, a smaller --image-size)"),
        _ => (
            format!("{columns} columns and spectrograms of {height} × {width}"),
            "a smaller --spectrogram-size",
        ),
    };
    let (needed, free) = (size_text(needed as f64), size_text(free as f64));
    format!(
        "needs about {needed} for {rows} rows × {size} and {classes} classes, {free} are free: \
         try {smaller}, fewer examples or more memory"
    )
}

/// Holds a model to its contract.
fn check_scores(scores: &Array2<f32>, examples: usize, classes: usize) -> genre_bench_api::Result<()> {
    let failed = |reason: String| Err(genre_bench_api::Error::failed(reason));
    if scores.dim() != (examples, classes) {
        return failed(format!("the scores have shape {:?}, not {:?}", scores.dim(), (examples, classes)));
    }
    match scores.iter().find(|score| !score.is_finite()) {
        Some(score) => failed(format!("a score is {score}, not a finite number")),
        None => Ok(()),
    }
}
