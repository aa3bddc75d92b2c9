use super::plan::duration;
use super::{Status, json_text, print};
use crate::error::Result;
use crate::experiment::cluster::{GroupStatus, Header, PlanFolder, PlanStatus};
use crate::report::Grid;
use crate::util::shown::{counted, one_line};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench status plan                              how far the tasks of a plan are
  bench status plan --json | jq .all.cells_done  for programs

Every task says in the folder of the plan how far it is; no store is read. A task is silent if it was at work and has said \
nothing for 90 s: it was killed, or its machine cannot write to the folder.

Exit status: 0 nothing has failed so far; 1 a cell failed, or a task ended without being done.")]
pub(super) struct Args {
    /// Folder of the plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `bench status`.
pub(super) fn run(args: &Args) -> Result<u8> {
    let (folder, header) = PlanFolder::open(&args.plan)?;
    let status = folder.status(&header);
    print(if args.json { json_text(&json!(status)) } else { text(&folder, &header, &status) })?;
    let is_well = status.all.cells_failed == 0 && status.unfinished.is_empty();
    Ok(if is_well { Status::DONE } else { Status::PARTLY_FAILED })
}

fn text(folder: &PlanFolder, header: &Header, status: &PlanStatus) -> String {
    let GroupStatus { tasks, done, cells, cells_done, cells_failed, .. } = &status.all;
    let mut text =
        format!("{done} of {tasks} tasks, {cells_done} of {cells} cells done, {cells_failed} failed");
    if cells_done + cells_failed < *cells {
        text += &format!("; about {} left, one task after the other", duration(status.seconds_left));
    }
    text += "\n\n";
    let head =
        ["tasks", "waiting", "working", "silent", "stopped", "failed", "done", "cells", "done", "failed"];
    let mut grid = Grid::new(1, std::iter::once("group").chain(head));
    for group in &status.groups {
        let counts = [
            group.tasks,
            group.waiting,
            group.working,
            group.silent,
            group.stopped,
            group.failed,
            group.done,
            group.cells,
            group.cells_done,
            group.cells_failed,
        ];
        grid.row(std::iter::once(group.group.clone()).chain(counts.map(|count| count.to_string())));
    }
    text += &format!("{grid}");
    if !status.failures.is_empty() || !status.troubles.is_empty() {
        text.push('\n');
    }
    for failure in &status.failures {
        text += &format!("{} failed: {}\n", failure.cell, one_line(&failure.reason));
    }
    for (task, trouble) in &status.troubles {
        text += &format!("task {task}: {}\n", one_line(trouble));
    }
    if !status.unfinished.is_empty() {
        text += &format!(
            "\n{} again, once nothing is at work on them any more:\n",
            counted(status.unfinished.len(), "task")
        );
        text += &again(folder, header, &status.unfinished);
    }
    text
}

/// The commands that submit some tasks again; arrays count from the first task of their group.
fn again(folder: &PlanFolder, header: &Header, unfinished: &[usize]) -> String {
    let mut text = String::new();
    for group in &header.groups {
        let of_group = unfinished.iter().filter_map(|task| task.checked_sub(group.first));
        let indices: Vec<usize> = of_group.filter(|&index| index < group.tasks).collect();
        if !indices.is_empty() {
            let (array, plan) = (PlanStatus::ranges(&indices), folder.root().display());
            text += &format!("  sbatch --array={array} {plan}/{}.sbatch\n", group.name);
        }
    }
    text
}
