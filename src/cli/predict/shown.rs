//! What is said of a recording, for people and for programs.

use crate::experiment::predict::{Predicted, PredictedSegment};
use crate::report::explanation::Explanation;
use crate::run::saved::{About, NoveltyThresholds};
use crate::util::shown::{in_json, one_line};
use console::style;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Columns of the longest bar.
const BAR: f32 = 30.0;
/// Columns of a table whose worth people are shown.
const COLUMNS: usize = 5;

/// How much of a prediction people are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// Genres.
    pub top: usize,
    /// Whether each part is shown, too.
    pub segments: bool,
}

/// Classes and their probabilities, the likeliest first; those of one probability in the model's order.
fn ranked<'a>(about: &'a About, probabilities: &[f32]) -> Vec<(&'a str, f32)> {
    let names = about.classes.iter().map(String::as_str);
    let mut ranked: Vec<(&str, f32)> = names.zip(probabilities.iter().copied()).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

/// What is said of a file, for people: a bar for each of the likeliest genres.
pub(super) fn text(about: &About, path: &Path, said: &Predicted, shown: Shown) -> String {
    let path = path.display().to_string();
    let mut text = format!("{}\n", style(one_line(&path)).bold()) + &bars(about, said, shown.top);
    let wide = widest(about);
    if shown.segments {
        for segment in &said.segments {
            let (class, probability) = (&about.classes[segment.class], segment.probabilities[segment.class]);
            text += &format!(
                "    {} – {}  {:wide$} {:5.1} %\n",
                minutes(segment.start),
                minutes(segment.end),
                one_line(class),
                100.0 * probability
            );
        }
    }
    text
}

/// A line a genre, the likeliest first, and what speaks against believing any of it.
pub(super) fn bars(about: &About, said: &Predicted, top: usize) -> String {
    let (mut text, wide) = (String::new(), widest(about));
    for (place, (class, probability)) in ranked(about, &said.probabilities).into_iter().take(top).enumerate()
    {
        let bar = "█".repeat((probability * BAR).round() as usize);
        let name = format!("{:wide$}", one_line(class));
        let name = if place == 0 { style(name).green() } else { style(name) };
        text += &format!("  {name} {:5.1} %  {bar}\n", 100.0 * probability);
    }
    if said.novelty.is_unknown {
        let reason = reason(about, said);
        text += &format!("  {} {reason}\n", style("unlike what the model was fitted to:").yellow());
    }
    text
}

/// Which of the thresholds a recording is above.
fn reason(about: &About, said: &Predicted) -> String {
    let NoveltyThresholds { distance, entropy } = about.novelty;
    let mut reasons = Vec::new();
    if said.novelty.distance > distance {
        reasons.push(format!(
            "{:.2} standard deviations a number from the nearest training example, where most are within {distance:.2}",
            said.novelty.distance
        ));
    }
    if let Some(entropy) = entropy.filter(|entropy| said.novelty.entropy > *entropy) {
        let own = said.novelty.entropy;
        reasons.push(format!("an entropy of {own:.2} bits, where most have at most {entropy:.2}"));
    }
    reasons.join(", and ")
}

fn widest(about: &About) -> usize {
    about.classes.iter().map(|class| console::measure_text_width(class)).max().unwrap_or(0)
}

/// By how much the probability of the answer falls without its groups and first columns.
pub(super) fn explanation_text(about: &About, said: &Explanation) -> String {
    let genre = one_line(&about.classes[said.class]);
    let mut text = format!("  what spoke for {genre}, in points that its probability falls by without it:\n");
    let few = said.columns.iter().take(COLUMNS);
    for (name, fall) in said.groups.iter().chain(few) {
        text += &format!("    {:24} {:+6.1}\n", one_line(name), 100.0 * fall);
    }
    if let Some(regions) = &said.regions {
        let mut each: Vec<((usize, usize), f64)> =
            regions.falls.indexed_iter().map(|(place, fall)| (place, *fall)).collect();
        each.sort_by(|a, b| b.1.total_cmp(&a.1));
        for ((band, time), fall) in each.into_iter().take(COLUMNS) {
            let ((first, last), (from, to)) = (regions.rows[band], regions.times[time]);
            let part = format!("rows {first}–{}, {from:.1}–{to:.1} s", last.saturating_sub(1));
            text += &format!("    {part:24} {:+6.1}\n", 100.0 * fall);
        }
    }
    text
}

/// The same for programs.
pub(super) fn explanation_object(about: &About, said: &Explanation) -> Value {
    let falls = |falls: &[(String, f64)]| -> Value {
        falls.iter().map(|(name, fall)| (name.clone(), json!(fall))).collect::<Map<_, _>>().into()
    };
    let regions = said.regions.as_ref().map(|regions| {
        let one = |((band, time), fall): ((usize, usize), &f64)| {
            let ((first, last), (from, to)) = (regions.rows[band], regions.times[time]);
            json!({ "rows": [first, last], "seconds": [from, to], "fall": fall })
        };
        regions.falls.indexed_iter().map(one).collect::<Value>()
    });
    json!({
        "genre": about.classes[said.class],
        "probability": said.probability,
        "groups": falls(&said.groups),
        "columns": falls(&said.columns),
        "regions": regions,
    })
}

/// `1:05`.
fn minutes(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    format!("{:2}:{:02}", whole / 60, whole % 60)
}

/// What is said of a file, for programs.
pub(super) fn object(about: &About, path: &Path, said: &Predicted) -> Value {
    let probabilities = |numbers: &[f32]| -> Value {
        let pairs = about.classes.iter().zip(numbers);
        pairs.map(|(class, number)| (class.clone(), json!(number))).collect::<Map<_, _>>().into()
    };
    let segment = |segment: &PredictedSegment| {
        json!({
            "start": segment.start,
            "end": segment.end,
            "genre": about.classes[segment.class],
            "probabilities": probabilities(&segment.probabilities),
        })
    };
    json!({
        "file": path,
        "genre": about.classes[said.class],
        "probabilities": probabilities(&said.probabilities),
        "calibrated": about.calibration.is_some(),
        "unknown": said.novelty.is_unknown,
        "distance": said.novelty.distance,
        "entropy": said.novelty.entropy,
        "segments": said.segments.iter().map(segment).collect::<Vec<_>>(),
    })
}

/// An object on one line.
pub(super) fn line(object: &Value) -> String {
    in_json(&format!("{object}\n")).into_owned()
}
