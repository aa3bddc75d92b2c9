use super::{Out, Registry, Status, json_text, print};
use crate::audio::RATE;
use crate::dataset::{Dataset, Info, Source, builtin_info};
use crate::error::Result;
use crate::features::representation::RepresentationExtractor;
use crate::features::table::FEATURE_NAMES;
use crate::protocol::Protocol;
use crate::recordings::layouts::{self, KNOWN};
use crate::report::{Grid, WIDTH};
use crate::run::Store;
use console::style;
use genre_bench_api::{Card, Cost, Model, Published};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use textwrap::Options;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench list                              models, protocols and datasets
  bench list models --json                names, parameters and published figures for programs
  bench list datasets --data gtzan        what a folder holds
  bench list runs                         what is stored")]
pub(super) struct Args {
    /// What to list [default: models, protocols and datasets]
    #[arg(value_enum)]
    what: Option<What>,
    /// Folder or CSV file whose tables to list beside the built-in one
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    out: Out,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Models with family, inputs, parameters and published figures.
    Models,
    /// Ways to divide the data.
    Protocols,
    /// The built-in data, the tables in --data, and the layouts of folders that are known.
    Datasets,
    /// Stored runs, the latest first.
    Runs,
}

/// Runs `bench list`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let wanted = |what| args.what.map_or(what != What::Runs, |asked| asked == what);
    let mut text = String::new();
    let mut object = serde_json::Map::new();
    if wanted(What::Models) {
        let pairs = registry.models.iter().zip(&registry.cards);
        let costs: Vec<Option<Cost>> = pairs.map(|(model, card)| cost_of(model.as_ref(), card)).collect();
        text += &models(&registry.cards, &costs);
        let models = registry.cards.iter().zip(&costs).map(|(card, cost)| model_json(card, *cost));
        object.insert("models".to_owned(), models.collect());
    }
    if wanted(What::Protocols) {
        text += &protocols();
        let all = Protocol::NAMED.iter().map(|(p, what)| json!({"protocol": p.name(), "meaning": what}));
        object.insert("protocols".to_owned(), all.collect());
    }
    if wanted(What::Datasets) {
        let sets = datasets(args)?;
        text += &heading("Datasets");
        sets.iter().for_each(|set| text += &format!("  {}\n", set.describe()));
        text.push('\n');
        object.insert("datasets".to_owned(), sets.iter().map(|set| json!(set)).collect());
        text += &known_layouts();
        object.insert("layouts".to_owned(), KNOWN.iter().map(|known| json!(known)).collect());
    }
    if wanted(What::Runs) {
        let runs = Store::open(&args.out.out)?.runs()?;
        text += &runs.iter().map(|(_, id)| format!("{id}\n")).collect::<String>();
        object.insert("runs".to_owned(), runs.into_iter().map(|(_, id)| Value::from(id)).collect());
    }
    print(if args.json { json_text(&Value::Object(object)) } else { text })?;
    Ok(Status::DONE)
}

fn heading(title: &str) -> String {
    format!("{}\n", style(title).bold())
}

fn models(cards: &[Card], costs: &[Option<Cost>]) -> String {
    let mut grid = Grid::new(4, ["model", "family", "reads", "what it is"]);
    for card in cards {
        let by_name = if card.is_default { "" } else { " (runs only by name)" };
        let reads = card.reads.to_string();
        grid.row([&card.name, card.family.name(), &reads, &format!("{}{by_name}", card.summary)]);
    }
    let mut text = heading("Models");
    grid.lines().iter().for_each(|line| text += &format!("  {line}\n"));
    text += &costs_table(cards, costs);
    text += &format!("\n{}", heading("Parameters (--set MODEL.PARAMETER=VALUE)"));
    let mut grid = Grid::new(5, ["parameter", "default", "allowed", "bench tune tries", "what it does"]);
    for (at, card) in cards.iter().enumerate() {
        let same = |other: &&Card| !card.params.is_empty() && other.params == card.params;
        if let Some(other) = cards[..at].iter().find(same) {
            grid.row([format!("{}.…", card.name), format!("as {}", other.name)]);
            continue;
        }
        for param in &card.params {
            let name = format!("{}.{}", card.name, param.name);
            let (default, tries) = (param.default.to_string(), param.tries.join(", "));
            grid.row([name, default, param.allows(), tries, param.help.clone()]);
        }
    }
    grid.lines().iter().for_each(|line| text += &format!("  {line}\n"));
    text += &format!("\n{}", heading("Published figures (test, in %; most from splits that leak)"));
    let mut grid = Grid::new(5, ["model", "figure", "of", "protocol", "source"]);
    for (card, figure) in cards.iter().flat_map(|card| card.published.iter().map(move |f| (card, f))) {
        let Published { metric, seconds, input, protocol, source, test, .. } = figure;
        grid.row([
            card.name.clone(),
            format!("{:.2} {metric}", 100.0 * test),
            format!("{input}, {seconds} s"),
            protocol.clone(),
            source.clone(),
        ]);
    }
    grid.lines().iter().for_each(|line| text += &format!("  {line}\n"));
    text + "\n"
}

/// What networks cost, as far as they can say before they have seen any example.
fn costs_table(cards: &[Card], costs: &[Option<Cost>]) -> String {
    let mut grid = Grid::new(1, ["model", "parameters", "MACs", "s / epoch of 1000"]);
    for (card, cost) in cards.iter().zip(costs) {
        if let Some(Cost { parameters, macs }) = *cost {
            let seconds = epoch_seconds(&card.name).map_or_else(String::new, |seconds| seconds.to_string());
            grid.row([card.name.clone(), thousands(parameters), thousands(macs), seconds]);
        }
    }
    if costs.iter().all(Option::is_none) {
        return String::new();
    }
    let title = "Costs of networks (examples of 3 s, 10 classes; seconds on 2 cores of an AMD EPYC)";
    let lines: String = grid.lines().iter().map(|line| format!("  {line}\n")).collect();
    format!("\n{}{lines}", heading(title))
}

/// With its default parameters.
fn cost_of(model: &dyn Model, card: &Card) -> Option<Cost> {
    let params = card.resolve([]).ok()?;
    let spectrogram = card.reads_with(&params).ok()?.spectrograms();
    let samples = 3 * RATE as usize;
    let shape = spectrogram
        .map_or(Some((0, 0)), |p| Some(RepresentationExtractor::new(&p, samples).ok()?.shape()))?;
    model.cost(&params, shape, FEATURE_NAMES.len() - card.leaves_out.len(), 10).ok()?
}

/// As `cargo run --release -p genre-bench-neural --example epochs` measured it.
fn epoch_seconds(model: &str) -> Option<f64> {
    let measured = include_str!("../../data/epoch_seconds.csv");
    let mut rows = measured.lines().filter_map(|line| line.split_once(','));
    rows.find(|(name, _)| *name == model).and_then(|(_, seconds)| seconds.parse().ok())
}

/// `1,234,567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}

fn model_json(card: &Card, cost: Option<Cost>) -> Value {
    let params: Vec<Value> = card
        .params
        .iter()
        .map(|p| {
            json!({"name": p.name, "default": p.default, "allowed": p.allows(), "tries": p.tries, "help": p.help})
        })
        .collect();
    json!({
        "model": card.name,
        "family": card.family,
        "reads": card.reads,
        "summary": card.summary,
        "default_lineup": card.is_default,
        "params": params,
        "parameters": cost.map(|cost| cost.parameters),
        "multiply_adds": cost.map(|cost| cost.macs),
        "epoch_seconds": epoch_seconds(&card.name),
        "quick": card.reduced.iter().cloned().collect::<BTreeMap<_, _>>(),
        "published": card.published,
    })
}

fn protocols() -> String {
    let mut text = heading("Protocols (--protocol)");
    let file = "a table with the columns example (or track), fold and part";
    let named = Protocol::NAMED.iter().map(|(protocol, meaning)| (protocol.name(), *meaning));
    for (name, meaning) in named.chain([("file:PATH".to_owned(), file)]) {
        let label = format!("  {name:<15} ");
        let indent = " ".repeat(label.len());
        text +=
            &textwrap::fill(meaning, Options::new(WIDTH).initial_indent(&label).subsequent_indent(&indent));
        text.push('\n');
    }
    text + "\n"
}

fn known_layouts() -> String {
    let mut text = heading("Known layouts (--data DIR)");
    for known in KNOWN {
        let label = format!("  {:<20} ", known.name);
        let indent = " ".repeat(label.len());
        let options = Options::new(WIDTH).initial_indent(&label).subsequent_indent(&indent);
        text += &textwrap::fill(known.about, options);
        text.push('\n');
    }
    text + "\n"
}

/// The built-in dataset and, of a folder, those tables that can be read.
fn datasets(args: &Args) -> Result<Vec<Info>> {
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
