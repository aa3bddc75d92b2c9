//! `bench list weights`: trained weights that models can start from, and whether they are there.

use super::heading;
use crate::experiment::Registry;
use crate::report::{paragraph, width};
use genre_bench_api::{KnownFile, WEIGHTS_FOLDER};
use serde_json::{Value, json};
use std::path::Path;

/// A file that models or encoders know, and these.
struct Listed<'r> {
    file: &'r KnownFile,
    /// The models and encoders with the parameter that takes it.
    models: Vec<(&'r str, &'r str)>,
}

/// How many files models and encoders know, and those that are there; none is read.
pub(in crate::cli) fn there(registry: &Registry) -> (usize, Vec<&str>) {
    let all = listed(registry);
    let there = all.iter().filter(|listed| listed.file.place().is_some());
    (all.len(), there.map(|listed| listed.file.file.as_str()).collect())
}

/// Every file once, in the order of the models, then of the encoders.
fn listed(registry: &Registry) -> Vec<Listed<'_>> {
    let mut all: Vec<Listed> = Vec::new();
    let models = registry.iter().map(|entry| (entry.card.name.as_str(), &entry.card.params));
    let encoders = registry.encoders().map(|entry| (entry.card.name.as_str(), &entry.card.params));
    for (name, params) in models.chain(encoders) {
        for param in params {
            for file in param.known_files() {
                let model = (name, param.name.as_str());
                match all.iter_mut().find(|listed| listed.file == file) {
                    // An encoder may have the name of a model, and its weights are set with it.
                    Some(listed) if listed.models.contains(&model) => {}
                    Some(listed) => listed.models.push(model),
                    None => all.push(Listed { file, models: vec![model] }),
                }
            }
        }
    }
    all
}

/// A paragraph a file.
pub(super) fn table(registry: &Registry) -> String {
    let mut text = heading("Weights (--set MODEL.PARAMETER=WORD, or =PATH of a file of your own)");
    for Listed { file, models } in listed(registry) {
        let KnownFile { word, file: name, architecture, trained_on, project, licence, .. } = file;
        text += &paragraph("  ", &format!("{name} ({})", state(file)));
        text += &paragraph("      ", &format!("{architecture}, trained on {trained_on}; {licence}"));
        text += &paragraph("      ", &format!("from {project}"));
        let models: Vec<String> =
            models.iter().map(|(model, param)| format!("{model}.{param}={word}")).collect();
        text += &paragraph("      ", &format!("for {}", models.join(", ")));
    }
    let place = match std::env::var_os(WEIGHTS_FOLDER) {
        Some(folder) => format!("Looked for in {} (${WEIGHTS_FOLDER})", Path::new(&folder).display()),
        None => format!(
            "Looked for in the folder that the environment variable {WEIGHTS_FOLDER} names, which is not set"
        ),
    };
    let note = "; of several files for one word the first that is there counts. Nothing is downloaded: get them from their \
                projects. The licence is what the project states; torchvision says that its weights may have terms of their \
                own, from the data that they were trained on.";
    format!("{text}\n{}\n\n", textwrap::fill(&(place + note), width()))
}

fn state(file: &KnownFile) -> String {
    match file.find() {
        None => "not there".to_owned(),
        Some(Ok(found)) => format!("there, sha256 {}…", &found.sha256[..12]),
        Some(Err(why)) => format!("cannot be used: {why}"),
    }
}

/// All files for programs.
pub(super) fn json(registry: &Registry) -> Value {
    let one = |Listed { file, models }: &Listed| {
        let found = file.find();
        let good = found.as_ref().and_then(|found| found.as_ref().ok());
        json!({
            "file": file.file,
            "word": file.word,
            "models": models.iter().map(|(model, _)| model).collect::<Vec<_>>(),
            "architecture": file.architecture,
            "trained_on": file.trained_on,
            "project": file.project,
            "licence": file.licence,
            "sha256_begins": file.sha256,
            "there": good.is_some(),
            "path": good.and_then(|file| file.path.as_ref()),
            "sha256": good.map(|file| &file.sha256),
            "problem": found.as_ref().and_then(|found| found.as_ref().err()),
        })
    };
    listed(registry).iter().map(one).collect()
}
