use super::{Out, Status, json_text, print};
use crate::error::Result;
use crate::report::Results;
use crate::report::across::Across;
use crate::report::duel::Duel;
use crate::report::paired::PairedComparison;
use crate::run::Store;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench compare                                  every model of the latest run beside the best
  bench compare last --models svm,forest         two models, and which tracks only one of them gets right
  bench compare last --rope 2                    differences within 2 points count as equal
  bench compare RUN RUN RUN RUN RUN RUN          over several runs: mean ranks, Friedman, Wilcoxon with Holm

Models are compared on the same test examples, so their differences are known far better than their scores. A model whose \
adjusted p-value is above 0.05 cannot be told from the best by this run; that does not make them equal: see the column \
`equal`.")]
pub(super) struct Args {
    /// Names of runs, or the starts of them, or `last`
    #[arg(default_value = "last")]
    runs: Vec<String>,
    /// These models alone
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    models: Vec<String>,
    /// Region of practical equivalence: differences up to so many points count as none
    #[arg(long, value_name = "POINTS", default_value_t = 1.0, value_parser = parse_rope)]
    rope: f64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    out: Out,
}

/// Reads the value of `--rope`.
fn parse_rope(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(points) if (0.0..=100.0).contains(&points) => Ok(points),
        _ => Err("expected points from 0 to 100, such as 1".to_owned()),
    }
}

/// Runs `bench compare`.
pub(super) fn run(args: &Args) -> Result<u8> {
    let store = Store::open(&args.out.out)?;
    let runs = args.runs.iter().map(|run| Results::load(&store, run)).collect::<Result<Vec<_>>>()?;
    let text = match &runs[..] {
        [run] => of_run(run, args)?,
        runs => {
            // A name that is misspelt is told, and not one model fewer compared.
            for (run, name) in runs.iter().flat_map(|run| args.models.iter().map(move |name| (run, name))) {
                run.model(name)?;
            }
            let across = Across::of(&runs.iter().collect::<Vec<_>>(), &args.models)?;
            if args.json { json_text(&json!(across)) } else { across.table() }
        }
    };
    print(&text)?;
    Ok(Status::DONE)
}

fn of_run(run: &Results, args: &Args) -> Result<String> {
    let mut models = Vec::new();
    for name in &args.models {
        let model = run.model(name)?;
        // A model that is named twice is still one.
        if !models.contains(&model) {
            models.push(model);
        }
    }
    if models.is_empty() {
        models = (0..run.plan.models.len()).collect();
    }
    let compared = PairedComparison::of(run, &models, args.rope / 100.0)?;
    let duel = match models[..] {
        [a, b] => Duel::of(run, [a, b]).map(|duel| (duel, [a, b])),
        _ => None,
    };
    if args.json {
        let mut object = json!(compared);
        object["tracks"] = json!(duel.map(|(duel, _)| duel));
        return Ok(json_text(&object));
    }
    let tracks = duel.map(|(duel, models)| format!("\n{}", duel.text(run, models)));
    Ok(compared.table() + &tracks.unwrap_or_default())
}
