use super::flags::ExperimentFlags;
use super::{Registry, run};
use crate::error::{Error, Result};
use crate::experiment::{Ablation, Experiment};
use std::str::FromStr;

/// The models whose features are weighed unless the user names others.
const DEFAULT_MODEL: &str = "svm-c10";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench ablate --data gtzan --segment 10         what each group of features is worth to svm-c10
  bench ablate --data gtzan --models svm,forest  to two models
  bench ablate --data gtzan --protocol artist    to music by other artists
  bench ablate --data gtzan --leave-out timbre=mfcc*,spectral* --leave-out rhythm=tempo
  bench ablate --data gtzan --json | jq '.ablation[] | [.without, .change.mean]'

Each group of columns is left out in turn, everything else being the same: split, seed, parameters. The change is that \
of macro-F1, fold by fold, so its interval is far narrower than those of the leaderboard. A group whose loss costs \
nothing may still carry much that the others carry too.")]
pub(super) struct Args {
    /// Models or families, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = DEFAULT_MODEL)]
    models: Vec<String>,
    /// A group of your own: NAME=COLUMN,COLUMN, where a COLUMN may end in `*`; may be given repeatedly [default: chroma,
    /// energy, spectral, harmonic-percussive, rhythm and mfcc; other columns by the start of their names]
    #[arg(long = "leave-out", value_name = "NAME=COLUMNS")]
    groups: Vec<ColumnGroup>,
    #[command(flatten)]
    flags: ExperimentFlags,
}

/// The value of `--leave-out`.
#[derive(Debug, Clone)]
struct ColumnGroup {
    name: String,
    patterns: Vec<String>,
}

impl FromStr for ColumnGroup {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((name, columns)) if !name.is_empty() && !columns.is_empty() => {
                Ok(Self { name: name.to_owned(), patterns: columns.split(',').map(str::to_owned).collect() })
            }
            _ => Err("expected NAME=COLUMN,COLUMN, such as rhythm=tempo or timbre=mfcc*".to_owned()),
        }
    }
}

/// Runs `bench ablate`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let groups = args.groups.iter().map(|group| (group.name.clone(), group.patterns.clone())).collect();
    let experiment = args.flags.experiment(&args.models);
    if let Some(group) = experiment.data.group.as_ref().filter(|group| group.contains('=')) {
        let reason = format!("`{group}` is no column that says which examples belong together");
        return Err(Error::new(
            "--group",
            reason,
            format!("--leave-out {group} leaves a group of columns out"),
        ));
    }
    run::one(&Experiment { ablate: Some(Ablation { groups }), ..experiment }, &args.flags, None, registry)
}
