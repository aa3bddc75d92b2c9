//! Computing a task.

use super::folder::{Header, PlanFolder, PlannedRun, Task};
use super::mark::{Marker, Marking, State};
use crate::error::{Error, Result};
use crate::experiment::{Session, read};
use crate::run::{Cell, CellOutcome, Job, Plan, Program, Store};

/// What a task came to.
#[derive(Debug, Default)]
pub struct Worked {
    /// Cells that are done, those among them that were stored already.
    pub done: usize,
    /// Cells that failed: their names, and why.
    pub failed: Vec<(String, String)>,
    /// Trouble with the store: not all of it is stored.
    pub store_error: Option<Error>,
}

impl Worked {
    /// Whether all cells are done and stored.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.store_error.is_none()
    }
}

impl Session<'_> {
    /// Computes the cells of a task that the session's store does not have, with the runs that they are of; `None` if the
    /// user stopped it.
    ///
    /// # Errors
    ///
    /// There is no such task; the program, the data or its split is not what was planned with; the store cannot be
    /// written to. Nothing is computed then.
    pub fn work(&self, folder: &PlanFolder, header: &Header, number: usize) -> Result<Option<Worked>> {
        if number >= header.tasks {
            let reason = match header.tasks {
                0 => "all cells of the plan were stored already: it has no tasks".to_owned(),
                tasks => format!("the plan has the tasks 0 to {}", tasks - 1),
            };
            return Err(Error::new(format!("task {number}"), reason, "`bench status PLAN` lists them"));
        }
        let task = folder.task(number)?;
        let marker = Marker::begin(folder, number, task.cell_count());
        let worked = marker.beating(|| self.work_on(folder, header, &task, &marker));
        let (state, trouble) = match &worked {
            Ok(Some(worked)) if worked.is_complete() => (State::Done, None),
            Ok(Some(worked)) => (State::Failed, worked.store_error.as_ref().map(Error::in_one_line)),
            Ok(None) => (State::Stopped, None),
            Err(_) if self.observer.cancelled() => (State::Stopped, None),
            Err(error) => (State::Failed, Some(error.in_one_line())),
        };
        marker.end(state, trouble);
        worked
    }

    fn work_on(
        &self,
        folder: &PlanFolder,
        header: &Header,
        task: &Task,
        marker: &Marker,
    ) -> Result<Option<Worked>> {
        let running = Program::running()?;
        if running != header.program {
            let reason = format!(
                "was made by another build of the program ({} {}, this is {} {}), whose cells have other names",
                header.program.version, header.program.build, running.version, running.build
            );
            return Err(Error::at(
                folder.root(),
                reason,
                "start the same file everywhere, or plan again with this one",
            ));
        }
        let store = Store::create(&self.out)?;
        let mut all = Worked::default();
        for piece in &task.pieces {
            let run = folder.run(piece.run)?;
            let cells: Vec<Cell> = piece.cells().collect();
            let Some(worked) = self.work_on_run(folder, piece.run, run, &cells, task.gpu, &store, marker)?
            else {
                return Ok(None);
            };
            all.done += worked.done;
            all.failed.extend(worked.failed);
            all.store_error = all.store_error.take().or(worked.store_error);
        }
        Ok(Some(all))
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "all of it is read where it is called, for each run of a task"
    )]
    fn work_on_run(
        &self,
        folder: &PlanFolder,
        number: usize,
        planned: PlannedRun,
        cells: &[Cell],
        gpu: bool,
        store: &Store,
        marker: &Marker,
    ) -> Result<Option<Worked>> {
        let path = folder.experiment_path(number);
        let file = read(&path, self.registry)?;
        let [experiment] = &file.experiments[..] else {
            return Err(Error::bug(path.display(), "a run of several experiments"));
        };
        // A classical model computes on the CPU, whatever the networks of its run do.
        let prepared = if gpu { self.prepare(experiment)? } else { self.prepare_elsewhere(experiment)? };
        let split = match (&prepared.search, planned.inner) {
            (Some(search), true) => &search.inner,
            _ => &prepared.split,
        };
        let conditions = planned.plan.conditions.clone();
        let models = planned.plan.models.clone();
        let mut plan = Plan::new(&prepared.dataset, split, models, conditions)?;
        check_same(&planned.plan, &plan)?;
        // Notes were added to it.
        plan.notes.clone_from(&planned.plan.notes);
        let is_cell = |cell: &Cell| {
            let (models, folds, seeds) = (plan.models.len(), plan.folds.len(), plan.conditions.seeds());
            cell.model < models && cell.fold < folds && cell.seed < seeds
        };
        if !cells.iter().all(is_cell) {
            return Err(Error::bug(path.display(), "a task has cells that its run has not"));
        }
        let _held = if planned.whole && !store.has_run(&plan.id) {
            let experiment = prepared.experiment.to_toml()?;
            store.save_run(&plan, &prepared.dataset.catalogue, &split.folds, &experiment)?
        } else {
            store.hold_run(&plan.id)
        };
        let (outcomes, store_error) = {
            let user = self.observer.starts(&plan, cells.len());
            let job = Job {
                plan: &plan,
                dataset: &prepared.dataset,
                split,
                models: &prepared.registry,
                store,
                resources: self.resources(&plan, None),
                observer: &Marking { marker, plan: &plan, user: user.as_ref() },
            };
            job.execute_some(cells)?
        };
        if self.observer.cancelled() {
            return Ok(None);
        }
        let mut worked = Worked { store_error, ..Worked::default() };
        for (&cell, outcome) in cells.iter().zip(outcomes) {
            match outcome {
                CellOutcome::Done(_) => worked.done += 1,
                CellOutcome::Failed(reason) => worked.failed.push((plan.key(cell), reason)),
                CellOutcome::Missing => worked.failed.push((plan.key(cell), "was not computed".to_owned())),
            }
        }
        Ok(Some(worked))
    }
}

/// Refuses what would make other cells than those that were planned.
fn check_same(planned: &Plan, here: &Plan) -> Result<()> {
    if planned.id == here.id {
        return Ok(());
    }
    let subject = format!("run `{}`", planned.id);
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let (data, split) = (&planned.dataset.fingerprint, &planned.split_hash);
    if *data != here.dataset.fingerprint {
        let reason = format!(
            "the data here is not what was planned with: {} ({}) there, {} ({}) here",
            planned.dataset.describe(),
            short(data),
            here.dataset.describe(),
            short(&here.dataset.fingerprint)
        );
        return Err(Error::new(subject, reason, "copy the same files here, or plan again"));
    }
    if *split != here.split_hash {
        let reason = "the data is divided otherwise here: are files that the experiment names the same?";
        return Err(Error::new(subject, reason, "copy the same files here, or plan again"));
    }
    Err(Error::new(
        subject,
        format!("comes to other cells here ({})", here.id),
        "plan again with this program",
    ))
}
