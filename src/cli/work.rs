use super::cache::CacheFlags;
use super::progress::Console;
use super::{Registry, Status, report, tell};
use crate::error::{Error, Result};
use crate::experiment::Session;
use crate::experiment::cluster::PlanFolder;
use crate::util::shown::{counted, one_line};
use std::cell::RefCell;
use std::path::PathBuf;

/// What schedulers call the number of a task, and what their first one is.
const VARIABLES: [(&str, usize); 4] =
    [("SLURM_ARRAY_TASK_ID", 0), ("JOB_COMPLETION_INDEX", 0), ("PARALLEL_SEQ", 1), ("SGE_TASK_ID", 1)];

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench work plan --task 3                   the fourth task of a plan, into plan/store
  bench work plan --task 3 --out /local/out  into a store of its own, to be merged later
  bench work plan                            the task that the scheduler says

Without --task the number is that of SLURM_ARRAY_TASK_ID (an array from 0: --array=0-59), JOB_COMPLETION_INDEX (an \
Indexed Job of Kubernetes), PARALLEL_SEQ (GNU parallel) or SGE_TASK_ID (both count from 1).

A task that was stopped or killed goes on when it is begun again, here or elsewhere: finished cells are stored. It must be \
the same build of the program, and the data must be what was planned with: both are checked before anything is computed. \
Paths in the experiments are relative to the folder in which the program runs.

Exit status: 0 all cells are stored; 1 some failed; 2 the task cannot be worked on here; 130 stopped.")]
pub(super) struct Args {
    /// Folder of the plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Number of the task, from 0 [default: what the scheduler says]
    #[arg(long, value_name = "N")]
    task: Option<usize>,
    /// Folder of the store for the results [default: PLAN/store]
    #[arg(long, value_name = "STORE")]
    out: Option<PathBuf>,
    /// Fits at a time [default: number of CPU cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    cache: CacheFlags,
    /// Print errors, nothing else
    #[arg(long, short)]
    quiet: bool,
}

/// Runs `bench work`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let (folder, header) = PlanFolder::open(&args.plan)?;
    let task = match args.task {
        Some(task) => task,
        None => task_of(|name| std::env::var(name).ok())?,
    };
    let console = Console::new(args.quiet);
    let session = Session {
        registry,
        out: args.out.clone().unwrap_or_else(|| folder.store()),
        jobs: args.jobs.map(usize::from),
        cache: args.cache.open(),
        tensorboard: None,
        keep_models: false,
        observer: &console,
        loaded: RefCell::default(),
    };
    let Some(worked) = session.work(&folder, &header, task)? else { return Ok(Status::INTERRUPTED) };
    if !args.quiet {
        let cells = counted(worked.done + worked.failed.len(), "cell");
        tell(format!("task {task}: {} of {cells} done, in {}", worked.done, session.out.display()));
    }
    // In a log nobody saw a progress bar.
    for (cell, reason) in &worked.failed {
        tell(format!("{cell} failed: {}", one_line(reason)));
    }
    worked.store_error.iter().for_each(report);
    Ok(if worked.is_complete() { Status::DONE } else { Status::PARTLY_FAILED })
}

/// The number of the task, from 0, that a scheduler gave in the environment.
fn task_of(variable: impl Fn(&str) -> Option<String>) -> Result<usize> {
    let mut found: Option<(&str, usize)> = None;
    for (name, first) in VARIABLES {
        // SGE says `undefined` where there is no array.
        let Some(text) = variable(name).filter(|text| !text.is_empty() && text != "undefined") else {
            continue;
        };
        let number = text.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(first));
        let Some(number) = number else {
            let reason = format!("is `{text}`, not a whole number from {first}");
            return Err(Error::new(name, reason, "--task N, from 0"));
        };
        if let Some((other, task)) = found.filter(|(_, task)| *task != number) {
            let reason = format!("says task {number}, and {other} says task {task}");
            return Err(Error::new(name, reason, "--task N, from 0"));
        }
        found = Some((name, number));
    }
    found.map(|(_, task)| task).ok_or_else(|| {
        let names = VARIABLES.map(|(name, _)| name).join(", ");
        Error::new("the task", format!("is not given, and none of {names} is set"), "--task N, from 0")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    fn of(set: &[(&str, &str)]) -> Result<usize> {
        task_of(|name| set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn schedulers_count_from_0_or_1() {
        assert_eq!(of(&[("SLURM_ARRAY_TASK_ID", "7")]).unwrap(), 7);
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "0")]).unwrap(), 0);
        assert_eq!(of(&[("PARALLEL_SEQ", "1")]).unwrap(), 0);
        assert_eq!(of(&[("SGE_TASK_ID", "60")]).unwrap(), 59);
        assert_eq!(of(&[("SGE_TASK_ID", "undefined"), ("PARALLEL_SEQ", "3")]).unwrap(), 2);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(of(&[]).unwrap_err().to_string().contains("SLURM_ARRAY_TASK_ID"));
        assert!(of(&[("PARALLEL_SEQ", "0")]).unwrap_err().to_string().contains("whole number from 1"));
        assert!(of(&[("SLURM_ARRAY_TASK_ID", "-1")]).is_err());
        let two = of(&[("SLURM_ARRAY_TASK_ID", "3"), ("PARALLEL_SEQ", "2")]).unwrap_err().to_string();
        assert!(two.contains("says task 1, and SLURM_ARRAY_TASK_ID says task 3"), "{two}");
        assert_eq!(of(&[("SLURM_ARRAY_TASK_ID", "1"), ("PARALLEL_SEQ", "2")]).unwrap(), 1);
    }
}
