use super::Common;
use crate::cli::plan::duration;
use crate::cli::{Status, json_text, print, report};
use crate::error::Result;
use crate::report::Grid;
use crate::run::{Progress, RunSummary, Store};
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

/// Runs `bench runs list`.
pub(super) fn run(common: &Common) -> Result<u8> {
    let runs = Store::open(&common.out.out)?.summaries()?;
    if common.json {
        print(json_text(&json!({ "runs": runs.iter().map(json_of).collect::<Vec<_>>() })))?;
    } else {
        print(text(&runs))?;
    }
    let mut status = Status::DONE;
    for error in runs.iter().filter_map(|run| run.progress.as_ref().err()) {
        report(error);
        status = Status::PARTLY_FAILED;
    }
    Ok(status)
}

fn text(runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let mut grid = Grid::new(2, ["run", "state", "given", "models", "fits", "done", "failed"]);
    for run in runs {
        let counts = match &run.progress {
            Ok(Progress { models, cells, done, failed }) => {
                [*models, *cells, *done, *failed].map(|n| n.to_string())
            }
            Err(_) => [const { String::new() }; 4],
        };
        let given = run.given.elapsed().map_or(0.0, |age| age.as_secs_f64());
        let row = [run.id.clone(), state(run).to_owned(), format!("{} ago", duration(given))];
        grid.row(row.into_iter().chain(counts));
    }
    grid.to_string()
}

fn state(run: &RunSummary) -> &'static str {
    match &run.progress {
        Err(_) => "damaged",
        Ok(_) if run.is_held => "being computed",
        Ok(progress) if progress.done == progress.cells => "done",
        Ok(_) => "unfinished",
    }
}

fn json_of(run: &RunSummary) -> Value {
    json!({
        "run": run.id,
        "given": run.given.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        "state": state(run),
        "progress": run.progress.as_ref().ok(),
        "problem": run.progress.as_ref().err().map(ToString::to_string),
    })
}
