//! The program, and what comes with it or belongs to it.

use super::super::list::weights;
use super::Finding;
use crate::experiment::Registry;
use crate::run::Program;
use crate::util::shown::counted;
use genre_bench_api::WEIGHTS_FOLDER;
use serde_json::json;
use std::path::Path;

/// Parts of the program that may be left out when it is built.
const FEATURES: [(&str, bool); 3] = [
    ("figures", cfg!(feature = "figures")),
    ("cuda", cfg!(feature = "cuda")),
    ("onnx", cfg!(feature = "onnx")),
];

pub(super) fn findings(registry: &Registry) -> [Finding; 3] {
    [program(), models(registry), trained_weights(registry)]
}

fn program() -> Finding {
    let names = |built: bool| -> Vec<&str> {
        FEATURES.iter().filter(|(_, is_built)| *is_built == built).map(|(name, _)| *name).collect()
    };
    let (with, without) = (names(true), names(false));
    let (version, commit) = (env!("CARGO_PKG_VERSION"), Program::commit());
    let mut says = format!("genre-bench {version}");
    says += &commit.map_or_else(|| ", commit not recorded".to_owned(), |commit| format!(", commit {commit}"));
    for (word, names) in [("with", &with), ("without", &without)] {
        if !names.is_empty() {
            says += &format!(", built {word} {}", names.join(", "));
        }
    }
    let facts = json!({ "version": version, "commit": commit, "features": with, "without": without });
    Finding::ok("program", says, facts)
}

fn models(registry: &Registry) -> Finding {
    let (models, encoders) = (registry.iter().count(), registry.encoders().count());
    let files = if cfg!(feature = "onnx") { ", ONNX files as encoders" } else { "" };
    let says = format!(
        "{}, {} (`bench list models`, `bench list encoders`){files}",
        counted(models, "model"),
        counted(encoders, "encoder")
    );
    Finding::ok("models", says, json!({ "models": models, "encoders": encoders }))
}

fn trained_weights(registry: &Registry) -> Finding {
    let (known, there) = weights::there(registry);
    let folder = std::env::var_os(WEIGHTS_FOLDER);
    let facts =
        json!({ "known": known, "there": there, "folder": folder.as_ref().map(|f| f.to_string_lossy()) });
    let hint =
        "`bench list weights` says where each is from; models that start from them need theirs, others none";
    let Some(folder) = folder else {
        let says = format!("none: {WEIGHTS_FOLDER} is not set, which names their folder");
        return Finding::note("weights", says, hint, facts);
    };
    let folder = Path::new(&folder).display();
    if there.is_empty() {
        let says = format!("none of {} known files in {folder} (${WEIGHTS_FOLDER})", known);
        return Finding::note("weights", says, hint, facts);
    }
    let says = format!("{} of {known} known files in {folder}: {}", there.len(), there.join(", "));
    Finding::ok("weights", says, facts)
}
