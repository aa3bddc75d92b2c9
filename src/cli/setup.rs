//! What all commands that fit models share: which data, which split, and how it is computed.

use super::cache::CacheFlags;
use super::device::DeviceChoice;
use super::progress::{Progress, RecordingsBar, stop_on_ctrl_c, stopped};
use super::{Out, Registry, Status, report};
use crate::dataset::{Dataset, ImageSize, Source};
use crate::error::{Error, Result};
use crate::protocol::{DEFAULT_FOLDS, Protocol, Request, Scheme, Split};
use crate::report::Results;
use crate::run::{Outcome, Plan, PlannedModel, Settings, Store, execute};
use genre_bench_api::{CalibrationMethod, Card, Family, Model, Picture};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Percent of a training part that calibration takes unless the user or the split says otherwise.
const DEFAULT_VALID: u32 = 15;

/// Size of pictures of the built-in music: large enough to tell its genres apart, small enough for seconds.
const BUILTIN_PICTURES: ImageSize = ImageSize { width: 50, height: 50 };

/// Flags of every command that fits models.
#[derive(Debug, clap::Args)]
pub struct RunFlags {
    /// Feature table (CSV), or a folder with features_30_sec.csv and the like or with audio or PNG images in
    /// GENRE/file; built-in music (synthetic) without it
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Length of an example in seconds: chooses the table of a folder (30, 10 or 3), or how its audio is cut (any)
    /// [default: the longest table there is; 30 of audio, 10 of the built-in music]
    #[arg(long, value_name = "SECONDS")]
    segment: Option<u32>,
    /// CSV with the columns filename and artist [default: splits/artist_folds.csv beside the table]
    #[arg(long, value_name = "CSV")]
    artists: Option<PathBuf>,
    /// Leave out what `bench data audit DIR -o FILE` found unusable, and all but one of each group of duplicates
    #[arg(long, value_name = "FILE")]
    drop_faults: Option<PathBuf>,
    /// What must not stand on both sides of a split: segment, track, artist, fault-filtered or file:PATH
    #[arg(long, default_value = "track")]
    protocol: Protocol,
    #[arg(long, value_name = "K", help = format!("Folds of the cross-validation [default: {DEFAULT_FOLDS}]"))]
    folds: Option<usize>,
    /// One split instead of folds: percent to train/test or train/valid/test, such as 80/20 or 80/10/10
    #[arg(long, value_name = "PERCENT", conflicts_with = "folds")]
    holdout: Option<Scheme>,
    /// Percent of every training part to set aside for validation (early stopping, calibration), kept apart as the
    /// protocol says [default: 15 with --calibrate, else none]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=50))]
    valid: Option<u32>,
    /// Make the scores probabilities that can be taken at their word, fitted on the validation part: by one temperature
    /// or by Platt's sigmoids
    #[arg(long, value_enum, value_name = "METHOD")]
    calibrate: Option<Calibrate>,
    /// How often to draw the folds anew
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeats: u16,
    /// Seed of everything random: same seed, same numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Fits at a time [default: number of processors]; changes no score, but use 1 to compare seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    cache: CacheFlags,
    /// Size that images are brought to in the table, a pixel a column
    #[arg(long, value_name = "WxH", default_value_t)]
    image_size: ImageSize,
    #[command(flatten, next_help_heading = "Neural models")]
    neural: NeuralFlags,
    /// Change a hyper-parameter; may be given repeatedly
    #[arg(long = "set", value_name = "MODEL.PARAMETER=VALUE", value_parser = parse_change)]
    changes: Vec<Change>,
    /// Print results and errors, nothing else
    #[arg(long, short)]
    pub quiet: bool,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Flags that only neural models care about.
#[derive(Debug, clap::Args)]
struct NeuralFlags {
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// How often every example is learnt from, for all networks of the run
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Examples of a step, for all networks of the run
    #[arg(long, value_name = "N")]
    batch: Option<u32>,
    /// Learning rate, for all networks of the run
    #[arg(long, value_name = "RATE")]
    lr: Option<f64>,
    /// Type of the numbers: f32, or bf16 on CUDA devices
    #[arg(long, value_name = "TYPE")]
    precision: Option<String>,
    /// Bring larger pictures to this size, as a smaller and faster problem [default: 50x50 for the built-in music,
    /// else as large as they are]
    #[arg(long, value_name = "WxH")]
    picture_size: Option<ImageSize>,
    /// A look of seconds: few epochs, fewer filters; `bench list models` shows them [default for the built-in music]
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// The published recipes for the built-in music, too
    #[arg(long)]
    full: bool,
    /// Write the history of every fit for TensorBoard
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
}

/// Models with how they are to run.
type Wanted<'m> = Vec<(&'m dyn Model, PlannedModel)>;

impl NeuralFlags {
    /// What they change of a model's hyper-parameters, by name.
    fn changes(&self) -> Vec<(&'static str, String)> {
        let Self { epochs, batch, lr, precision, .. } = self;
        let changes = [
            ("epochs", epochs.map(|epochs| epochs.to_string())),
            ("batch", batch.map(|batch| batch.to_string())),
            ("lr", lr.map(|lr| lr.to_string())),
            ("precision", precision.clone()),
        ];
        changes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The value of `--calibrate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Calibrate {
    /// One number that all logits are divided by; keeps every label.
    Temperature,
    /// A sigmoid for every class; may change labels.
    Platt,
}

/// Model, parameter and value of a `--set`.
type Change = (String, String, String);

fn parse_change(text: &str) -> std::result::Result<Change, String> {
    let (name, value) = text.split_once('=').ok_or("expected MODEL.PARAMETER=VALUE, such as svm.c=10")?;
    let (model, parameter) =
        name.split_once('.').ok_or("expected MODEL.PARAMETER=VALUE, such as svm.c=10")?;
    Ok((model.to_owned(), parameter.to_owned(), value.to_owned()))
}

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

impl RunFlags {
    /// Loads the data with the pictures that some models read, showing how far that is.
    ///
    /// # Errors
    ///
    /// As [`Dataset::load`].
    pub fn dataset(&self, models: &[PlannedModel]) -> Result<Dataset> {
        let mut pictures: Vec<Picture> = models.iter().filter_map(|model| model.reads.pictures()).collect();
        pictures.sort();
        pictures.dedup();
        let source = Source {
            data: self.data.clone(),
            seconds: self.segment,
            artists: self.artists.clone(),
            seed: self.seed,
            cache: self.cache.open(),
            image_size: self.image_size,
            drop_faults: self.drop_faults.clone(),
            pictures,
            picture_size: self.picture_size(),
        };
        let bar = RecordingsBar::new(self.quiet);
        Dataset::load(&source, &|done, total| bar.show(done, total))
    }

    /// Draws the split.
    ///
    /// # Errors
    ///
    /// As [`Split::build`].
    pub fn split(&self, dataset: &Dataset) -> Result<Split> {
        let valid = self.valid.or(self.calibrate.map(|_| DEFAULT_VALID)).unwrap_or(0);
        let request = Request {
            protocol: self.protocol.clone(),
            scheme: self.folds.map(Scheme::Folds).or(self.holdout),
            repeats: self.repeats.into(),
            seed: self.seed,
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
        let quick = self.is_quick().then_some(&card.quick).into_iter().flatten();
        let quick = quick.map(|(name, value)| (name.as_str(), value.as_str()));
        let of_all = self.neural.changes();
        let of_all = of_all.iter().filter(|(name, _)| card.params.iter().any(|param| param.name == *name));
        let of_all = of_all.map(|(name, value)| (*name, value.as_str()));
        let own = self.changes.iter().filter(|(of, ..)| *of == card.name);
        let own = own.map(|(_, name, value)| (name.as_str(), value.as_str()));
        // The last one counts.
        PlannedModel::new(card, quick.chain(of_all).chain(own))
    }

    /// Whether models run in their quick size.
    fn is_quick(&self) -> bool {
        self.neural.quick || (self.data.is_none() && !self.neural.full)
    }

    fn picture_size(&self) -> Option<ImageSize> {
        let of_quick = || (self.data.is_none() && self.is_quick()).then_some(BUILTIN_PICTURES);
        self.neural.picture_size.or_else(of_quick)
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
        let why = |model: &PlannedModel| model.reads.pictures().and_then(|p| dataset.pictures.of(p).err());
        let hint = "--data with a folder of audio or images, or without --data the built-in music";
        let mut left_out: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (_, model) in &models {
            if let Some(why) = why(model) {
                if named.contains(&model.name) {
                    let reason = format!("it reads pictures ({}), but {why}", model.reads);
                    return Err(Error::new(format!("model `{}`", model.name), reason, hint));
                }
                left_out.entry(why).or_default().push(&model.name);
            }
        }
        let mut notes: Vec<String> = left_out
            .into_iter()
            .map(|(why, names)| {
                format!("left out, because they read pictures, but {why}: {}", names.join(", "))
            })
            .collect();
        let readable: Vec<_> = models.into_iter().filter(|(_, model)| why(model).is_none()).collect();
        if readable.is_empty() {
            return Err(Error::new("--models", notes.join("; "), hint));
        }
        if self.is_quick() && readable.iter().any(|(_, model)| model.family == Family::Neural) {
            notes.push(match self.picture_size() {
                Some(size) => format!("networks run in their quick size, on pictures of at most {size}; --full trains as published"),
                None => "networks run in their quick size; without --quick they train as published".to_owned(),
            });
        }
        Ok((readable, notes))
    }

    /// Plans `models` on `split`, calibrated if the user wants that.
    ///
    /// # Errors
    ///
    /// As [`Plan::new`].
    pub fn plan(
        &self,
        dataset: &Dataset,
        split: &Split,
        models: Vec<PlannedModel>,
        registry: &Registry,
    ) -> Result<Plan> {
        let calibration = self.calibrate.map(|method| match method {
            Calibrate::Temperature => CalibrationMethod::Temperature,
            Calibrate::Platt => CalibrationMethod::Platt,
        });
        let device = self.neural.device.resolve(registry.cuda_devices)?;
        Plan::new(dataset, split, models, self.seed, device, self.picture_size(), calibration)
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
        registry: &Registry,
    ) -> Result<Option<Computed>> {
        let models = vec![model; candidates.len()];
        let mut plan = self.plan(dataset, inner, candidates, registry)?;
        plan.calibration = None;
        let store = Store::create(&self.out.out)?;
        if !self.quiet {
            eprintln!("{}: {} candidates on {inner}", dataset.info.describe(), models.len());
        }
        self.execute(plan, dataset, inner, &models, &store, registry)
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
        registry: &Registry,
    ) -> Result<Option<Computed>> {
        let store = Store::create(&self.out.out)?;
        store.save_run(&plan, &dataset.catalogue, &split.folds)?;
        if !self.quiet {
            let count = plan.models.len();
            let plural = if count == 1 { "" } else { "s" };
            eprintln!("{}: {count} model{plural} on {split}", dataset.info.describe());
            eprintln!("storing in {}", store.run_folder(&plan.id).display());
        }
        self.execute(plan, dataset, split, models, &store, registry)
    }

    fn execute(
        &self,
        plan: Plan,
        dataset: &Dataset,
        split: &Split,
        models: &[&dyn Model],
        store: &Store,
        registry: &Registry,
    ) -> Result<Option<Computed>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = self.jobs.map_or(cores, usize::from);
        let tensorboard = self.neural.tensorboard.as_ref().map(|folder| folder.join(&plan.id));
        let device = self.neural.device.resolve(registry.cuda_devices)?;
        let settings = Settings { jobs, threads: (cores / jobs).max(1), device, tensorboard };
        stop_on_ctrl_c();
        let progress = Progress::new(&plan, self.quiet);
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

impl Registry {
    /// The models of a list of names and families, in the registry's order; the default line-up if it is empty.
    ///
    /// # Errors
    ///
    /// A name that is neither a model's nor a family's, or nothing to run at all.
    pub fn select(&self, names: &[String]) -> Result<Vec<(&dyn Model, &Card)>> {
        let is_family = |name: &str| Family::ALL.into_iter().find(|family| family.name() == name);
        for name in names {
            let family = is_family(name);
            if !self.cards.iter().any(|card| card.name == *name || family == Some(card.family)) {
                let reason = "is no model and no family that has models";
                return Err(self.unknown(name, &format!("--models {name}"), reason));
            }
        }
        let wanted = |card: &Card| {
            let named = names.contains(&card.name);
            let in_family = names.is_empty() || names.iter().any(|name| is_family(name) == Some(card.family));
            named || (in_family && card.in_default_lineup)
        };
        let models: Vec<(&dyn Model, &Card)> = (self.models.iter().zip(&self.cards))
            .filter(|(_, card)| wanted(card))
            .map(|(model, card)| (model.as_ref(), card))
            .collect();
        if models.is_empty() {
            let hint = "`bench list models` shows those there are";
            return Err(Error::new("--models", "there is no model to run", hint));
        }
        Ok(models)
    }

    /// The model of a name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn find(&self, name: &str) -> Result<(&dyn Model, &Card)> {
        match self.cards.iter().position(|card| card.name == name) {
            Some(at) => Ok((self.models[at].as_ref(), &self.cards[at])),
            None => Err(self.unknown(name, &format!("model `{name}`"), "is not there")),
        }
    }

    /// The error for a name that is no model, with the model that may have been meant.
    pub fn unknown(&self, name: &str, subject: &str, reason: &str) -> Error {
        let closest = self
            .cards
            .iter()
            .map(|card| (strsim::jaro_winkler(name, &card.name), &card.name))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = match closest {
            Some((likeness, closest)) if likeness > 0.8 && closest != name => {
                format!("did you mean {closest}? `bench list models` shows all")
            }
            _ => "`bench list models` shows all".to_owned(),
        };
        Error::new(subject, reason, hint)
    }
}
