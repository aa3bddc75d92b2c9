//! `bench list models`: all of them on a screen, or one as a page.

use super::heading;
use crate::audio::RATE;
use crate::error::Result;
use crate::experiment::{Registered, Registry, epoch_seconds};
use crate::features::representation::RepresentationExtractor;
use crate::features::table::FEATURE_NAMES;
use crate::report::published::label;
use crate::report::{Grid, paragraph, width};
use genre_bench_api::{Card, Cost, Family, Param, Published};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Spaces in front of everything below a heading.
const INDENT: &str = "  ";

/// Columns from which on a line can hold a model's name, what it reads and the start of what it is.
const SHORTEST: usize = 60;

/// One line a model, by family; variants of a model are counted on its line.
pub(super) fn overview(registry: &Registry) -> String {
    let mut text = heading("Models (* runs only by name, --models NAME)");
    let mut grid = Grid::new(3, ["model", "reads", "what it is"]);
    for family in Family::ALL {
        for Registered { card, .. } in registry.iter().filter(|entry| entry.card.family == family) {
            if card.variant_of.is_none() {
                grid.row([name(card), card.reads.to_string(), summary(card, registry)]);
            }
        }
    }
    let columns = width() - INDENT.len();
    // A line a model, as long as there is room to say something.
    let lines = grid.lines_within(if columns < SHORTEST { columns } else { usize::MAX });
    for line in lines {
        text += &format!("{INDENT}{}\n", shortened(&line.text, columns));
    }
    let pages = "`bench list models NAME` shows parameters, costs and published figures of one.";
    format!("{text}\n{}\n\n", textwrap::fill(pages, width()))
}

fn name(card: &Card) -> String {
    format!("{}{}", card.name, if card.is_default { "" } else { " *" })
}

fn summary(card: &Card, registry: &Registry) -> String {
    match variants(card, registry).count() {
        0 => card.summary.clone(),
        count => format!("({count} variants) {}", card.summary),
    }
}

fn variants<'r>(card: &'r Card, registry: &'r Registry) -> impl Iterator<Item = &'r Card> {
    let of = move |other: &&Card| other.variant_of.as_ref() == Some(&card.name);
    registry.iter().map(|entry| &entry.card).filter(of)
}

/// A line that fits, at the cost of its end.
fn shortened(line: &str, width: usize) -> String {
    match line.char_indices().nth(width) {
        None => line.to_owned(),
        Some(_) => line.chars().take(width - 2).collect::<String>().trim_end().to_owned() + " …",
    }
}

/// Everything about one model.
///
/// # Errors
///
/// There is none of this name.
pub(super) fn page(model: &str, registry: &Registry) -> Result<String> {
    let entry = registry.find(model)?;
    let card = &entry.card;
    let mut text = heading(&card.name);
    text += &format!("{}\n", paragraph(INDENT, &card.summary));
    for (what, said) in facts(entry, registry) {
        text += &paragraph(&format!("{INDENT}{what:<15}"), &said);
    }
    text += &parameters(&card.name, &card.params);
    text += &published(card);
    let variants: Vec<&Card> = variants(card, registry).collect();
    if !variants.is_empty() {
        let mut grid = Grid::new(2, ["variant", "what it is"]);
        variants.iter().for_each(|card| grid.row([&card.name, &card.summary]));
        text += &section("Variants, which run only by name", &grid);
    }
    Ok(text + "\n")
}

fn facts(entry: &Registered, registry: &Registry) -> Vec<(&'static str, String)> {
    let Registered { card, .. } = entry;
    let reads = match &entry.encoder {
        Some(encoder) => format!("embeddings of {}", encoder.card.name),
        None => card.reads.to_string(),
    };
    let mut facts = vec![("family", card.family.name().to_owned()), ("reads", reads)];
    if !card.leaves_out.is_empty() {
        facts.push(("without", card.leaves_out.join(", ")));
    }
    if !card.is_default {
        facts.push(("runs", format!("only by name: --models {}", card.name)));
    }
    if let Some(of) = &card.variant_of
        && registry.find(of).is_ok()
    {
        facts.push(("variant of", of.clone()));
    }
    if let Some(Cost { parameters, macs }) = cost(entry) {
        facts.push(("weights", format!("{} (examples of 3 s, 10 classes)", thousands(parameters))));
        facts.push(("MACs", format!("{} an example", thousands(macs))));
    }
    if let Some(seconds) = epoch_seconds(&card.name) {
        facts.push(("epoch", format!("{seconds} s for 1000 examples of 3 s on 2 cores of an AMD EPYC")));
    }
    if !card.reduced.is_empty() {
        let changes: Vec<String> =
            card.reduced.iter().map(|(name, value)| format!("{name}={value}")).collect();
        facts.push(("reduced", changes.join(" ")));
    }
    facts
}

/// The parameters of a model or encoder.
pub(super) fn parameters(of: &str, params: &[Param]) -> String {
    if params.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}", heading(&format!("Parameters (--set {of}.PARAMETER=VALUE)")));
    let widest = params.iter().map(|param| param.name.len()).max().unwrap_or(0);
    for param in params {
        let tries = match param.tries.as_slice() {
            [] => String::new(),
            tries => format!("; bench tune tries {}", tries.join(", ")),
        };
        let label = format!("{INDENT}{:widest$}  ", param.name);
        let said = format!("{} [{}]: {}{tries}", param.default, param.allows(), param.help);
        text += &paragraph(&label, &said);
    }
    text
}

fn published(card: &Card) -> String {
    if card.published.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(4, ["figure", "of", "protocol", "source"]);
    for figure in &card.published {
        let Published { metric, seconds, input, protocol, source, test, printed, .. } = figure;
        let value = printed.clone().unwrap_or_else(|| format!("{:.2}", 100.0 * test));
        let settings = label("", figure);
        let of = format!("{input}, {seconds} s{}{settings}", if settings.is_empty() { "" } else { "," });
        grid.row([format!("{value} {metric}"), of, protocol.clone(), source.clone()]);
    }
    section("Published figures (test, in %; most from splits that leak)", &grid)
}

fn section(title: &str, grid: &Grid) -> String {
    format!("\n{}{}", heading(title), grid.indented(INDENT))
}

/// What a network takes with its default parameters, as far as it can say before it has seen any example.
fn cost(Registered { model, card, encoder, .. }: &Registered) -> Option<Cost> {
    // How wide embeddings are is known when there are some.
    if encoder.is_some() {
        return None;
    }
    // Files of weights change no size, and need not be there to be told.
    let files = card.params.iter().filter(|param| param.default_word().is_some());
    let params = card.resolve(files.map(|param| (param.name.as_str(), Param::NO_FILE))).ok()?;
    let representation = card.reads_with(&params).ok()?.spectrograms();
    let samples = 3 * RATE as usize;
    let shape = match representation {
        Some(representation) => RepresentationExtractor::new(&representation, samples).ok()?.shape(),
        None => (0, 0),
    };
    model.cost(&params, shape, FEATURE_NAMES.len() - card.leaves_out.len(), 10).ok()?
}

/// `1,234,567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}

/// Parameters for programs.
pub(super) fn params_json(params: &[Param]) -> Value {
    let one = |p: &Param| json!({"name": p.name, "default": p.default, "allowed": p.allows(), "tries": p.tries, "help": p.help});
    params.iter().map(one).collect()
}

/// A model for programs.
pub(super) fn json(entry: &Registered) -> Value {
    let card = &entry.card;
    let cost = cost(entry);
    json!({
        "model": card.name,
        "family": card.family,
        "reads": card.reads,
        "summary": card.summary,
        "variant_of": card.variant_of,
        "default_lineup": card.is_default,
        "params": params_json(&card.params),
        "parameters": cost.map(|cost| cost.parameters),
        "multiply_adds": cost.map(|cost| cost.macs),
        "epoch_seconds": epoch_seconds(&card.name),
        "quick": card.reduced.iter().cloned().collect::<BTreeMap<_, _>>(),
        "published": card.published,
    })
}

#[cfg(test)]
mod tests {
    use super::{shortened, thousands};

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn lines_are_cut_where_they_do_not_fit() {
        assert_eq!(shortened("12345", 5), "12345");
        assert_eq!(shortened("äöüäöü", 5), "äöü …");
    }
}
