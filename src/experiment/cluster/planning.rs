//! Dividing experiments into tasks.

use super::bundle::{Item, Needs, grouped};
use super::folder::{Group, Header, PlanFolder, PlannedRun, Task, unwritable};
use super::scripts;
use crate::error::{Error, Result};
use crate::experiment::estimates::Estimates;
use crate::experiment::{Configuration, Experiment, Prepared, Session};
use crate::protocol::Split;
use crate::run::{Cell, Plan, Program, Store, cell_memory};
use crate::util::ASIDE;
use genre_bench_api::{Device, Family};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// Seconds that a cell counts as of whose model nothing is known.
const UNKNOWN_SECONDS: f64 = 30.0;
/// What a process takes beside its data and fits: the program, its threads, the allocator.
const PROGRAM_BYTES: u64 = 256 << 20;

/// How experiments are divided.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRequest {
    /// Seconds that a task should take, if its cells are short.
    pub seconds: f64,
    /// CPU cores of a task: as many cells at a time, or threads of one.
    pub cpus: usize,
}

/// What is being planned.
struct Planning<'a> {
    folder: PlanFolder,
    /// What is left out because it is there.
    stored: Option<&'a Store>,
    /// Where the planned runs are written.
    runs: Store,
    estimates: Estimates<'a>,
    request: &'a PlanRequest,
    header: Header,
    /// Names of the cells that are in some task.
    seen: HashSet<String>,
    items: BTreeMap<Needs, Vec<Item>>,
}

/// A part of an experiment whose cells are known.
struct Part<'a> {
    inner: bool,
    whole: bool,
    plan: Plan,
    split: &'a Split,
}

impl Session<'_> {
    /// Divides the cells of experiments that the session's store does not have into tasks, in a folder that is made for
    /// it; `None` if the user stopped it.
    ///
    /// An experiment that chooses hyper-parameters is planned in two steps: while cells of its search are missing, those
    /// are planned with the baseline; when the store has them all, a further plan has the cells of what was chosen.
    ///
    /// # Errors
    ///
    /// An experiment that cannot be run, or a folder that cannot be written to or holds something; nothing is left behind
    /// then.
    pub fn plan_tasks(
        &self,
        experiments: &[Experiment],
        request: &PlanRequest,
        into: &Path,
    ) -> Result<Option<(PlanFolder, Header)>> {
        PlanFolder::check_free(into)?;
        let beside = into.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(beside).map_err(|e| unwritable(beside, &e))?;
        // A plan is there as a whole or not at all.
        let aside = tempfile::Builder::new().prefix(ASIDE).tempdir_in(beside);
        let aside = aside.map_err(|e| unwritable(beside, &e))?;
        let stored = if Store::is_at(&self.out) { Some(Store::open(&self.out)?) } else { None };
        let folder = PlanFolder::at(aside.path());
        folder.make()?;
        let mut planning = Planning {
            runs: Store::create(&folder.store())?,
            folder,
            stored: stored.as_ref(),
            estimates: Estimates::of(stored.as_ref(), false),
            request,
            header: Header::new(Program::running()?),
            seen: HashSet::new(),
            items: BTreeMap::new(),
        };
        for (number, experiment) in experiments.iter().enumerate() {
            if experiments.len() > 1 {
                self.observer.reading(number, experiments.len());
            }
            let prepared = self.prepare_elsewhere(experiment)?;
            if self.observer.cancelled() || planning.add(self, &prepared)?.is_none() {
                return Ok(None);
            }
        }
        if experiments.len() > 1 {
            self.observer.reading(experiments.len(), experiments.len());
        }
        let header = planning.finish(self, into)?;
        let aside = aside.keep();
        // An empty folder may be there; it gives way.
        let _ = std::fs::remove_dir(into);
        std::fs::rename(&aside, into).map_err(|e| {
            let _ = std::fs::remove_dir_all(&aside);
            unwritable(into, &e)
        })?;
        allow_others(into);
        Ok(Some((PlanFolder::at(into), header)))
    }
}

/// A temporary folder is its owner's alone; a plan is an ordinary folder.
fn allow_others(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755));
    }
    #[cfg(not(unix))]
    let _ = folder;
}

impl Planning<'_> {
    /// Adds an experiment; `None` if the user stopped it.
    fn add(&mut self, session: &Session, prepared: &Prepared) -> Result<Option<()>> {
        let published = prepared.experiment.networks.configuration == Configuration::Published;
        self.estimates.for_networks(published);
        let Some(parts) = self.parts(session, prepared)? else { return Ok(None) };
        let text = prepared.experiment.to_toml()?;
        for Part { inner, whole, plan, split } in parts {
            if whole {
                self.runs.save_run(&plan, &prepared.dataset.catalogue, &split.folds, &text)?;
            }
            let number = self.header.runs;
            let planned = self.items_of(prepared, &plan, split, number);
            if planned > 0 {
                self.folder.write_run(number, &PlannedRun { inner, whole, plan }, &text)?;
                self.header.runs += 1;
            }
        }
        Ok(Some(()))
    }

    /// What is known of an experiment's cells before any of them is computed.
    fn parts<'p>(&mut self, session: &Session, prepared: &'p Prepared) -> Result<Option<Vec<Part<'p>>>> {
        let split = &prepared.split;
        let Some(search) = &prepared.search else {
            let plan = prepared.plan(prepared.models.clone())?;
            return Ok(Some(vec![Part { inner: false, whole: true, plan, split }]));
        };
        let inner = prepared.search_plan(search)?;
        let classes = inner.dataset.classes.len();
        let has_all = self.stored.filter(|store| {
            inner.fits().all(|cell| store.has(&inner.identity(cell), &search.inner.folds[cell.fold], classes))
        });
        if let Some(store) = has_all {
            let Some(chosen) = session.chosen(prepared, store)? else { return Ok(None) };
            let mut plan = prepared.plan(chosen.models)?;
            plan.notes.extend(chosen.notes);
            return Ok(Some(vec![Part { inner: false, whole: true, plan, split }]));
        }
        self.header.unfinished_runs += 1;
        let plan = prepared.plan(prepared.models.clone())?;
        Ok(Some(vec![
            Part { inner: true, whole: false, plan: inner, split: &search.inner },
            Part { inner: false, whole: false, plan, split },
        ]))
    }

    /// Adds the cells of a plan, as far as they are in no task yet and not stored. Returns how many.
    fn items_of(&mut self, prepared: &Prepared, plan: &Plan, split: &Split, run: usize) -> usize {
        let (dataset, classes) = (&prepared.dataset, plan.dataset.classes.len());
        let cpus = self.request.cpus;
        // Of a model on a fold, whatever the seed.
        let mut bytes: BTreeMap<(usize, usize), Option<u64>> = BTreeMap::new();
        let mut planned = 0;
        for cell in plan.fits() {
            let identity = plan.identity(cell);
            if !self.seen.insert(identity.key.clone()) {
                continue;
            }
            let fold = &split.folds[cell.fold];
            if self.stored.is_some_and(|store| store.has(&identity, fold, classes)) {
                self.header.stored += 1;
                continue;
            }
            let estimate = self.estimates.cell(plan, cell, fold);
            let gpu = needs_gpu(plan, cell);
            let jobs = Needs::jobs(gpu, cpus);
            let asked = bytes
                .entry((cell.model, cell.fold))
                .or_insert_with(|| cell_memory(plan, cell, dataset, split, &prepared.registry, cpus / jobs));
            let measured = estimate.and_then(|estimate| estimate.peak_bytes);
            let peak = (*asked).max(measured).unwrap_or(0);
            // Loading takes more than what is loaded, and estimates are rough.
            let all = PROGRAM_BYTES + dataset.bytes() / 2 * 3 + jobs as u64 * peak / 4 * 5;
            let needs = Needs::new(gpu, all);
            self.header.unknown += usize::from(estimate.is_none());
            let seconds = estimate.map_or(UNKNOWN_SECONDS, |estimate| estimate.seconds);
            self.items.entry(needs).or_default().push(Item { run, cell, seconds });
            planned += 1;
        }
        planned
    }

    /// Writes tasks, scripts and, at last, what makes a plan of the folder, which will lie at `into`.
    fn finish(mut self, session: &Session, into: &Path) -> Result<Header> {
        let cpus = self.request.cpus;
        let groups = grouped(std::mem::take(&mut self.items), self.request.seconds, cpus);
        for (name, needs, bundles) in groups {
            let jobs = Needs::jobs(needs.gpu, cpus);
            let mut group = Group {
                name,
                first: self.header.tasks,
                tasks: bundles.len(),
                cells: 0,
                gpu: needs.gpu,
                cpus,
                jobs,
                memory: needs.gibibytes << 30,
                seconds: 0.0,
                longest: 0.0,
            };
            for bundle in &bundles {
                let task = Task::of(bundle, needs.gpu, jobs);
                group.cells += task.cell_count();
                group.seconds += task.seconds;
                group.longest = group.longest.max(task.seconds);
                self.folder.write_task(self.header.tasks, &task)?;
                self.header.tasks += 1;
            }
            self.header.cells += group.cells;
            self.header.groups.push(group);
        }
        let cache = session.cache.as_ref().and_then(|cache| cache.folder().parent());
        let place = scripts::Place::here(into, cache).map_err(|e| Error::at(into, e, ""))?;
        for group in &self.header.groups {
            self.folder.write_script(&format!("{}.sbatch", group.name), &place.sbatch(group))?;
        }
        self.folder.write_script("parallel.sh", &place.parallel(&self.header))?;
        self.folder.write_header(&self.header)?;
        Ok(self.header)
    }
}

/// Whether a cell is worth a GPU: networks compute on one where the experiment says so, and nothing else does.
fn needs_gpu(plan: &Plan, cell: Cell) -> bool {
    matches!(plan.conditions.device, Device::Cuda(_)) && plan.models[cell.model].family == Family::Neural
}
