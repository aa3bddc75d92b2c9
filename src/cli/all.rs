use super::flags::RunFlags;
use super::setup::Setup;
use super::{Registry, Status, json_text, print};
use crate::error::Result;
use crate::report::{Leaderboard, LeaderboardOptions, terminal, to_json};
use genre_bench_api::Card;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench all --data gtzan --segment 10                      the 10 s table, tracks kept together
  bench all --data music --segment 3                       audio in music/GENRE/file.mp3, cut into 3 s
  bench all --data gtzan/images_original --image-size 48x32   spectrogram images, a pixel a column
  bench all --data gtzan --protocol segment                as most published figures: it leaks
  bench all --data my.csv --models svm,forest --folds 10   two models, 10 folds
  bench all --models classical --set svm.c=10              a family, one parameter changed
  bench all --holdout 80/10/10 --repeats 5                 five random hold-outs
  bench all --data gtzan --drop-faults report.json         without what an audit found faulty
  bench all --protocol file:split.csv                      the split of another tool
  bench all --json | jq '.leaderboard[] | [.model, .macro_f1]'

A run that was stopped goes on where it was when the same command is given again.")]
pub(super) struct Args {
    /// Models or families, separated by commas [default: all but those that only run by name]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    models: Vec<String>,
    #[command(flatten)]
    flags: RunFlags,
}

/// Runs `bench all`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let flags = &args.flags;
    let (models, cards): (Vec<_>, Vec<&Card>) = registry.select(&args.models)?.into_iter().unzip();
    let setup = Setup::new(flags, registry)?;
    flags.common.check_changes(registry, &cards)?;
    let planned = cards.iter().map(|card| setup.planned(card)).collect::<Result<Vec<_>>>()?;
    let dataset = setup.dataset(&planned)?;
    let split = setup.split(&dataset)?;
    let wanted = models.into_iter().zip(planned).collect();
    let (readable, notes) = setup.readable(wanted, &dataset, &args.models)?;
    let (models, planned): (Vec<_>, Vec<_>) = readable.into_iter().unzip();
    let mut plan = setup.plan(&dataset, &split, planned)?;
    plan.notes.extend(notes);
    let Some(computed) = setup.compute(plan, &dataset, &split, &models)? else {
        return Ok(Status::INTERRUPTED);
    };
    let board = Leaderboard::of(&computed.results, &registry.figures(), &LeaderboardOptions::default());
    print(&if flags.common.json {
        json_text(&to_json(&computed.results, &board))
    } else {
        terminal::report(&computed.results, &board)
    })?;
    Ok(computed.status())
}
