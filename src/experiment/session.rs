use super::prepared::{Prepared, Purpose, Search};
use super::tuning::{choose, ends_chosen, inner_scores};
use super::{Data, Experiment, Registry, read};
use crate::dataset::{ColumnChoice, Dataset, ImageSize, Source, WantedEncoder};
use crate::error::{Error, Result};
use crate::features::cache::Cache;
use crate::protocol::Split;
use crate::report::Results;
use crate::run::saved::{HeldOutScore, SavedModel};
use crate::run::{CellOutcome, Job, Keep, Plan, PlannedModel, Resources, RunObserver, Store};
use crate::util::shown::counted;
use genre_bench_api::{Observer, Representation, Silent};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Who is told how far experiments are.
pub trait SessionObserver {
    /// So many of so many recordings have been read.
    fn reading(&self, done: usize, total: usize);
    /// The embeddings of an encoder are about to be computed; the one who is told how far it is is let go of when they are
    /// done.
    fn embeds<'a>(&'a self, _encoder: &str) -> Box<dyn Observer + 'a> {
        Box::new(Silent)
    }
    /// Something worth a line.
    fn tells(&self, line: &str);
    /// Something that is not as it should be, though the work goes on.
    fn warns(&self, line: &str);
    /// So many cells of a plan are about to be computed; the one who is told of each is let go of when they are done.
    fn starts<'a>(&'a self, plan: &'a Plan, cells: usize) -> Box<dyn RunObserver + 'a>;
    /// Whether the user wants to stop.
    fn cancelled(&self) -> bool;
}

/// Where experiments run and leave their results; none of it changes a number.
pub struct Session<'a> {
    /// The models there are.
    pub registry: &'a Registry,
    /// Folder of the store.
    pub out: PathBuf,
    /// Cells at a time; as many as there are CPU cores if none.
    pub jobs: Option<usize>,
    /// Where computed features are kept.
    pub cache: Option<Cache>,
    /// Folder for TensorBoard's event files, if they are wanted.
    pub tensorboard: Option<PathBuf>,
    /// Whether the fitted models of runs are kept, in `OUT/models/RUN`.
    pub keep_models: bool,
    /// Who is told how far it is.
    pub observer: &'a dyn SessionObserver,
    /// The data of the last experiment: the next one often has the same.
    pub loaded: RefCell<Option<Loaded>>,
}

/// Data with what it was loaded for.
pub struct Loaded {
    data: Data,
    columns: ColumnChoice,
    /// Of made-up data.
    seed: Option<u64>,
    wanted: WantedInputs,
    dataset: Rc<Dataset>,
}

/// What some models read.
#[derive(Debug, Clone, PartialEq)]
struct WantedInputs {
    representations: Vec<Representation>,
    spectrogram_size: Option<ImageSize>,
    table: bool,
    /// Identities of the encoders.
    encoders: Vec<String>,
    /// Whether their embeddings are computed.
    embed: bool,
}

/// What some models read, with the encoders that make it.
pub(super) struct Wanted<'r> {
    inputs: WantedInputs,
    encoders: Vec<WantedEncoder<'r>>,
}

impl<'r> Wanted<'r> {
    /// What `models` read, everything once.
    ///
    /// # Errors
    ///
    /// Only if an encoder of theirs is not among the registry's, which would be a bug.
    pub fn of<'m>(
        models: impl Iterator<Item = &'m PlannedModel> + Clone,
        registry: &'r Registry,
        spectrogram_size: Option<ImageSize>,
        embed: bool,
    ) -> Result<Self> {
        let mut representations: Vec<Representation> =
            models.clone().filter_map(|model| model.reads.spectrograms()).collect();
        representations.sort();
        representations.dedup();
        let mut encoders: Vec<WantedEncoder> = Vec::new();
        for planned in models.clone().filter_map(|model| model.encoder.as_ref()) {
            if !encoders.iter().any(|other| other.planned == *planned) {
                let encoder = registry.encoder(&planned.name)?.encoder.as_ref();
                encoders.push(WantedEncoder { planned: planned.clone(), encoder });
            }
        }
        let inputs = WantedInputs {
            representations,
            spectrogram_size,
            table: models.clone().any(PlannedModel::reads_table),
            encoders: encoders.iter().map(|encoder| encoder.planned.identity()).collect(),
            embed,
        };
        Ok(Self { inputs, encoders })
    }
}

/// An experiment that was run to its end.
pub struct Evaluated {
    /// What it came to.
    pub results: Results,
    /// What a search found out, if there was one.
    pub searched: Option<Searched>,
    /// Trouble with the store, for which the results stand all the same.
    pub store_error: Option<Error>,
}

/// What a search for hyper-parameters found out.
pub struct Searched {
    /// What was compared.
    pub candidates: Vec<PlannedModel>,
    /// For each outer fold, the mean score of each candidate over the inner folds; none where a fit failed.
    pub scores: Vec<Vec<Option<f64>>>,
    /// Whether every fit went well.
    pub complete: bool,
}

/// The rows of a run, when what was to be chosen is chosen.
pub(super) struct Chosen {
    pub models: Vec<PlannedModel>,
    /// What the user may want to know of the choice.
    pub notes: Vec<String>,
    searched: Option<Searched>,
}

impl Evaluated {
    /// Whether every fit went well and is stored.
    pub fn is_complete(&self) -> bool {
        let searched = self.searched.as_ref().is_none_or(|searched| searched.complete);
        searched && self.store_error.is_none() && self.results.failures().next().is_none()
    }
}

/// CPU cores that there are for fits.
pub(super) fn cores() -> usize {
    let there = std::thread::available_parallelism().map_or(1, usize::from);
    // Where Slurm does not bind tasks to the cores that it gave them, they see all of the machine.
    let given = std::env::var("SLURM_CPUS_PER_TASK").ok().and_then(|text| text.parse().ok());
    given.map_or(there, |given: usize| given.clamp(1, there))
}

impl Session<'_> {
    /// Loads an experiment's data, draws its split and plans its models, without fitting any.
    ///
    /// # Errors
    ///
    /// An experiment that cannot be run, or data that cannot be read.
    pub fn prepare(&self, experiment: &Experiment) -> Result<Prepared> {
        Prepared::of(experiment, self, Purpose::Run)
    }

    /// The same for another machine to fit, which may have a device that this one has not.
    ///
    /// # Errors
    ///
    /// As [`Session::prepare`].
    pub fn prepare_elsewhere(&self, experiment: &Experiment) -> Result<Prepared> {
        Prepared::of(experiment, self, Purpose::Elsewhere)
    }

    /// Prepares what a stored run was made of once more, changed by `change`: its data must still be what it was.
    ///
    /// # Errors
    ///
    /// As [`Session::prepare`]; the run's folder is damaged, or its data has changed.
    pub fn prepare_again(
        &self,
        store: &Store,
        results: &Results,
        change: impl FnOnce(Experiment) -> Experiment,
    ) -> Result<Prepared> {
        let id = &results.plan.id;
        // Whole, as it was written.
        store.experiment(id)?;
        let file = read(&store.run_folder(id).join("experiment.toml"), self.registry)?;
        let [experiment] = &file.experiments[..] else {
            return Err(Error::bug(file.path.display(), "a run of several experiments"));
        };
        let prepared = self.prepare(&change(experiment.clone()))?;
        if prepared.dataset.info.fingerprint != results.plan.dataset.fingerprint {
            let reason = "the data is not what it was: its score would be another";
            return Err(Error::new(format!("run `{id}`"), reason, "run it again"));
        }
        Ok(prepared)
    }

    /// The same without computing embeddings: for [`Session::dry_run`] alone.
    ///
    /// # Errors
    ///
    /// As [`Session::prepare`].
    pub fn prepare_dry(&self, experiment: &Experiment) -> Result<Prepared> {
        Prepared::of(experiment, self, Purpose::DryRun)
    }

    /// Computes what is prepared, as far as the store does not have it; `None` if the user stopped it.
    ///
    /// # Errors
    ///
    /// The store cannot be written to, or no worker can be started.
    pub fn run(&self, prepared: &Prepared) -> Result<Option<Evaluated>> {
        let store = Store::create(&self.out)?;
        store.take_untold().iter().for_each(|damage| self.observer.warns(&damage.to_string()));
        let Some(Chosen { models, notes, searched }) = self.chosen(prepared, &store)? else {
            return Ok(None);
        };
        let mut plan = prepared.plan(models)?;
        plan.notes.extend(notes);
        let catalogue = &prepared.dataset.catalogue;
        let saved = store.save_run(&plan, catalogue, &prepared.split.folds, &prepared.experiment.to_toml()?);
        store.take_untold().iter().for_each(|damage| self.observer.warns(&damage.to_string()));
        let (_held, unsaved) = match saved {
            // Before days are spent on what cannot be stored; but what is there already can be shown.
            Err(error) if !is_stored(&plan, prepared, &store) => return Err(error),
            Err(error) => (None, Some(error)),
            Ok(held) => (Some(held), None),
        };
        self.observer.tells(&format!(
            "{}: {} on {}",
            prepared.dataset.info.describe(),
            counted(plan.models.len(), "model"),
            prepared.split
        ));
        self.observer.tells(&format!("storing in {}", store.run_folder(&plan.id).display()));
        let keep = self.keep_models.then(|| Keep::EachIn(self.kept_models(&plan.id)));
        if let Some(Keep::EachIn(folder)) = &keep {
            self.observer.tells(&format!("keeping fitted models in {}", folder.display()));
        }
        let done = self.execute(plan, prepared, &prepared.split, &store, keep)?;
        Ok(done.map(|(results, store_error)| Evaluated {
            results,
            searched,
            store_error: store_error.or(unsaved),
        }))
    }

    /// Searches for hyper-parameters, if that is asked for, and puts the model with what was chosen for each fold before the
    /// others; `None` if the user stopped it.
    pub(super) fn chosen(&self, prepared: &Prepared, store: &Store) -> Result<Option<Chosen>> {
        let mut chosen = Chosen { models: prepared.models.clone(), notes: Vec::new(), searched: None };
        if let Some(search) = &prepared.search {
            let Some(found) = self.search(prepared, search, store)? else { return Ok(None) };
            let choices = choose(search.metric, &search.candidates, &found.scores)?;
            chosen.notes = ends_chosen(&search.axes, &choices);
            let base = &prepared.models[0];
            let name = format!("{} tuned", base.name);
            chosen.models.insert(0, PlannedModel { name, changed: true, choices, ..base.clone() });
            chosen.searched = Some(found);
        }
        Ok(Some(chosen))
    }

    /// Fits the only model of what is prepared to everything, or to the training part of one fold, and saves it in a folder; `None` if
    /// the user stopped it.
    ///
    /// # Errors
    ///
    /// There are several models, there is no such fold, the fit fails, or the folder cannot be written to.
    pub fn train(
        &self,
        prepared: &Prepared,
        fold: Option<usize>,
        folder: &Path,
        evaluation: Option<HeldOutScore>,
    ) -> Result<Option<SavedModel>> {
        let [model] = &prepared.models[..] else {
            let names: Vec<&str> = prepared.models.iter().map(|model| model.name.as_str()).collect();
            let reason = format!("{} models, where one is saved: {}", names.len(), names.join(", "));
            return Err(Error::new("bench train", reason, "name one model"));
        };
        let store = Store::create(&self.out)?;
        let Experiment { split, seed, calibrate, .. } = &prepared.experiment;
        let request = split.request(*seed, calibrate.is_some());
        let (split, part) = match fold {
            None => (prepared.split.everything(&prepared.dataset, &request), "everything".to_owned()),
            Some(fold) => {
                let only = prepared.split.only(&prepared.dataset, fold).ok_or_else(|| {
                    let reason = format!("there are {} folds, counted from 0", prepared.split.folds.len());
                    Error::new(format!("--fold {fold}"), reason, "a smaller number, or more --folds")
                })?;
                let part = format!("the training part of {}", prepared.split.folds[fold].name());
                (only, part)
            }
        };
        let plan = prepared.plan_on(&split, vec![model.clone()])?;
        self.observer.tells(&format!("{}: {} on {part}", prepared.dataset.info.describe(), model.name));
        let keep = Some(Keep::Only(folder.to_owned(), evaluation));
        let Some((results, store_error)) = self.execute(plan, prepared, &split, &store, keep)? else {
            return Ok(None);
        };
        if let Some((_, reason)) = results.failures().next() {
            let hint = "see its parameters in `bench list models --verbose`";
            return Err(Error::new(format!("model `{}`", model.name), reason, hint));
        }
        store_error.iter().for_each(|error| self.observer.warns(&error.to_string()));
        SavedModel::read(folder).map(Some)
    }

    fn search(&self, prepared: &Prepared, search: &Search, store: &Store) -> Result<Option<Searched>> {
        let plan = prepared.search_plan(search)?;
        let what = prepared.dataset.info.describe();
        self.observer.tells(&format!("{what}: {} candidates on {}", plan.models.len(), search.inner));
        let Some((results, store_error)) = self.execute(plan, prepared, &search.inner, store, None)? else {
            return Ok(None);
        };
        let labels = prepared.dataset.catalogue.labels();
        let classes = prepared.dataset.catalogue.classes.len();
        let scores = inner_scores(search.metric, &search.inner.folds, &results.outcomes, &labels, classes);
        let complete = store_error.is_none() && results.failures().next().is_none();
        Ok(Some(Searched { candidates: search.candidates.clone(), scores, complete }))
    }

    /// The folder in which the fitted models of a run are kept, each in one that is called after its cell.
    pub(super) fn kept_models(&self, run: &str) -> PathBuf {
        Store::models_folder(&self.out, run)
    }

    /// Cells at a time, of so many, and threads for each: where there are fewer than would be computed at a time, each has more.
    pub(super) fn jobs_and_threads(&self, cells: usize) -> (usize, usize) {
        let cores = cores();
        let jobs = self.jobs.unwrap_or(cores).min(cells).max(1);
        (jobs, (cores / jobs).max(1))
    }

    /// What the cells of a plan may use.
    pub(super) fn resources(&self, plan: &Plan, keep: Option<Keep>) -> Resources {
        let (jobs, threads) = self.jobs_and_threads(plan.cells().count());
        let tensorboard = self.tensorboard.as_ref().map(|folder| folder.join(&plan.id));
        Resources { jobs, threads, tensorboard, keep }
    }

    /// Computes all cells of a plan. With the first trouble with the store.
    fn execute(
        &self,
        plan: Plan,
        prepared: &Prepared,
        split: &Split,
        store: &Store,
        keep: Option<Keep>,
    ) -> Result<Option<(Results, Option<Error>)>> {
        let dataset = &*prepared.dataset;
        let resources = self.resources(&plan, keep);
        let (outcomes, store_error) = {
            let observer = self.observer.starts(&plan, plan.cells().count());
            let job = Job {
                plan: &plan,
                dataset,
                split,
                models: &prepared.registry,
                store,
                resources,
                observer: observer.as_ref(),
            };
            job.execute()?
        };
        if self.observer.cancelled() {
            let done = outcomes.iter().filter(|outcome| !matches!(outcome, CellOutcome::Missing)).count();
            self.observer.tells(&format!(
                "stopped: {done} of {} cells are stored, the same command goes on",
                outcomes.len()
            ));
            return Ok(None);
        }
        let (catalogue, folds) = (dataset.catalogue.clone(), split.folds.clone());
        let damaged = store.damaged();
        Ok(Some((Results { plan, catalogue, folds, outcomes, damaged }, store_error)))
    }

    /// The data of an experiment with everything that some models read.
    pub(super) fn dataset(&self, experiment: &Experiment, wanted: Wanted) -> Result<Rc<Dataset>> {
        let Wanted { inputs: wanted, encoders } = wanted;
        let seed = experiment.data.path.is_none().then_some(experiment.seed);
        let columns = experiment.data.columns(&experiment.split.protocol);
        let same = |loaded: &Loaded| {
            loaded.data == experiment.data
                && loaded.columns == columns
                && loaded.seed == seed
                && loaded.wanted == wanted
        };
        if let Some(loaded) = self.loaded.borrow().as_ref().filter(|loaded| same(loaded)) {
            return Ok(Rc::clone(&loaded.dataset));
        }
        let data = experiment.data.clone();
        let source = Source {
            data: data.path.clone(),
            inputs: data.inputs.clone(),
            seconds: data.segment,
            limits: data.limits(),
            artists: data.artists.clone(),
            seed: experiment.seed,
            cache: self.cache.clone(),
            image_size: data.image_size,
            columns: columns.clone(),
            drop_faults: data.drop_faults.clone(),
            representations: wanted.representations.clone(),
            spectrogram_size: wanted.spectrogram_size,
            encoders: !encoders.is_empty(),
            table: wanted.table,
        };
        // Two large datasets need not be in memory at once.
        *self.loaded.borrow_mut() = None;
        let mut dataset = Dataset::load(&source, &|done, total| self.observer.reading(done, total))?;
        if wanted.embed {
            dataset = dataset.embedded(&encoders, self.cache.as_ref(), &|name| self.observer.embeds(name))?;
        }
        let dataset = Rc::new(dataset);
        let damaged = self.cache.iter().flat_map(Cache::take_damaged);
        damaged.for_each(|damage| self.observer.warns(&damage.to_string()));
        let kept = Rc::clone(&dataset);
        *self.loaded.borrow_mut() = Some(Loaded { data, columns, seed, wanted, dataset: kept });
        Ok(dataset)
    }
}

/// Whether all cells of a plan are stored.
fn is_stored(plan: &Plan, prepared: &Prepared, store: &Store) -> bool {
    let (folds, classes) = (&prepared.split.folds, prepared.dataset.catalogue.classes.len());
    plan.cells().all(|cell| store.has(&plan.identity(cell), &folds[cell.fold], classes))
}

impl Searched {
    /// Hyper-parameters and inner scores of every candidate.
    pub fn json(&self) -> serde_json::Value {
        let candidate = |(at, candidate): (usize, &PlannedModel)| {
            let inner: Vec<Option<f64>> = self.scores.iter().map(|of_fold| of_fold[at]).collect();
            let params: BTreeMap<_, _> = candidate.params.iter().collect();
            serde_json::json!({ "params": params, "inner_scores": inner })
        };
        self.candidates.iter().enumerate().map(candidate).collect()
    }
}
