use super::flags::RunFlags;
use super::setup::Setup;
use super::{Registry, Status, json_text, print};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::features::groups::group_of;
use crate::report::{Leaderboard, LeaderboardOptions, ablation::Ablation, terminal, to_json};
use crate::run::{Columns, PlannedModel};
use genre_bench_api::{Card, Model, Reads};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The models whose features are weighed unless the user names others.
const DEFAULT_MODEL: &str = "svm-c10";

/// More groups than this are no groups: pixels, or columns without speaking names.
const MOST_GROUPS: usize = 40;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench ablate --data gtzan --segment 10                 what each group of features is worth to svm-c10
  bench ablate --data gtzan --models svm,forest          to two models
  bench ablate --data gtzan --protocol artist            to music by other artists
  bench ablate --data gtzan --group timbre=mfcc*,spectral* --group rhythm=tempo
  bench ablate --data gtzan --json | jq '.ablation[] | [.without, .change.mean]'

Each group of columns is left out in turn, everything else being the same: split, seed, parameters. The change is that
of macro-F1, fold by fold, so its interval is far narrower than those of the leaderboard. A group whose loss costs
nothing may still carry much that the others carry too.")]
pub(super) struct Args {
    /// Models or families, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = DEFAULT_MODEL)]
    models: Vec<String>,
    /// A group of your own: NAME=COLUMN,COLUMN, where a COLUMN may end in `*`; may be given repeatedly [default: chroma,
    /// energy, spectral, harmonic-percussive, rhythm and mfcc; other columns by the start of their names]
    #[arg(long = "group", value_name = "NAME=COLUMNS")]
    groups: Vec<Group>,
    #[command(flatten)]
    flags: RunFlags,
}

/// The value of `--group`.
#[derive(Debug, Clone)]
struct Group {
    name: String,
    patterns: Vec<String>,
}

impl FromStr for Group {
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
    let flags = &args.flags;
    let selected = registry.select(&args.models)?;
    let cards: Vec<&Card> = selected.iter().map(|(_, card)| *card).collect();
    let setup = Setup::new(flags, registry)?;
    flags.common.check_changes(registry, &cards)?;
    let full = selected
        .iter()
        .map(|(model, card)| Ok((*model, setup.planned(card)?)))
        .collect::<Result<Vec<_>>>()?;
    if let Some((_, model)) = full.iter().find(|(_, model)| model.reads != Reads::Table) {
        let reason = format!("it reads {}, and only columns of the table can be left out", model.reads);
        return Err(Error::new(
            format!("model `{}`", model.name),
            reason,
            "--models svm,forest or another that reads the table",
        ));
    }
    let dataset = setup.dataset(&[])?;
    let groups = groups(args, &dataset)?;
    let split = setup.split(&dataset)?;

    let mut planned = Vec::new();
    let mut models: Vec<&dyn Model> = Vec::new();
    for (model, full) in full {
        let variants = groups.iter().map(|group| PlannedModel {
            name: format!("{} -{}", full.name, group.group),
            changed: true,
            without: Some(group.clone()),
            ..full.clone()
        });
        planned.extend(variants);
        planned.push(full);
        models.resize(planned.len(), model);
    }
    let plan = setup.plan(&dataset, &split, planned)?;
    let Some(computed) = setup.compute(plan, &dataset, &split, &models)? else {
        return Ok(Status::INTERRUPTED);
    };
    let board = Leaderboard::of(&computed.results, &registry.figures(), &LeaderboardOptions::default());
    if flags.common.json {
        let mut object = to_json(&computed.results, &board);
        object["ablation"] = serde_json::json!(Ablation::all(&computed.results));
        print(json_text(&object))?;
    } else {
        print(terminal::report(&computed.results, &board))?;
    }
    Ok(computed.status())
}

/// The groups to leave out: the user's, or those that the columns' names say.
fn groups(args: &Args, dataset: &Dataset) -> Result<Vec<Columns>> {
    let columns = &dataset.columns;
    let groups: Vec<Columns> = if args.groups.is_empty() {
        let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        columns.iter().for_each(|column| named.entry(group_of(column)).or_default().push(column.clone()));
        named.into_iter().map(|(group, columns)| Columns { group: group.to_owned(), columns }).collect()
    } else {
        args.groups.iter().map(|group| matching(group, columns)).collect::<Result<_>>()?
    };
    let hint = "name some, --group NAME=COLUMN,COLUMN*";
    if groups.len() > MOST_GROUPS {
        let reason = format!("its columns fall into {} groups by their names", groups.len());
        return Err(Error::new(&dataset.info.name, reason, hint));
    }
    if let Some(all) = groups.iter().find(|group| group.columns.len() == columns.len()) {
        let reason = format!("without the group `{}` there would be no column left", all.group);
        return Err(Error::new(&dataset.info.name, reason, hint));
    }
    Ok(groups)
}

/// The columns that a group names.
fn matching(group: &Group, columns: &[String]) -> Result<Columns> {
    let matches = |pattern: &str, column: &str| match pattern.strip_suffix('*') {
        Some(start) => column.starts_with(start),
        None => column == pattern,
    };
    for pattern in &group.patterns {
        if !columns.iter().any(|column| matches(pattern, column)) {
            let shown: Vec<&str> = columns.iter().take(8).map(String::as_str).collect();
            return Err(Error::new(
                format!("--group {}", group.name),
                format!("no column matches `{pattern}`"),
                format!("the table has {} …", shown.join(", ")),
            ));
        }
    }
    let of_group = columns.iter().filter(|column| group.patterns.iter().any(|p| matches(p, column)));
    Ok(Columns { group: group.name.clone(), columns: of_group.cloned().collect() })
}
