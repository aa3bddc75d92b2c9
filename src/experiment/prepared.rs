use super::session::Wanted;
use super::tuning::{Axis, candidates};
use super::{Configuration, Experiment, Registered, Registry, Session};
use crate::audio::RATE;
use crate::dataset::{Dataset, ImageSize, SpectrogramSource};
use crate::error::{Error, Result};
use crate::features::representation::RepresentationExtractor;
use crate::protocol::Split;
use crate::run::{Conditions, Plan, PlannedModel, Resized};
use crate::score::Metric;
use genre_bench_api::{Device, Reads};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Size of spectrograms in the reduced configuration: large enough for all networks, small enough for seconds.
const REDUCED_SPECTROGRAMS: ImageSize = ImageSize { width: 50, height: 50 };

/// An experiment with everything that it comes to on this machine, before anything is fitted.
pub struct Prepared {
    /// The experiment with nothing left to the machine or to defaults: the models that can read the data by name, the
    /// device, the configuration of the networks.
    pub experiment: Experiment,
    /// The data.
    pub dataset: Rc<Dataset>,
    /// Its division.
    pub split: Split,
    /// The rows of the leaderboard.
    pub models: Vec<PlannedModel>,
    /// The search for hyper-parameters that comes first, if there is one.
    pub search: Option<Search>,
    /// What the user may want to know of how the models run.
    pub(super) notes: Vec<String>,
    pub(super) conditions: Conditions,
    /// The models and encoders, those in files of the experiment among them.
    pub(super) registry: Registry,
}

/// What an experiment is prepared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be fitted here.
    Run,
    /// To say what would run: embeddings are left to be computed, so that nothing can be fitted to them.
    DryRun,
    /// To be fitted by another machine: a device that is named need not be here.
    Elsewhere,
}

/// A search inside the training parts.
pub struct Search {
    /// What candidates are compared by.
    pub metric: &'static Metric,
    /// What varies.
    pub axes: Vec<Axis>,
    /// What is compared, the baseline first.
    pub candidates: Vec<PlannedModel>,
    /// Folds inside each training part.
    pub inner: Split,
}

impl Prepared {
    /// Loads the data, draws the split and decides which models run how.
    pub(super) fn of(experiment: &Experiment, session: &Session, purpose: Purpose) -> Result<Self> {
        experiment.check(session.registry)?;
        let registry = session.registry.opening(&experiment.encoders, &experiment.models)?.into_owned();
        let cuda_devices = &session.registry.cuda_devices;
        let device = match purpose {
            Purpose::Elsewhere => experiment.device.resolve_elsewhere(cuda_devices)?,
            Purpose::Run | Purpose::DryRun => experiment.device.resolve(cuda_devices)?,
        };
        let configuration = experiment.networks.configuration.on(device);
        let reduced = configuration == Configuration::Reduced;
        let spectrogram_size =
            experiment.networks.spectrogram_size.or(reduced.then_some(REDUCED_SPECTROGRAMS));
        let entrants = registry.select(&experiment.models)?;
        let mut models = Vec::new();
        for entrant in &entrants {
            models.extend(experiment.variants(entrant, configuration)?);
        }
        if let Some(ablation) = &experiment.ablate {
            ablation.check(&models)?;
        }
        let found = match (&experiment.tune, &entrants[..]) {
            (Some(tuning), [entrant]) => {
                let axes = tuning.axes(&entrant.card)?;
                let random = tuning.random.map(usize::from);
                let candidates = candidates(&entrant.card, &models[0], &axes, random, experiment.seed)?;
                Some((tuning.metric()?, axes, candidates, usize::from(tuning.inner)))
            }
            _ => None,
        };
        let searched = found.iter().flat_map(|(_, _, candidates, _)| candidates);
        let embed = purpose != Purpose::DryRun;
        let wanted = Wanted::of(models.iter().chain(searched), &registry, spectrogram_size, embed)?;
        let dataset = session.dataset(experiment, wanted)?;
        let named = |entrant: &&&Registered| experiment.models.iter().any(|name| entrant.is_called(name));
        let named: Vec<String> = entrants.iter().filter(named).map(|named| named.card.name.clone()).collect();
        let (mut models, mut notes) = readable(models, &dataset, &named)?;
        models.iter_mut().for_each(|model| model.resized = resized(model.reads, &dataset, spectrogram_size));
        let reads_spectrograms = models.iter().any(|model| model.reads != Reads::Table);
        if let (true, true, Some(size)) = (reads_spectrograms, reduced, spectrogram_size) {
            notes.push(format!(
                "networks run in their reduced configuration, on spectrograms of at most {size}; --full trains as published"
            ));
        }
        let split = Split::build(
            &dataset,
            &experiment.split.request(experiment.seed, experiment.calibrate.is_some()),
        )?;
        let search = match found {
            None => None,
            Some((metric, axes, candidates, count)) => {
                let inner = split.nested(&dataset, count, experiment.seed);
                if let Some(fold) =
                    inner.folds.iter().find(|fold| fold.test.is_empty() || fold.train.is_empty())
                {
                    let reason = format!(
                        "the training part of {} is too small for {count} folds",
                        split.folds[fold.repeat].name()
                    );
                    return Err(Error::new("--inner", reason, "--inner 2, or more data"));
                }
                Some(Search { metric, axes, candidates, inner })
            }
        };
        let conditions = Conditions {
            seed: experiment.seed,
            seeds: experiment.split.seeds,
            device,
            spectrogram_size,
            calibration: experiment.calibrate,
        };
        let left: Vec<&Registered> =
            entrants.into_iter().filter(|e| models.iter().any(|model| model.model == e.card.name)).collect();
        let experiment = resolved(
            experiment,
            &left,
            device,
            configuration,
            reads_spectrograms.then_some(spectrogram_size).flatten(),
        );
        let models = match &experiment.ablate {
            Some(ablation) => ablation.variants(models, &dataset)?,
            None => models,
        };
        Ok(Self { experiment, dataset, split, models, search, notes, conditions, registry })
    }

    /// The plan of the search: its cells are stored, but make no run. Nothing is calibrated inside the training parts, and
    /// each candidate is fitted once there.
    pub(super) fn search_plan(&self, search: &Search) -> Result<Plan> {
        let conditions = Conditions { calibration: None, seeds: 1, ..self.conditions.clone() };
        Plan::new(&self.dataset, &search.inner, search.candidates.clone(), conditions)
    }

    /// The plan of the run, with these rows.
    pub(super) fn plan(&self, models: Vec<PlannedModel>) -> Result<Plan> {
        self.plan_on(&self.split, models)
    }

    /// The same on another division.
    pub(super) fn plan_on(&self, split: &Split, models: Vec<PlannedModel>) -> Result<Plan> {
        let mut plan = Plan::new(&self.dataset, split, models, self.conditions.clone())?;
        plan.notes.extend(self.notes.iter().cloned());
        Ok(plan)
    }
}

impl Configuration {
    /// What it comes to on a device: as published, networks take days without a GPU.
    pub(super) fn on(self, device: Device) -> Self {
        match (self, device) {
            (Self::Auto, Device::Cpu) => Self::Reduced,
            (Self::Auto, Device::Cuda(_)) => Self::Published,
            (chosen, _) => chosen,
        }
    }
}

/// From what to what the spectrograms of a model were resized, if they were. How large images are is not known any more.
fn resized(reads: Reads, dataset: &Dataset, most: Option<ImageSize>) -> Option<Resized> {
    let (wanted, most) = (reads.spectrograms()?, most?);
    let to = dataset.spectrograms.of(wanted).ok()?.shape();
    let from = match (&dataset.spectrograms, dataset.info.seconds) {
        (SpectrogramSource::Computed(_), Some(seconds)) => {
            let samples = (seconds * RATE) as usize;
            Some(RepresentationExtractor::new(&wanted, samples).ok()?.shape())
        }
        _ => None,
    };
    let is_resized = from.map_or(to.0 == most.height || to.1 == most.width, |from| from != to);
    is_resized.then_some(Resized { to, from })
}

/// The models that can read the dataset, and notes on those that cannot.
fn readable(
    models: Vec<PlannedModel>,
    dataset: &Dataset,
    named: &[String],
) -> Result<(Vec<PlannedModel>, Vec<String>)> {
    let why =
        |model: &PlannedModel| model.reads.spectrograms().and_then(|p| dataset.spectrograms.of(p).err());
    let hint = "--data with a folder of audio or images, which may be beside the table; or without --data the built-in music";
    let mut left_out: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for model in &models {
        let subject = format!("model `{}`", model.name);
        // A model on an encoder runs only by name.
        if let Some(encoder) = &model.encoder
            && let Some(reason) = dataset.lacks(encoder)
        {
            return Err(Error::new(subject, format!("its encoder {reason}"), hint));
        }
        if let Some(why) = why(model) {
            if named.contains(&model.model) {
                let reason = format!("it reads spectrograms ({}), but {why}", model.reads);
                return Err(Error::new(subject, reason, hint));
            }
            left_out.entry(why).or_default().push(&model.name);
        }
    }
    let notes: Vec<String> = left_out
        .into_iter()
        .map(|(why, names)| {
            format!("left out, because they read spectrograms, but {why}: {}", names.join(", "))
        })
        .collect();
    let readable: Vec<PlannedModel> = models.iter().filter(|model| why(model).is_none()).cloned().collect();
    if readable.is_empty() {
        return Err(Error::new("--models", notes.join("; "), hint));
    }
    Ok((readable, notes))
}

/// The experiment without anything that another machine, or another program with more models, would choose otherwise.
fn resolved(
    experiment: &Experiment,
    entrants: &[&Registered],
    device: Device,
    configuration: Configuration,
    spectrogram_size: Option<ImageSize>,
) -> Experiment {
    let mut resolved = experiment.clone();
    resolved.models = entrants.iter().map(|entrant| entrant.typed().to_owned()).collect();
    resolved.parameters.only_of(entrants);
    resolved.encoders.retain(|name, _| {
        let mut encoders = entrants.iter().filter_map(|entrant| entrant.encoder.as_ref());
        encoders.any(|encoder| encoder.card.name == *name)
    });
    resolved.device = super::DeviceChoice::Named(device);
    resolved.networks.only_of(entrants);
    resolved.networks.spectrogram_size = spectrogram_size;
    let varies = entrants.iter().any(|entrant| !entrant.card.reduced.is_empty());
    resolved.networks.configuration = if varies { configuration } else { Configuration::Auto };
    resolved
}
