//! What all commands that fit models share: which data, which split, and how it is computed.

use super::flags::{Calibrate, Common, NeuralFlags, RunFlags};
use super::progress::{Progress, RecordingsBar, stop_on_ctrl_c, stopped};
use super::{Registry, Status, report};
use crate::dataset::{Dataset, ImageSize, Source};
use crate::error::{Error, Result};
use crate::protocol::{Request, Resampling, Split};
use crate::report::Results;
use crate::run::{Outcome, Plan, PlannedModel, Settings, Store, execute};
use genre_bench_api::{CalibrationMethod, Card, Device, Model, Reads, Representation};
use std::collections::BTreeMap;

/// Percent of a training part that calibration takes unless the user or the split says otherwise.
const DEFAULT_VALID: u32 = 15;

/// Size of spectrograms in the reduced configuration: large enough for all networks, small enough for seconds.
const REDUCED_SPECTROGRAMS: ImageSize = ImageSize { width: 50, height: 50 };

/// Models with how they are to run.
type Wanted<'m> = Vec<(&'m dyn Model, PlannedModel)>;

/// A run's results, complete.
pub struct Computed {
    /// The results.
    pub results: Results,
    /// Trouble with the store, for which the results stand all the same.
    store_error: Option<Error>,
}

impl Computed {
    /// Tells of trouble and returns the exit status.
    pub fn status(&self) -> u8 {
        let mut status = Status::DONE;
        if self.results.failures().next().is_some() {
            status = Status::PARTLY_FAILED;
        }
        if let Some(error) = &self.store_error {
            report(error);
            eprintln!("the scores above are complete, but not all of them are stored");
            status = Status::PARTLY_FAILED;
        }
        status
    }
}

/// The flags of a run with what they come to on this machine.
pub struct Setup<'a> {
    flags: &'a RunFlags,
    /// Where neural models compute.
    device: Device,
}

impl<'a> Setup<'a> {
    /// Finds the device.
    ///
    /// # Errors
    ///
    /// One is asked for that is not there.
    pub fn new(flags: &'a RunFlags, registry: &Registry) -> Result<Self> {
        Ok(Self { flags, device: flags.common.neural.device.resolve(registry.cuda_devices)? })
    }

    /// Loads the data with the spectrograms that some models read, showing how far that is.
    ///
    /// # Errors
    ///
    /// As [`Dataset::load`].
    pub fn dataset(&self, models: &[PlannedModel]) -> Result<Dataset> {
        let mut representations: Vec<Representation> =
            models.iter().filter_map(|model| model.reads.spectrograms()).collect();
        representations.sort();
        representations.dedup();
        let source = Source {
            data: self.flags.on.data.clone(),
            seconds: self.flags.on.segment,
            artists: self.flags.common.artists.clone(),
            seed: self.flags.common.seed,
            cache: self.flags.common.cache.open(),
            image_size: self.flags.on.image_size,
            drop_faults: self.flags.common.drop_faults.clone(),
            table: models.iter().any(|model| model.reads.table()),
            representations,
            spectrogram_size: self.spectrogram_size(),
        };
        let bar = RecordingsBar::new(self.flags.common.quiet);
        Dataset::load(&source, &|done, total| bar.show(done, total))
    }

    /// Draws the split.
    ///
    /// # Errors
    ///
    /// As [`Split::build`].
    pub fn split(&self, dataset: &Dataset) -> Result<Split> {
        let valid = self.flags.on.valid.or(self.flags.on.calibrate.map(|_| DEFAULT_VALID)).unwrap_or(0);
        let request = Request {
            protocol: self.flags.on.protocol.clone(),
            scheme: self.flags.on.folds.map(Resampling::Folds).or(self.flags.on.holdout),
            repeats: self.flags.on.repeats.into(),
            seed: self.flags.common.seed,
            valid,
        };
        Split::build(dataset, &request)
    }

    /// The model of a card as the user wants it.
    ///
    /// # Errors
    ///
    /// A `--set` that the model does not allow.
    pub fn planned(&self, card: &Card) -> Result<PlannedModel> {
        self.planned_with(card, &[])
    }

    /// The same with further changes of its hyper-parameters, which a `--set` may change again.
    ///
    /// # Errors
    ///
    /// A `--set` or a change that the model does not allow.
    pub fn planned_with(&self, card: &Card, changes: &[(&str, &str)]) -> Result<PlannedModel> {
        let reduced = self.is_reduced().then_some(&card.reduced).into_iter().flatten();
        let reduced = reduced.map(|(name, value)| (name.as_str(), value.as_str()));
        let of_all = self.flags.common.neural.changes();
        let of_all = of_all.iter().filter(|(name, _)| card.params.iter().any(|param| param.name == *name));
        let of_all = of_all.map(|(name, value)| (*name, value.as_str()));
        let own = self.flags.common.changes.iter().filter(|(of, ..)| *of == card.name);
        let own = own.map(|(_, name, value)| (name.as_str(), value.as_str()));
        // The last one counts.
        PlannedModel::new(card, reduced.chain(of_all).chain(changes.iter().copied()).chain(own))
    }

    /// Whether networks run in their reduced configuration: as published they take days without a GPU.
    fn is_reduced(&self) -> bool {
        let NeuralFlags { reduced, full, .. } = self.flags.common.neural;
        reduced || (!full && self.device == Device::Cpu)
    }

    fn spectrogram_size(&self) -> Option<ImageSize> {
        self.flags.common.neural.spectrogram_size.or(self.is_reduced().then_some(REDUCED_SPECTROGRAMS))
    }

    /// The models that can read the dataset, and notes on those that cannot.
    ///
    /// # Errors
    ///
    /// None is left, or one that cannot was asked for by name.
    pub fn readable<'m>(
        &self,
        models: Wanted<'m>,
        dataset: &Dataset,
        named: &[String],
    ) -> Result<(Wanted<'m>, Vec<String>)> {
        let why =
            |model: &PlannedModel| model.reads.spectrograms().and_then(|p| dataset.spectrograms.of(p).err());
        let hint = "--data with a folder of audio or images, or without --data the built-in music";
        let mut left_out: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (_, model) in &models {
            if let Some(why) = why(model) {
                if named.contains(&model.name) {
                    let reason = format!("it reads spectrograms ({}), but {why}", model.reads);
                    return Err(Error::new(format!("model `{}`", model.name), reason, hint));
                }
                left_out.entry(why).or_default().push(&model.name);
            }
        }
        let mut notes: Vec<String> = left_out
            .into_iter()
            .map(|(why, names)| {
                format!("left out, because they read spectrograms, but {why}: {}", names.join(", "))
            })
            .collect();
        let readable: Vec<_> = models.into_iter().filter(|(_, model)| why(model).is_none()).collect();
        if readable.is_empty() {
            return Err(Error::new("--models", notes.join("; "), hint));
        }
        let reading = readable.iter().any(|(_, model)| model.reads != Reads::Table);
        if let (true, true, Some(size)) = (reading, self.is_reduced(), self.spectrogram_size()) {
            notes.push(format!(
                "networks run in their reduced configuration, on spectrograms of at most {size}; --full trains as \
                 published"
            ));
        }
        Ok((readable, notes))
    }

    /// Plans `models` on `split`, calibrated if the user wants that.
    ///
    /// # Errors
    ///
    /// As [`Plan::new`].
    pub fn plan(&self, dataset: &Dataset, split: &Split, models: Vec<PlannedModel>) -> Result<Plan> {
        let calibration = self.flags.on.calibrate.map(|method| match method {
            Calibrate::Temperature => CalibrationMethod::Temperature,
            Calibrate::Platt => CalibrationMethod::Platt,
        });
        Plan::new(
            dataset,
            split,
            models,
            self.flags.common.seed,
            self.device,
            self.spectrogram_size(),
            calibration,
        )
    }

    /// Fits one model's `candidates` on the inner folds, for a choice among them. The cells are stored, but make no run.
    /// `None` if the user stopped it, of which the user has then been told.
    ///
    /// # Errors
    ///
    /// As [`RunFlags::compute`].
    pub fn search(
        &self,
        candidates: Vec<PlannedModel>,
        dataset: &Dataset,
        inner: &Split,
        model: &dyn Model,
    ) -> Result<Option<Computed>> {
        let models = vec![model; candidates.len()];
        let mut plan = self.plan(dataset, inner, candidates)?;
        plan.calibration = None;
        let store = Store::create(&self.flags.common.out.out)?;
        if !self.flags.common.quiet {
            eprintln!("{}: {} candidates on {inner}", dataset.info.describe(), models.len());
        }
        self.execute(plan, dataset, inner, &models, &store)
    }

    /// Stores the plan and computes all its cells; `models` are those of the plan, in its order. `None` if the user
    /// stopped it, of which the user has then been told.
    ///
    /// # Errors
    ///
    /// The store cannot be written to, or no worker can be started.
    pub fn compute(
        &self,
        plan: Plan,
        dataset: &Dataset,
        split: &Split,
        models: &[&dyn Model],
    ) -> Result<Option<Computed>> {
        let store = Store::create(&self.flags.common.out.out)?;
        store.save_run(&plan, &dataset.catalogue, &split.folds)?;
        if !self.flags.common.quiet {
            let count = plan.models.len();
            let plural = if count == 1 { "" } else { "s" };
            eprintln!("{}: {count} model{plural} on {split}", dataset.info.describe());
            eprintln!("storing in {}", store.run_folder(&plan.id).display());
        }
        self.execute(plan, dataset, split, models, &store)
    }

    fn execute(
        &self,
        plan: Plan,
        dataset: &Dataset,
        split: &Split,
        models: &[&dyn Model],
        store: &Store,
    ) -> Result<Option<Computed>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = self.flags.common.jobs.map_or(cores, usize::from);
        let tensorboard = self.flags.common.neural.tensorboard.as_ref().map(|folder| folder.join(&plan.id));
        let settings = Settings { jobs, threads: (cores / jobs).max(1), device: self.device, tensorboard };
        stop_on_ctrl_c();
        let progress = Progress::new(&plan, self.flags.common.quiet);
        let executed = execute(&plan, dataset, split, models, store, &settings, &progress);
        progress.finish();
        let executed = executed?;
        let results = Results {
            plan,
            catalogue: dataset.catalogue.clone(),
            folds: split.folds.clone(),
            outcomes: executed.outcomes,
        };
        if stopped() {
            let done = results.outcomes.iter().filter(|o| !matches!(o, Outcome::Missing)).count();
            eprintln!(
                "stopped: {done} of {} cells are stored, the same command goes on",
                results.outcomes.len()
            );
            return Ok(None);
        }
        Ok(Some(Computed { results, store_error: executed.store_error }))
    }
}

impl Common {
    /// Refuses a `--set` of a model that does not take part, and an `--epochs` and the like that no model has.
    ///
    /// # Errors
    ///
    /// Names the first such model or flag.
    pub fn check_changes(&self, registry: &Registry, cards: &[&Card]) -> Result<()> {
        for (name, _) in self.neural.changes() {
            if !cards.iter().any(|card| card.params.iter().any(|param| param.name == name)) {
                let reason = "no model of this run has such a parameter";
                return Err(Error::new(format!("--{name}"), reason, "--models neural runs those that have"));
            }
        }
        match self.changes.iter().find(|(of, ..)| !cards.iter().any(|card| card.name == *of)) {
            Some((of, ..)) => Err(registry.unknown(of, &format!("--set {of}"), "is not a model of this run")),
            None => Ok(()),
        }
    }
}
