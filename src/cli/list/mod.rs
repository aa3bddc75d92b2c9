//! `bench list`: what there is.

mod datasets;
mod encoders;
mod metrics;
mod models;
pub(super) mod weights;

use super::flags::parse_encoder;
use super::{Out, Registry, Status, json_text, print, report};
use crate::dataset::{Dataset, Info, Source, builtin_info};
use crate::error::{Error, Result};
use crate::experiment::{keys, schema};
use crate::protocol::Protocol;
use crate::recordings::layouts::{self, KNOWN};
use crate::report::{paragraph, width};
use crate::run::Store;
use crate::score::METRICS;
use crate::util::shown::one_line;
use console::style;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench list                              models, protocols, metrics and datasets
  bench list models svm cnn-5block        parameters, costs and published figures of two models
  bench list encoders                     pretrained networks that models can stand on
  bench list models --json                names, parameters and published figures for programs
  bench list metrics                      what a leaderboard can show and be sorted by
  bench list datasets --data gtzan        what a folder holds
  bench list datasets fma-small           where to get a dataset, its licence, known faults and split
  bench list experiment                   keys of an experiment file (--json: a JSON Schema)
  bench list weights                      trained weights that models can start from, and whether they are there
  bench list runs                         what is stored (bench runs list: how far each is)")]
pub(super) struct Args {
    /// What to list [default: models, protocols, metrics and datasets]
    #[arg(value_enum)]
    what: Option<What>,
    /// Models, encoders or datasets to show in full, after `models`, `encoders` or `datasets`
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Folder or CSV file whose tables to list beside the built-in one
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Open a file as an encoder of this name; may be given repeatedly
    #[arg(long = "encoder", value_name = "NAME=FILE", value_parser = parse_encoder)]
    encoders: Vec<(String, PathBuf)>,
    #[command(flatten)]
    out: Out,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Models with family, inputs, parameters and published figures.
    Models,
    /// Pretrained networks whose embeddings models can read, as in musicnn+svm.
    Encoders,
    /// Ways to divide the data.
    Protocols,
    /// What --sort and --columns choose from.
    Metrics,
    /// The built-in data, the tables in --data, and known datasets: where to get them, licence, faults, split.
    Datasets,
    /// Trained weights that models can start from: where to get them, and whether they are there.
    Weights,
    /// Stored runs, the latest first.
    Runs,
    /// Keys of an experiment file for `bench run`; with --json its JSON Schema.
    Experiment,
}

/// Runs `bench list`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let with_pages = [Some(What::Models), Some(What::Encoders), Some(What::Datasets)];
    if !args.names.is_empty() && !with_pages.contains(&args.what) {
        let reason = "only models, encoders and datasets have pages of their own";
        return Err(Error::new("NAME", reason, "bench list models NAME"));
    }
    let models = if args.what == Some(What::Models) { args.names.as_slice() } else { &[] };
    let registry = &*registry.opening(&args.encoders.iter().cloned().collect(), models)?;
    let wanted = |what| {
        args.what
            .map_or(![What::Weights, What::Runs, What::Experiment].contains(&what), |asked| asked == what)
    };
    let mut text = String::new();
    let (mut object, mut status) = (serde_json::Map::new(), Status::DONE);
    if wanted(What::Models) {
        if args.names.is_empty() {
            text += &models::overview(registry);
        }
        for name in &args.names {
            text += &models::page(name, registry)?;
        }
        let named = args.names.iter().map(|name| registry.find(name)).collect::<Result<Vec<_>>>()?;
        let listed = if named.is_empty() { registry.iter().collect() } else { named };
        // What networks take is counted by building each: programs are told of all, people of those that they ask for.
        if args.json {
            object.insert("models".to_owned(), listed.into_iter().map(models::json).collect());
        }
    }
    let has_encoders = registry.encoders().next().is_some();
    if args.what == Some(What::Encoders) || (args.what.is_none() && has_encoders) {
        if args.names.is_empty() {
            text += &encoders::overview(registry);
        }
        for name in &args.names {
            text += &encoders::page(name, registry)?;
        }
        let wanted = |name: &String| args.names.is_empty() || args.names.contains(name);
        let listed = registry.encoders().filter(|encoder| wanted(&encoder.card.name)).map(encoders::json);
        object.insert("encoders".to_owned(), listed.collect());
    }
    if wanted(What::Protocols) {
        text += &protocols();
        let all = Protocol::NAMED.iter().map(|(p, what)| json!({"protocol": p.name(), "meaning": what}));
        object.insert("protocols".to_owned(), all.collect());
    }
    if wanted(What::Metrics) {
        text += &metrics::table();
        object.insert("metrics".to_owned(), METRICS.iter().map(metrics::json).collect());
    }
    if wanted(What::Datasets) {
        let named = args.names.iter().map(|name| datasets::named(name)).collect::<Result<Vec<_>>>()?;
        if named.is_empty() {
            let sets = there(args)?;
            text += &heading("Datasets");
            sets.iter().for_each(|set| text += &paragraph("  ", &one_line(&set.describe())));
            text.push('\n');
            object.insert("datasets".to_owned(), sets.iter().map(|set| json!(set)).collect());
            text += &datasets::overview();
        }
        named.iter().for_each(|known| text += &datasets::page(known));
        let listed = if named.is_empty() { KNOWN.to_vec() } else { named };
        object.insert("layouts".to_owned(), datasets::json(&listed));
    }
    if args.what == Some(What::Experiment) {
        if args.json {
            print(json_text(&schema()))?;
            return Ok(Status::DONE);
        }
        text += &experiment();
    }
    if wanted(What::Weights) {
        text += &weights::table(registry);
        object.insert("weights".to_owned(), weights::json(registry));
    }
    if wanted(What::Runs) {
        let store = Store::open(&args.out.out)?;
        let mut runs = store.runs()?;
        let there = runs.len();
        runs.retain(|(_, id)| store.plan(id).map_err(|error| report(&error)).is_ok());
        if runs.len() < there {
            status = Status::PARTLY_FAILED;
        }
        text += &runs.iter().map(|(_, id)| format!("{id}\n")).collect::<String>();
        object.insert("runs".to_owned(), runs.into_iter().map(|(_, id)| Value::from(id)).collect());
    }
    print(if args.json { json_text(&Value::Object(object)) } else { text })?;
    Ok(status)
}

fn heading(title: &str) -> String {
    format!("{}\n", style(textwrap::fill(title, width())).bold())
}

/// The keys of an experiment file.
fn experiment() -> String {
    let mut text = heading("Keys of an experiment file (TOML, for `bench run`)");
    for key in keys() {
        text += &paragraph("  ", &format!("{} ({})", key.path, key.kind));
        text += &paragraph("      ", &key.description);
    }
    let lists = "A key outside of [parameters], [tune] and [ablate] may hold a list: there is a run for each of its values.";
    format!("{text}\n{}\n", textwrap::fill(lists, width()))
}

fn protocols() -> String {
    let mut text = heading("Protocols (--protocol)");
    let file = "a table with the columns example (or track), fold and part";
    let named = Protocol::NAMED.iter().map(|(protocol, meaning)| (protocol.name(), *meaning));
    let column = "a column of the feature table with train, valid and test, or with numbers of folds";
    let others = [("file:PATH".to_owned(), file), ("column:NAME".to_owned(), column)];
    for (name, meaning) in named.chain(others) {
        text += &paragraph(&format!("  {name:<15} "), meaning);
    }
    text + "\n"
}

/// The built-in dataset and, of a folder, those tables that can be read.
fn there(args: &Args) -> Result<Vec<Info>> {
    let mut sets = vec![builtin_info()?];
    let load = |file: &Path, seconds| {
        let source = Source { data: Some(file.to_owned()), seconds, ..Source::default() };
        Dataset::load(&source, &|_, _| ()).map(|dataset| dataset.info)
    };
    match &args.data {
        None => {}
        Some(folder) if folder.is_dir() => {
            // By file, so that no features are computed where there is no table.
            let tables = layouts::of_folder(folder).tables.iter();
            sets.extend(tables.filter_map(|t| load(&folder.join(t.file), Some(t.seconds)).ok()));
        }
        Some(file) => sets.push(load(file, None)?),
    }
    Ok(sets)
}
