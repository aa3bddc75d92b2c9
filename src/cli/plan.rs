use super::cache::CacheFlags;
use super::progress::Console;
use super::{Out, Registry, Status, json_text, print};
use crate::error::Result;
use crate::experiment::cluster::{Header, PlanFolder, PlanRequest};
use crate::experiment::{Experiment, Session, read};
use crate::report::Grid;
use crate::util::shown::counted;
use indicatif::HumanDuration;
use serde_json::json;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench plan experiment.toml -o plan      what the store has not, as tasks of about 10 minutes
  bench plan experiments/*.toml -o plan   of many experiments; a cell of several is computed once
  bench plan e.toml -o plan --minutes 60  longer tasks
  bench plan e.toml -o plan --cpus 8      8 cores a task, and so many fits at a time
  bench work plan --task 0                then: one task, by whatever scheduler there is
  bench status plan                       how far they are
  bench merge plan/store --into runs      what they found out, to `bench show last`

`sbatch plan/cpu-1g.sbatch` hands all tasks of a group to Slurm, `sh plan/parallel.sh` does all of them on this machine by \
GNU parallel. Tasks that need about the same make a group. Time and memory are estimated from cells in the store (--out), \
else from what was measured for this version, and asked for with room to spare. docs/clusters.md explains all of it.")]
pub(super) struct Args {
    /// Experiments (TOML)
    #[arg(value_name = "EXPERIMENT", required = true)]
    files: Vec<PathBuf>,
    /// Folder to make, which every machine must see
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// Minutes that a task should take; a longer cell has a task of its own
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0, value_parser = parse_minutes)]
    minutes: f64,
    /// CPU cores of a task
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    cpus: u16,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    cache: CacheFlags,
    /// Print errors, nothing else
    #[arg(long, short)]
    quiet: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Reads the value of `--minutes`.
fn parse_minutes(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(minutes) if (1e-6..=100_000.0).contains(&minutes) => Ok(minutes),
        _ => Err("expected minutes, such as 10".to_owned()),
    }
}

/// Runs `bench plan`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let files = args.files.iter().map(|path| read(path, registry)).collect::<Result<Vec<_>>>()?;
    let experiments: Vec<Experiment> = files.into_iter().flat_map(|file| file.experiments).collect();
    let console = Console::new(args.quiet);
    let session = Session {
        registry,
        out: args.out.out.clone(),
        jobs: None,
        cache: args.cache.open(),
        tensorboard: None,
        keep_models: false,
        observer: &console,
        loaded: RefCell::default(),
    };
    let request = PlanRequest { seconds: 60.0 * args.minutes, cpus: args.cpus.into() };
    let Some((folder, header)) = session.plan_tasks(&experiments, &request, &args.output)? else {
        return Ok(Status::INTERRUPTED);
    };
    if args.json {
        print(json_text(&json!({ "plan": folder.root(), "tasks": header })))?;
    } else if !args.quiet {
        print(text(&folder, &header, &args.out.out))?;
    }
    Ok(Status::DONE)
}

/// What was planned, and what to do next.
pub(super) fn text(folder: &PlanFolder, header: &Header, out: &Path) -> String {
    let mut text = summary(header) + "\n";
    if header.tasks == 0 {
        return text;
    }
    let mut grid = Grid::new(1, ["group", "tasks", "cells", "CPU", "GPU", "GB", "longest", "all"]);
    for group in &header.groups {
        grid.row([
            group.name.clone(),
            group.tasks.to_string(),
            group.cells.to_string(),
            group.cpus.to_string(),
            usize::from(group.gpu).to_string(),
            (group.memory >> 30).to_string(),
            duration(group.longest),
            duration(group.seconds),
        ]);
    }
    text += &format!("\n{grid}\n");
    let plan = folder.root().display();
    for group in &header.groups {
        text += &format!("  sbatch {plan}/{}.sbatch\n", group.name);
    }
    text += &format!(
        "  sh {plan}/parallel.sh\n  bench work {plan} --task 0\n  bench status {plan}\n  bench merge {plan}/store \
         --into {}\n",
        out.display()
    );
    text
}

/// What was planned, in lines.
pub(super) fn summary(header: &Header) -> String {
    let mut lines = vec![format!(
        "{} in {}, about {} one after the other; {} stored already",
        counted(header.cells, "cell"),
        counted(header.tasks, "task"),
        duration(header.seconds()),
        header.stored
    )];
    if header.unknown > 0 {
        lines.push(format!(
            "nothing is known of the time of {}: each counts as 30 s; compute some, merge them, and plan again",
            counted(header.unknown, "cell")
        ));
    }
    if header.unfinished_runs > 0 {
        lines.push(format!(
            "{} by the search that is planned here: merge it, and plan again for what was chosen",
            match header.unfinished_runs {
                1 => "1 run chooses hyper-parameters".to_owned(),
                runs => format!("{runs} runs choose hyper-parameters"),
            }
        ));
    }
    lines.join("\n")
}

/// Seconds for people.
pub(super) fn duration(seconds: f64) -> String {
    let seconds = Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX);
    HumanDuration(seconds).to_string()
}
