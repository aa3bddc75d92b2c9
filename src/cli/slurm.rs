//! `bench all --on slurm`: plan, submit, wait, merge.

use super::merge;
use super::plan::summary;
use super::progress::{bar, stop_on_ctrl_c_saying, stopped};
use super::{tell, warn};
use crate::error::{Error, Result};
use crate::experiment::cluster::{Header, PlanFolder, PlanRequest, PlanStatus};
use crate::experiment::{Experiment, Session};
use crate::run::Store;
use crate::util::{hex, read_regular, write_whole};
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A scheduler that can be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scheduler {
    /// Slurm, by sbatch and squeue.
    Slurm,
}

/// The file of a plan that names the jobs that it was submitted as.
const JOBS: &str = "slurm-jobs";
/// How often marks are read, and how often Slurm is asked, which is everybody's.
const LOOK: Duration = Duration::from_secs(2);
const ASK: Duration = Duration::from_secs(10);
/// Seconds that a task should take.
const TASK_SECONDS: f64 = 600.0;

/// What became of the work.
pub enum Computed {
    /// All cells are in the session's store.
    All,
    /// Not all: the runs that have them.
    Partly(Vec<String>),
}

/// Computes the cells of experiments on a cluster and merges them into the session's store; `None` if the user stopped
/// waiting.
///
/// # Errors
///
/// An experiment that cannot be run, a folder that cannot be written to, or Slurm refuses the tasks.
pub fn compute(experiments: &[Experiment], session: &Session, quiet: bool) -> Result<Option<Computed>> {
    stop_on_ctrl_c_saying("waiting no longer; the tasks go on, and the same command waits for them again");
    let plans = Plans::of(experiments, &session.out)?;
    if let Some(before) = plans.latest() {
        let jobs = jobs_of(&before);
        if !jobs.is_empty() && !matches!(queue(&jobs)?, Queue::Over) {
            tell(format!("waiting for the jobs {} that were submitted before", jobs.join(", ")));
            let (folder, header) = PlanFolder::open(&before)?;
            if !wait(&folder, &header, &jobs, quiet)? {
                return Ok(None);
            }
        }
        merge(&before, session)?;
    }
    let request = PlanRequest { seconds: TASK_SECONDS, cpus: 1 };
    let path = plans.next();
    let Some((folder, header)) = session.plan_tasks(experiments, &request, &path)? else { return Ok(None) };
    tell(summary(&header));
    if header.tasks > 0 {
        let jobs = submit(&folder, &header)?;
        tell(format!("submitted as {}; plan and logs are in {}", jobs.join(", "), path.display()));
        if !wait(&folder, &header, &jobs, quiet)? {
            return Ok(None);
        }
    }
    merge(&path, session)?;
    let status = folder.status(&header);
    if status.is_done() {
        return Ok(Some(Computed::All));
    }
    tell_of_trouble(&folder, &status);
    let runs = Store::open(&folder.store())?.runs()?;
    Ok(Some(Computed::Partly(runs.into_iter().rev().map(|(_, id)| id).collect())))
}

/// The plans that were made of the same experiments, one after the other.
struct Plans {
    folder: PathBuf,
    name: String,
}

impl Plans {
    fn of(experiments: &[Experiment], out: &Path) -> Result<Self> {
        let mut hash = Sha256::new();
        for experiment in experiments {
            hash.update(experiment.hash()?);
        }
        Ok(Self { folder: out.join("slurm"), name: hex(&hash.finalize()[..6]) })
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{}-{number}", self.name))
    }

    fn count(&self) -> usize {
        (1..).take_while(|&number| self.path(number).exists()).count()
    }

    fn latest(&self) -> Option<PathBuf> {
        match self.count() {
            0 => None,
            count => Some(self.path(count)),
        }
    }

    fn next(&self) -> PathBuf {
        self.path(self.count() + 1)
    }
}

/// Submits all groups; the numbers of the jobs.
fn submit(folder: &PlanFolder, header: &Header) -> Result<Vec<String>> {
    let mut jobs = Vec::new();
    for group in &header.groups {
        let script = folder.root().join(format!("{}.sbatch", group.name));
        let output = Command::new("sbatch").arg("--parsable").arg(&script).output();
        let output = output.map_err(|e| cannot_start("sbatch", &e))?;
        let said = String::from_utf8_lossy(&output.stdout);
        // `17` or, on one of several clusters, `17;cluster`.
        let job = said.trim().split(';').next().unwrap_or_default().to_owned();
        if !output.status.success() || job.is_empty() {
            let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let hint = "flags of sbatch can be given in the environment, such as SBATCH_PARTITION=long";
            return Err(Error::new(script.display(), format!("sbatch refuses it: {reason}"), hint));
        }
        jobs.push(job);
        // At once: whoever is stopped here must find the jobs again.
        let path = folder.root().join(JOBS);
        write_whole(&path, jobs.join("\n").as_bytes()).map_err(|e| super::output::unwritable(&path, &e))?;
    }
    Ok(jobs)
}

fn cannot_start(program: &str, error: &std::io::Error) -> Error {
    let hint = "is this a machine of a Slurm cluster? `bench plan` makes tasks for other schedulers";
    Error::new(format!("`{program}`"), format!("cannot be started: {error}"), hint)
}

/// The jobs that a plan was submitted as.
fn jobs_of(plan: &Path) -> Vec<String> {
    let text = read_regular(&plan.join(JOBS), 1 << 16).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().filter(|line| line.chars().all(|c| c.is_ascii_digit())).map(str::to_owned).collect()
}

/// What Slurm has of some jobs.
enum Queue {
    /// Something of them, in short.
    Has(String),
    /// Nothing any more.
    Over,
    /// It does not answer, which it may later.
    Silent(String),
}

fn queue(jobs: &[String]) -> Result<Queue> {
    let output = Command::new("squeue")
        .args(["--noheader", "--array", "--states=all", "--format=%T %r", "--jobs", &jobs.join(",")])
        .output()
        .map_err(|e| cannot_start("squeue", &e))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        // Slurm forgets jobs some minutes after their end.
        return Ok(if reason.contains("Invalid job id") { Queue::Over } else { Queue::Silent(reason) });
    }
    Ok(queue_of(&String::from_utf8_lossy(&output.stdout)))
}

/// What lines of a state and a reason come to.
fn queue_of(lines: &str) -> Queue {
    let (mut running, mut waiting, mut why) = (0, 0, "");
    for line in lines.lines() {
        match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
            ("RUNNING" | "COMPLETING" | "CONFIGURING" | "SUSPENDED" | "STAGE_OUT" | "SIGNALING", _) => {
                running += 1
            }
            (
                "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT" | "RESIZING",
                reason,
            ) => {
                waiting += 1;
                why = reason;
            }
            _ => {}
        }
    }
    match (running, waiting) {
        (0, 0) => Queue::Over,
        (_, 0) => Queue::Has(format!("{running} running")),
        _ => Queue::Has(format!("{running} running, {waiting} waiting ({why})")),
    }
}

/// Waits until Slurm has nothing of the jobs any more; false if the user stopped waiting.
fn wait(folder: &PlanFolder, header: &Header, jobs: &[String], quiet: bool) -> Result<bool> {
    let bar = bar(header.cells, quiet, "{elapsed_precise} [{bar:24}] {pos}/{len} cells  {wide_msg}");
    let mut asked: Option<Instant> = None;
    // A thousand marks take a while over a network.
    let pause = LOOK + Duration::from_millis(5 * header.tasks as u64);
    let is_over = loop {
        if stopped() {
            break false;
        }
        let status = folder.status(header);
        bar.set_position((status.all.cells_done + status.all.cells_failed) as u64);
        // Nobody asks Slurm more often than need be.
        if status.is_done() || asked.is_none_or(|asked| asked.elapsed() >= ASK) {
            asked = Some(Instant::now());
            match queue(jobs)? {
                Queue::Over => break true,
                Queue::Has(said) => show(&bar, &status, &said),
                Queue::Silent(reason) => show(&bar, &status, &format!("Slurm does not answer: {reason}")),
            }
        }
        let until = Instant::now() + pause;
        while Instant::now() < until && !stopped() {
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    bar.finish_and_clear();
    if !is_over {
        tell(format!("`scancel {}` ends the tasks", jobs.join(" ")));
    }
    Ok(is_over)
}

fn show(bar: &ProgressBar, status: &PlanStatus, queue: &str) {
    let failed = match status.all.cells_failed {
        0 => String::new(),
        failed => format!("{failed} failed, "),
    };
    bar.set_message(format!("{failed}{queue}"));
}

fn merge(plan: &Path, session: &Session) -> Result<()> {
    let (from, into) = (Store::open(&plan.join("store"))?, Store::create(&session.out)?);
    if let Some(merged) = into.merge(&from, &stopped)? {
        tell(merge::text(&merged).trim_end());
    }
    from.damaged().iter().for_each(warn);
    Ok(())
}

fn tell_of_trouble(folder: &PlanFolder, status: &PlanStatus) {
    let (done, tasks) = (status.all.done, status.all.tasks);
    let plan = folder.root().display();
    warn(format!(
        "only {done} of {tasks} tasks are done: see `bench status {plan}` and {plan}/logs; the same command tries the rest \
         again"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_over_when_nothing_is_running_or_waiting() {
        let said = |lines: &str| match queue_of(lines) {
            Queue::Has(said) => said,
            Queue::Over => "over".to_owned(),
            Queue::Silent(reason) => reason,
        };
        assert_eq!(
            said("RUNNING None\nPENDING Resources\nCOMPLETED None\n"),
            "1 running, 1 waiting (Resources)"
        );
        assert_eq!(said("COMPLETING None\n"), "1 running");
        assert_eq!(said("COMPLETED None\nFAILED NonZeroExitCode\nTIMEOUT TimeLimit\n"), "over");
        assert_eq!(said(""), "over");
    }
}
