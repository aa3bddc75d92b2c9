//! `bench list encoders`: what models can stand on.

use super::heading;
use crate::error::Result;
use crate::experiment::{RegisteredEncoder, Registry};
use crate::report::{Grid, paragraph, width};
use genre_bench_api::{EncoderCard, EncoderInput, PictureSettings, Pooling};
use serde_json::{Value, json};

/// Spaces in front of everything below a heading.
const INDENT: &str = "  ";

/// A line an encoder.
pub(super) fn overview(registry: &Registry) -> String {
    let mut text = heading("Encoders (--models ENCODER+MODEL)");
    let mut grid = Grid::new(3, ["encoder", "reads", "what it is"]);
    for RegisteredEncoder { card, .. } in registry.encoders() {
        grid.row([
            card.name.clone(),
            reads(card),
            format!("{}; trained on {}", card.summary, card.trained_on),
        ]);
    }
    if registry.encoders().next().is_some() {
        text += &grid.indented(INDENT);
    }
    let note = "Every model that reads the table can stand on each: `--models musicnn+svm` is the model svm on the embeddings of \
                musicnn. --encoder NAME=FILE opens a file as an encoder (docs/encoders.md); `bench list encoders NAME` shows \
                parameters.";
    format!("{text}\n{}\n\n", textwrap::fill(note, width()))
}

/// Everything about one encoder.
///
/// # Errors
///
/// There is none of this name.
pub(super) fn page(name: &str, registry: &Registry) -> Result<String> {
    let card = &registry.encoder(name)?.card;
    let mut text = heading(&card.name);
    text += &format!("{}\n", paragraph(INDENT, &card.summary));
    let facts = [
        ("reads", reads(card)),
        ("pooling", pooling(card.pooling).to_owned()),
        ("trained on", card.trained_on.clone()),
        ("runs", format!("below a model: --models {}+logistic", card.name)),
    ];
    for (what, said) in facts {
        text += &paragraph(&format!("{INDENT}{what:<15}"), &said);
    }
    text += &super::models::parameters(&card.name, &card.params);
    Ok(text + "\n")
}

/// What an encoder is given, for people.
fn reads(card: &EncoderCard) -> String {
    match &card.input {
        EncoderInput::Samples { rate, .. } => format!("samples, {rate} Hz"),
        EncoderInput::Mel { mel, .. } => format!("mel-{}, {} Hz", mel.bands, mel.rate),
        EncoderInput::Picture(PictureSettings { height, width, .. }) => format!("pictures, {width}x{height}"),
    }
}

fn pooling(pooling: Pooling) -> &'static str {
    match pooling {
        Pooling::Mean => "the mean over windows",
        Pooling::MeanStd => "mean and standard deviation over windows",
        Pooling::Max => "the largest value over windows",
    }
}

/// An encoder for programs.
pub(super) fn json(RegisteredEncoder { card, .. }: &RegisteredEncoder) -> Value {
    json!({
        "encoder": card.name,
        "summary": card.summary,
        "trained_on": card.trained_on,
        "input": card.input,
        "pooling": card.pooling,
        "params": super::models::params_json(&card.params),
    })
}
