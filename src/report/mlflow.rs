//! A run as a file store of MLflow: one experiment, and in it one run a model with parameters, metrics (of networks by
//! epoch), tags and files.
//!
//! The layout is that of MLflow's `FileStore`: `EXPERIMENT/meta.yaml`, `EXPERIMENT/RUN/{meta.yaml, metrics/, params/,
//! tags/, artifacts/}`. JSON is YAML, so that is what is written.

use super::card::card;
use super::check::{Finding, findings};
use super::made::MadeFits;
use super::{FileFormat, Leaderboard, LeaderboardRow, Results, Table, write};
use crate::error::{Error, Result};
use crate::util::{hex, write_whole};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// MLflow's codes of a run's end.
const FINISHED: u32 = 3;
const FAILED: u32 = 4;
/// MLflow's code of a run that some local program made.
const LOCAL: u32 = 4;

/// Characters that MLflow allows in names of metrics, parameters and tags, beside letters and digits.
const ALLOWED: &str = "_-. ";

/// Writes a run into the store in `folder`, which is made if it is not there. What an earlier call wrote of the same run
/// is replaced. Returns the name of the experiment.
///
/// # Errors
///
/// A file cannot be written.
pub fn export(
    results: &Results,
    leaderboard: &Leaderboard,
    experiment: &str,
    folder: &Path,
) -> Result<String> {
    let id = experiment_id(&results.plan.id);
    let here = folder.join(&id);
    make(&here)?;
    // MLflow wants to know where files are from wherever it is started.
    let here = here.canonicalize().map_err(|e| unwritable(&here, &e))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let meta = json!({
        "artifact_location": uri(&here),
        "creation_time": now,
        "experiment_id": id,
        "last_update_time": now,
        "lifecycle_stage": "active",
        "name": results.plan.id,
    });
    put(&here.join("meta.yaml"), meta.to_string().as_bytes())?;
    let findings = findings(results, leaderboard);
    let board = write(Table::Leaderboard, results, leaderboard, FileFormat::Csv)?.bytes;
    for row in &leaderboard.rows {
        let run =
            OneRun { results, leaderboard, row, experiment_id: &id, now, findings: &findings, board: &board };
        run.write(&here, experiment)?;
    }
    Ok(results.plan.id.clone())
}

/// A model as a run of MLflow.
struct OneRun<'a> {
    results: &'a Results,
    leaderboard: &'a Leaderboard<'a>,
    row: &'a LeaderboardRow<'a>,
    experiment_id: &'a str,
    now: u64,
    /// Of the whole run, computed once.
    findings: &'a [Finding],
    /// The leaderboard as CSV.
    board: &'a [u8],
}

impl OneRun<'_> {
    fn write(&self, experiment: &Path, experiment_file: &str) -> Result<()> {
        let Self { results, row, .. } = self;
        let id = hex(&Sha256::digest(format!("{}\n{}", results.plan.id, row.model))[..16]);
        let here = experiment.join(&id);
        for folder in ["metrics", "params", "tags", "artifacts"] {
            make(&here.join(folder))?;
        }
        let meta = json!({
            "artifact_uri": uri(&here.join("artifacts")),
            "end_time": self.now,
            "entry_point_name": "",
            "experiment_id": self.experiment_id,
            "lifecycle_stage": "active",
            "run_id": id,
            "run_name": row.model,
            "run_uuid": id,
            "source_name": "genre-bench",
            "source_type": LOCAL,
            "source_version": "",
            "start_time": self.now,
            "status": if row.is_complete() { FINISHED } else { FAILED },
            "tags": [],
            "user_id": "",
        });
        put(&here.join("meta.yaml"), meta.to_string().as_bytes())?;
        for (name, text) in self.tags() {
            put(&here.join("tags").join(allowed(&name)), text.as_bytes())?;
        }
        for (name, value) in row.params.iter() {
            put(&here.join("params").join(allowed(name)), value.to_string().as_bytes())?;
        }
        for (name, lines) in self.metrics() {
            put(&here.join("metrics").join(allowed(&name)), lines.as_bytes())?;
        }
        self.artifacts(&here.join("artifacts"), experiment_file)
    }

    fn tags(&self) -> Vec<(String, String)> {
        let plan = &self.results.plan;
        let tags: [(&str, &str); 9] = [
            ("mlflow.runName", &self.row.model),
            ("mlflow.source.name", "genre-bench"),
            ("mlflow.source.type", "LOCAL"),
            ("family", self.row.family.name()),
            ("dataset", &plan.dataset.name),
            ("dataset fingerprint", &plan.dataset.fingerprint),
            ("protocol", &plan.protocol),
            ("split", &plan.split_hash),
            ("genre-bench", &plan.program.version),
        ];
        let mut tags: Vec<(String, String)> =
            tags.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let model = self.results.model(&self.row.model).ok();
        let made = model.map(|model| MadeFits::of_model(self.results, model)).unwrap_or_default();
        // MLflow has room for one commit, and wants it without a mark.
        let commits = made.iter().filter_map(|made| made.made.as_ref()?.commit.as_deref());
        tags.extend(commits.take(1).map(|commit| {
            let commit = commit.strip_suffix("-dirty").unwrap_or(commit);
            ("mlflow.source.git.commit".to_owned(), commit.to_owned())
        }));
        tags.push(("commit".to_owned(), MadeFits::commits(&made)));
        tags.push(("machine".to_owned(), MadeFits::machines(&made)));
        tags.extend(self.row.caution.iter().map(|caution| ("caution".to_owned(), caution.clone())));
        tags
    }

    /// Metrics with their lines: time, value, step.
    fn metrics(&self) -> Vec<(String, String)> {
        let mut metrics: Vec<(String, String)> = Vec::new();
        let mut line = |name: String, value: f64, step: usize| {
            if !value.is_finite() {
                return;
            }
            let at = metrics.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                metrics.push((name, String::new()));
                metrics.len() - 1
            });
            let _ = writeln!(metrics[at].1, "{} {value} {step}", self.now); // writing to a string cannot fail
        };
        for metric in &self.leaderboard.exported {
            if let Some(value) = self.row.value(metric) {
                line(metric.key.to_owned(), value, 0);
            }
            if let Some(interval) = self.row.interval(metric) {
                line(format!("{}_low", metric.key), interval.low, 0);
                line(format!("{}_high", metric.key), interval.high, 0);
            }
        }
        let model = self.results.plan.models.iter().position(|model| model.name == self.row.model);
        for cell in model.into_iter().flat_map(|model| self.results.fold_results(model)) {
            for (epoch, of_epoch) in cell.record.insights.history.iter().enumerate() {
                let seed = if cell.seed > 0 { format!("_seed_{}", cell.seed) } else { String::new() };
                let fold = format!("repeat_{}_fold_{}{seed}", cell.fold.repeat, cell.fold.fold);
                line(format!("{fold}_train_loss"), of_epoch.train_loss, epoch);
                line(format!("{fold}_train_accuracy"), of_epoch.train_accuracy, epoch);
                if let Some(valid) = &of_epoch.valid {
                    line(format!("{fold}_valid_loss"), valid.loss, epoch);
                    line(format!("{fold}_valid_accuracy"), valid.accuracy, epoch);
                }
            }
        }
        metrics
    }

    fn artifacts(&self, folder: &Path, experiment_file: &str) -> Result<()> {
        let Self { results, leaderboard, row, findings, board, .. } = self;
        put(&folder.join("experiment.toml"), experiment_file.as_bytes())?;
        put(&folder.join("leaderboard.csv"), board)?;
        if let Some(model) = results.plan.models.iter().position(|model| model.name == row.model) {
            let text = card(results, leaderboard, findings, model);
            put(&folder.join("card.md"), text.as_bytes())?;
        }
        Ok(())
    }
}

/// MLflow's ids of experiments are digits.
fn experiment_id(run: &str) -> String {
    let digest = Sha256::digest(run);
    let number = digest[..8].iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{number:018}")[..18].to_owned()
}

/// A name as MLflow allows it.
fn allowed(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || ALLOWED.contains(c) { c } else { '_' };
    let name: String = name.chars().map(keep).collect();
    // Neither a hidden file nor the folder above.
    if name.starts_with('.') { format!("_{name}") } else { name }
}

/// A path as a URI, with everything but letters, digits and the usual signs in percent.
fn uri(path: &Path) -> String {
    let mut out = "file://".to_owned();
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte.into())
            }
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, bytes).map_err(|e| unwritable(path, &e))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::unwritable(path, error, "does the folder exist, and may you write to it?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_are_what_mlflow_reads() {
        assert_eq!(allowed("svm tuned/c=1"), "svm tuned_c_1");
        assert_eq!(allowed("../etc"), "_.._etc");
        assert_eq!(uri(Path::new("/a b/ü%")), "file:///a%20b/%C3%BC%25");
        let id = experiment_id("features-10-sec-track-e3861ff8");
        assert!(id.len() == 18 && id.bytes().all(|digit| digit.is_ascii_digit()), "{id}");
        assert_ne!(id, experiment_id("features-10-sec-track-e3861ff9"));
    }
}
