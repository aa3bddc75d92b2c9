use crate::arrow::{self, Part, Stream};
use crate::description::Description;
use crate::names::{Launch, seconds};
use crate::process::{Ask, Process};
use crate::protocol::{Answer, Request};
use genre_bench_api::{
    Card, Error, Examples, FitShape, Fitted, GivenFile, Inputs, Insights, Model, Observer, Params, Result,
    Run, Silent,
};
use ndarray::Array2;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a process may take to answer, where nobody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(3600);
/// To say what it is, which takes no longer than its libraries take to load.
const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(180);
/// What an answer may have beside its numbers: the head of a stream, and some for each column.
const HEAD_BYTES: u64 = 1 << 16;
const COLUMN_BYTES: u64 = 1 << 10;

/// A model in another process.
pub(crate) struct ExternalModel {
    launch: Launch,
    card: Card,
    timeout: Duration,
}

impl ExternalModel {
    /// Asks the process what it is, where no file says it.
    pub fn open(launch: Launch) -> Result<Self> {
        let set = std::env::var(crate::TIMEOUT).ok();
        let set = set.map(|text| seconds(text.trim().parse().unwrap_or(f64::NAN))).transpose();
        let set = set.map_err(|why| Error::failed(format!("the variable {} {why}", crate::TIMEOUT)))?;
        let timeout = set.or(launch.timeout);
        let described = match &launch.description {
            Some(description) => description.clone(),
            None => describe(&launch, set.unwrap_or(DESCRIBE_TIMEOUT))?,
        };
        let refused = |why| Error::failed(format!("{} {why}", launch.name));
        let mut card = described.card(&launch.name).map_err(refused)?;
        let of_file = |file: &GivenFile| format!("{} {}", file.name, file.sha256);
        let files: Vec<String> = launch.files.iter().map(of_file).collect();
        card.content = Some(format!("{}; {}", files.join("; "), described.content()));
        Ok(Self { launch, card, timeout: timeout.unwrap_or(TIMEOUT) })
    }

    /// Whether the files are what they were when the program began: or cells would be stored under what they are not of.
    fn is_unchanged(&self) -> Result<()> {
        for file in &self.launch.files {
            let path = file.path.as_deref().unwrap_or_else(|| file.name.as_ref());
            let now = GivenFile::of(path).map_err(|why| Error::failed(format!("{} {why}", file.name)))?;
            if now != *file {
                let reason = "has changed since the command began; start it again";
                return Err(Error::failed(format!("{} {reason}", file.name)));
            }
        }
        Ok(())
    }
}

fn start(launch: &Launch, threads: usize) -> Result<Process> {
    Process::start(&launch.command, launch.folder.as_deref(), threads, launch.processes)
        .map_err(|error| Error::failed(format!("{error}; {}", launch.hint)))
}

fn describe(launch: &Launch, timeout: Duration) -> Result<Description> {
    let mut process = start(launch, 1)?;
    let ask = Ask { request: Request::new("describe"), stream: None, most: 0, timeout, observer: &Silent };
    let told = |error| Error::failed(format!("{error}; {}", launch.hint));
    let (_, line, _) = process.ask(ask).map_err(told)?;
    serde_json::from_slice(&line)
        .map_err(|error| told(Error::failed(format!("it describes itself oddly: {error}"))))
}

impl Model for ExternalModel {
    fn card(&self) -> Card {
        self.card.clone()
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        self.is_unchanged()?;
        let reads = self.card.reads_with(&run.params)?;
        let (table, spectrograms) = (reads.table(), reads.spectrograms().is_some());
        let mut process = start(&self.launch, run.threads)?;
        let parts = vec![Part::labelled(train), Part::labelled(valid)];
        let stream = Stream::new(parts, table, spectrograms);
        let stream = stream.ok_or_else(|| Error::failed("the validation part has other inputs"))?;
        let request = Request {
            bytes: stream.bytes(),
            rows: train.len() + valid.len(),
            train: train.len(),
            classes: train.classes.to_vec(),
            params: Request::params_of(&run.params),
            // The lower half: R, for one, has no larger whole numbers.
            seed: run.seed as u32,
            threads: run.threads,
            device: run.device.to_string(),
            ..request("fit", &train.inputs, table, spectrograms)
        };
        let ask =
            Ask { request, stream: Some(stream), most: 0, timeout: self.timeout, observer: run.observer };
        let (answer, _, _) = process.ask(ask)?;
        told_memory(&answer, run.observer);
        Ok(Box::new(ExternalFitted {
            process: Mutex::new(process),
            table,
            spectrograms,
            classes: train.classes.len(),
            timeout: self.timeout,
            importances: importances(&answer, train.inputs.table.ncols()),
        }))
    }

    /// What the process takes is its own affair, but it has all examples at least once as they come and once as it needs
    /// them.
    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        let numbers = shape.columns + shape.spectrogram.0 * shape.spectrogram.1;
        Some(8 * (shape.rows as u64).saturating_mul(numbers as u64))
    }
}

/// What every request with examples has.
fn request(call: &str, inputs: &Inputs, table: bool, spectrograms: bool) -> Request {
    let shape = inputs.spectrograms.shape();
    Request {
        columns: if table { inputs.columns.to_vec() } else { Vec::new() },
        spectrogram: spectrograms.then(|| [inputs.spectrograms.channels(), shape.0, shape.1]),
        ..Request::new(call)
    }
}

/// A machine has less; a process may say what it likes.
const MOST_MEMORY: u64 = 1 << 46;

fn told_memory(answer: &Answer, observer: &dyn Observer) {
    observer.took_elsewhere(answer.peak_bytes.min(MOST_MEMORY));
}

/// What a model told of its columns, none below 0 and together 1; nothing if it makes no sense.
fn importances(answer: &Answer, columns: usize) -> Vec<f64> {
    let told = &answer.importances;
    let sum: f64 = told.iter().sum();
    let is_good =
        told.len() == columns && told.iter().all(|value| *value >= 0.0) && sum > 0.0 && sum.is_finite();
    if is_good { told.iter().map(|value| value / sum).collect() } else { Vec::new() }
}

/// A process that has fitted its model.
struct ExternalFitted {
    process: Mutex<Process>,
    table: bool,
    spectrograms: bool,
    classes: usize,
    timeout: Duration,
    importances: Vec<f64>,
}

impl Fitted for ExternalFitted {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        self.scores_unless_cancelled(inputs, &Silent)
    }

    fn scores_unless_cancelled(&self, inputs: &Inputs, observer: &dyn Observer) -> Result<Array2<f32>> {
        // There is no shape of spectrograms where there is none.
        if inputs.is_empty() {
            return Ok(Array2::zeros((0, self.classes)));
        }
        let stream = Stream::new(vec![Part::asked(inputs)], self.table, self.spectrograms);
        let stream = stream.ok_or_else(|| Error::failed("the examples do not fit together"))?;
        let request = Request {
            bytes: stream.bytes(),
            rows: inputs.len(),
            ..request("scores", inputs, self.table, self.spectrograms)
        };
        let numbers = (inputs.len() as u64).saturating_mul(self.classes as u64);
        // One column too many is a wrong shape, which is told as such.
        let most =
            16 * numbers + HEAD_BYTES + 2 * COLUMN_BYTES * self.classes as u64 + 64 * inputs.len() as u64;
        let ask = Ask { request, stream: Some(stream), most, timeout: self.timeout, observer };
        let (answer, _, bytes) = {
            let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
            process.ask(ask)?
        };
        told_memory(&answer, observer);
        arrow::scores(&bytes, inputs.len(), self.classes).map_err(Error::failed)
    }

    fn save(&self) -> Result<genre_bench_api::State> {
        Err(Error::failed("a model in another process cannot be saved: what it learnt is its own"))
    }

    fn insights(&self) -> Insights {
        Insights { importances: self.importances.clone(), ..Insights::default() }
    }
}
