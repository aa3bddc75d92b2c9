use super::external::ExternalFlags;
use super::flags::ExperimentFlags;
use super::slurm::Scheduler;
use super::{Registry, run};
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench all --data gtzan --segment 10                      the 10 s table, tracks kept together
  bench all --data music --segment 3                       music/GENRE/file.mp3, cut into 3 s
  bench all --data gtzan/images_original                   spectrogram images
  bench all --data gtzan --protocol segment                as most published figures: it leaks
  bench all --data my.csv --models svm,forest --folds 10   two models, 10 folds
  bench all --models classical --set svm.c=10              a family, one parameter changed
  bench all --data music --models musicnn+logistic,svm     on the embeddings of a pretrained encoder, and on the table
  bench all --models python:my_model.py,sklearn:svm.SVC    a model in Python, and one of scikit-learn
  bench all --shots 1,5,10 --models musicnn+logistic,svm   few-shot: so many tracks of every class train
  bench all --holdout 80/10/10 --repeats 5                 five random hold-outs
  bench all --data gtzan --drop-faults report.json         without what an audit found faulty
  bench all --protocol file:split.csv                      the split of another tool
  bench all --data gtzan --save-experiment gtzan.toml      the same as a file, for `bench run`
  bench all --data gtzan --dry-run                         what would run, and for how long
  bench all --data gtzan/genres_original --external my-music   and what is left of it on songs from elsewhere
  bench all --data gtzan --on slurm                        by the tasks of a cluster (docs/clusters.md)
  bench all --json | jq '.leaderboard[] | [.model, .macro_f1]'

A run that was stopped goes on where it was when the same command is given again.")]
pub(super) struct Args {
    /// Models or families, separated by commas; ENCODER+MODEL is a model on the embeddings of an encoder (`bench list
    /// encoders`), python:FILE, sklearn:NAME and external:FILE.toml are models in other languages [default: all but those
    /// that only run by name]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Models")]
    models: Vec<String>,
    #[command(flatten)]
    flags: ExperimentFlags,
    #[command(flatten)]
    external: ExternalFlags,
    /// Have a cluster compute the cells: plan, submit, wait and merge, then the leaderboard; flags of sbatch come from the
    /// environment, such as SBATCH_PARTITION
    #[arg(
        long, value_enum, value_name = "SCHEDULER", help_heading = "Run and output",
        conflicts_with_all = ["external", "keep_models", "tensorboard"]
    )]
    on: Option<Scheduler>,
}

/// Runs `bench all`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let experiment = args.flags.experiment(&args.models);
    match args.on {
        Some(scheduler) if !args.flags.session.dry_run => {
            run::on(scheduler, &experiment, &args.flags, registry)
        }
        _ => run::one(&experiment, &args.flags, Some(&args.external), registry),
    }
}
