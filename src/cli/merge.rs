use super::progress::{stop_on_ctrl_c_saying, stopped};
use super::{Status, json_text, print, tell, warn};
use crate::error::Result;
use crate::run::{Merged, Store};
use crate::util::Damage;
use crate::util::shown::{counted, one_line};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench merge plan/store --into runs          what the tasks of a plan computed, to `bench show last`
  bench merge node1 node2 node3 --into runs   stores of several machines

Only what is missing is copied, so the same command may be given again, and while tasks are still at work. A cell that \
both stores have must have the same predictions; where it has not, both machines are named, and what was there first stays. \
Damaged files are told of and not copied.

Exit status: 0 merged; 1 merged, but there are conflicts or damaged files; 2 nothing could be merged; 130 stopped.")]
pub(super) struct Args {
    /// Folders of stores
    #[arg(value_name = "STORE", required = true)]
    stores: Vec<PathBuf>,
    /// Folder of the store that gets what it has not; it is made if it is missing
    #[arg(long, value_name = "STORE")]
    into: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `bench merge`.
pub(super) fn run(args: &Args) -> Result<u8> {
    // A name that is misspelt is told before anything is made.
    let stores = args.stores.iter().map(|path| Store::open(path)).collect::<Result<Vec<_>>>()?;
    let into = Store::create(&args.into)?;
    stop_on_ctrl_c_saying("stopping; what is copied stays, and the same command goes on");
    let (mut all, mut damaged) = (Merged::default(), Vec::new());
    for store in &stores {
        let Some(merged) = into.merge(store, &stopped)? else { return Ok(Status::INTERRUPTED) };
        all = all.and(merged);
        damaged.extend(store.damaged());
    }
    damaged.extend(into.damaged());
    if args.json {
        let damaged: Vec<String> = damaged.iter().map(Damage::to_string).collect();
        print(json_text(&json!({ "into": args.into, "merged": all, "damaged": damaged })))?;
    } else {
        print(text(&all))?;
        damaged.iter().for_each(warn);
    }
    Ok(if all.conflicts.is_empty() && damaged.is_empty() { Status::DONE } else { Status::PARTLY_FAILED })
}

/// What was merged, in lines; conflicts go to standard error.
pub(super) fn text(merged: &Merged) -> String {
    for conflict in &merged.conflicts {
        warn(one_line(conflict));
    }
    if !merged.conflicts.is_empty() {
        tell(
            "the same program on the same data gives the same predictions: is a machine faulty, or a file changed?",
        );
    }
    format!(
        "{} and {} copied, {} the same already; {} that failed; {}\n",
        counted(merged.cells, "cell"),
        counted(merged.runs, "run"),
        merged.same,
        merged.failures,
        counted(merged.conflicts.len(), "conflict")
    )
}
