use super::{Out, Registry, Status, json_text, print};
use crate::error::Result;
use crate::report::{Leaderboard, LeaderboardOptions, Results, check};
use crate::run::Store;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench check                    the latest run
  bench check RUN --strict       exit status 1 if anything is found, for scripts
  bench check --list             all checks
  bench check --explain S103     what it finds, why it matters, what to do")]
pub(super) struct Args {
    /// Names of runs, or the starts of them, or `last`
    #[arg(default_value = "last")]
    runs: Vec<String>,
    /// Print the page of a check, by its code or name
    #[arg(long, value_name = "CODE", conflicts_with_all = ["list", "json", "strict"])]
    explain: Option<String>,
    /// List all checks
    #[arg(long, conflicts_with_all = ["json", "strict"])]
    list: bool,
    /// Exit with status 1 if anything is found
    #[arg(long)]
    strict: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    out: Out,
}

/// Runs `bench check`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    if let Some(code) = &args.explain {
        print(format!("{}\n", check::explanation(code)?))?;
        return Ok(Status::DONE);
    }
    if args.list {
        print(check::list())?;
        return Ok(Status::DONE);
    }
    let store = Store::open(&args.out.out)?;
    let (mut tables, mut objects, mut found) = (Vec::new(), Vec::new(), 0);
    for run in &args.runs {
        let results = Results::load(&store, run)?;
        let leaderboard = Leaderboard::of(&results, &registry.figures(), &LeaderboardOptions::default());
        let findings = check::findings(&results, &leaderboard);
        found += findings.len();
        tables.push(check::table(&results, &findings));
        objects.push(json!({ "run": results.plan.id, "findings": findings }));
    }
    print(&if args.json { json_text(&json!({ "runs": objects })) } else { tables.join("\n") })?;
    Ok(if args.strict && found > 0 { Status::PARTLY_FAILED } else { Status::DONE })
}
