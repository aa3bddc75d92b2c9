//! The folder of a plan.

use super::bundle::Bundle;
use crate::error::{Error, Result};
use crate::run::sealed;
use crate::run::{Cell, Plan, Program};
use crate::util::{OpenError, read_regular, write_whole};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The layout below; a plan with another number is refused.
const FORMAT: u32 = 1;
/// Larger files are no plan's.
const MOST_BYTES: u64 = 1 << 30;

/// A plan of tasks in a folder.
///
/// ```text
/// PLAN/plan.json              the tasks by group, and who planned them; written last
/// PLAN/runs/NUMBER.toml       an experiment, with nothing left to defaults
/// PLAN/runs/NUMBER.json       what it comes to: the models, the data's hash, the split's hash
/// PLAN/tasks/NUMBER.json      the cells of a task
/// PLAN/marks/NUMBER.json      how far a task is, by the process that is at it
/// PLAN/logs/                  what tasks say, where a scheduler keeps it
/// PLAN/store/                 a store with the planned runs; results go here if they go nowhere else
/// PLAN/GROUP.sbatch           an array of Slurm
/// PLAN/parallel.sh            the same for GNU parallel
/// ```
///
/// Nothing of it but marks, logs and the store changes when tasks are at work, and those are files of one writer each,
/// or of a store.
#[derive(Debug, Clone)]
pub struct PlanFolder {
    root: PathBuf,
}

/// What a plan is, in a file whose size does not grow with the cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    format: u32,
    /// The program that planned, and that must compute: cells of another have other names.
    pub program: Program,
    /// Number of runs.
    pub runs: usize,
    /// Number of tasks, which are numbered from 0.
    pub tasks: usize,
    /// Number of cells that the tasks compute.
    pub cells: usize,
    /// Number of cells that were stored already.
    pub stored: usize,
    /// Number of cells of whose time nothing is known.
    pub unknown: usize,
    /// Runs whose hyper-parameters are chosen by what this plan computes: for the rest of them, another plan follows.
    pub unfinished_runs: usize,
    /// Tasks with the same needs.
    pub groups: Vec<Group>,
}

/// Tasks with the same needs: consecutive numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name, such as `cpu-2g`.
    pub name: String,
    /// Number of its first task.
    pub first: usize,
    /// Number of its tasks.
    pub tasks: usize,
    /// Number of their cells.
    pub cells: usize,
    /// Whether they need a GPU.
    pub gpu: bool,
    /// CPU cores of a task.
    pub cpus: usize,
    /// Cells at a time.
    pub jobs: usize,
    /// Main memory of a task, in bytes.
    pub memory: u64,
    /// Estimated seconds of all tasks, one after the other.
    pub seconds: f64,
    /// Estimated seconds of the longest task.
    pub longest: f64,
}

/// A run of a plan, as the worker must find it again.
#[derive(Serialize, Deserialize)]
pub(super) struct PlannedRun {
    /// Whether its cells are those of the search inside the training parts.
    pub inner: bool,
    /// Whether it is what the experiment comes to, and so a run of the store.
    pub whole: bool,
    pub plan: Plan,
}

/// The cells of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    pub gpu: bool,
    /// Estimated seconds.
    pub seconds: f64,
    /// By run.
    pub pieces: Vec<Piece>,
}

/// Cells of one run: model, fold and seed of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Piece {
    pub run: usize,
    cells: Vec<(usize, usize, usize)>,
}

impl Piece {
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        self.cells.iter().map(|&(model, fold, seed)| Cell { model, fold, seed })
    }
}

impl Task {
    /// Of a bundle, whose cells are in the order of their runs, so many of them at a time.
    pub fn of(bundle: &Bundle, gpu: bool, jobs: usize) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for item in &bundle.items {
            let Cell { model, fold, seed } = item.cell;
            match pieces.last_mut().filter(|piece| piece.run == item.run) {
                Some(piece) => piece.cells.push((model, fold, seed)),
                None => pieces.push(Piece { run: item.run, cells: vec![(model, fold, seed)] }),
            }
        }
        Self { gpu, seconds: bundle.seconds / jobs as f64, pieces }
    }

    pub fn cell_count(&self) -> usize {
        self.pieces.iter().map(|piece| piece.cells.len()).sum()
    }
}

impl Header {
    pub(super) fn new(program: Program) -> Self {
        Self {
            format: FORMAT,
            program,
            runs: 0,
            tasks: 0,
            cells: 0,
            stored: 0,
            unknown: 0,
            unfinished_runs: 0,
            groups: Vec::new(),
        }
    }

    /// Estimated seconds of all tasks, one after the other.
    pub fn seconds(&self) -> f64 {
        self.groups.iter().map(|group| group.seconds).sum()
    }
}

impl PlanFolder {
    /// A plan that is there, with what it says of itself.
    ///
    /// # Errors
    ///
    /// It is not there, damaged, or of another format.
    pub fn open(root: &Path) -> Result<(Self, Header)> {
        let folder = Self::at(root);
        let path = root.join("plan.json");
        if !path.exists() {
            let hint = "`bench plan EXPERIMENT.toml -o DIR` makes one";
            return Err(Error::at(root, "is no plan: No such file: plan.json", hint));
        }
        let header: Header = read(&path)?;
        if header.format != FORMAT {
            let reason = format!("the plan has format {}, this program reads format {FORMAT}", header.format);
            return Err(Error::at(&path, reason, "plan again with this program"));
        }
        Ok((folder, header))
    }

    pub(super) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Refuses a folder in which something lies already.
    pub(super) fn check_free(root: &Path) -> Result<()> {
        let hint = "name another folder, -o DIR";
        match fs::read_dir(root).map(|mut entries| entries.next().is_some()) {
            Ok(true) => Err(Error::at(root, "is not empty", hint)),
            Ok(false) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(Error::at(root, format!("cannot be read: {e}"), hint)),
        }
    }

    pub(super) fn make(&self) -> Result<()> {
        for name in ["runs", "tasks", "marks", "logs"] {
            let folder = self.root.join(name);
            fs::create_dir_all(&folder).map_err(|e| unwritable(&folder, &e))?;
        }
        Ok(())
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The store with the planned runs, where results go if they go nowhere else.
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// Where a task says how far it is.
    pub(super) fn mark_path(&self, task: usize) -> PathBuf {
        self.root.join("marks").join(format!("{task:05}.json"))
    }

    pub(super) fn experiment_path(&self, run: usize) -> PathBuf {
        self.root.join("runs").join(format!("{run:05}.toml"))
    }

    fn run_path(&self, run: usize) -> PathBuf {
        self.root.join("runs").join(format!("{run:05}.json"))
    }

    fn task_path(&self, task: usize) -> PathBuf {
        self.root.join("tasks").join(format!("{task:05}.json"))
    }

    pub(super) fn run(&self, run: usize) -> Result<PlannedRun> {
        read(&self.run_path(run))
    }

    pub(super) fn task(&self, task: usize) -> Result<Task> {
        read(&self.task_path(task))
    }

    pub(super) fn write_run(&self, number: usize, run: &PlannedRun, experiment: &str) -> Result<()> {
        self.write(&self.experiment_path(number), experiment.as_bytes())?;
        self.write_sealed(&self.run_path(number), run)
    }

    pub(super) fn write_task(&self, number: usize, task: &Task) -> Result<()> {
        self.write_sealed(&self.task_path(number), task)
    }

    pub(super) fn write_header(&self, header: &Header) -> Result<()> {
        self.write_sealed(&self.root.join("plan.json"), header)
    }

    /// Writes a file of the folder by its name.
    pub(super) fn write_script(&self, name: &str, text: &str) -> Result<()> {
        self.write(&self.root.join(name), text.as_bytes())
    }

    fn write_sealed(&self, path: &Path, value: &impl Serialize) -> Result<()> {
        self.write(path, &sealed::seal(value).map_err(|e| Error::bug(path.display(), e))?)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        write_whole(path, bytes).map_err(|e| unwritable(path, &e))
    }
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::unwritable(path, error, "check space and permissions, or name another folder, -o DIR")
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let hint = "plan again: nothing that was computed is lost";
    let refused = |reason: String| Error::at(path, reason, hint);
    let bytes = read_regular(path, MOST_BYTES).map_err(|e| match e {
        OpenError::Unreadable(e) if e.kind() == io::ErrorKind::NotFound => refused("is missing".to_owned()),
        e => refused(e.to_string()),
    })?;
    sealed::open(&bytes).map_err(refused)
}
