use crate::dataset::{Dataset, Info, hex};
use crate::error::{Error, Result};
use crate::protocol::Split;
use genre_bench_api::{Family, Model, Params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io;

/// Everything that decides a run's numbers, and what a reader of its results must know. Written once, as
/// `plan.json` in the run's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The run's name: dataset, protocol and the start of a hash over the rest.
    pub id: String,
    /// The program that computes it.
    pub program: Program,
    /// The data.
    pub dataset: Info,
    /// Name of the protocol.
    pub protocol: String,
    /// How the data was divided, for people.
    pub scheme: String,
    /// SHA-256 of the split's table.
    pub split_hash: String,
    /// Examples that the split leaves out.
    pub unused: usize,
    /// Seed of all random draws.
    pub seed: u64,
    /// Where neural models compute.
    pub device: String,
    /// What the user must know before believing the scores.
    pub warnings: Vec<String>,
    /// What the user may want to know.
    pub notes: Vec<String>,
    /// The models, in the order they were asked for.
    pub models: Vec<PlannedModel>,
    /// Repeat and number of every fold, in the order of the split.
    pub folds: Vec<(usize, usize)>,
}

/// The program behind a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Version of genre-bench.
    pub version: String,
    /// Start of the SHA-256 of the executable. A model that was changed and built again must not be
    /// served the old one's cells, so every build has cells of its own.
    pub build: String,
}

impl Program {
    /// The program that is running.
    ///
    /// # Errors
    ///
    /// The executable cannot be read.
    pub fn running() -> Result<Self> {
        let hash = || -> io::Result<String> {
            let mut hasher = Sha256::new();
            io::copy(&mut std::fs::File::open(std::env::current_exe()?)?, &mut hasher)?;
            Ok(hex(&hasher.finalize()[..8]))
        };
        let build =
            hash().map_err(|e| Error::new("the running program", format!("cannot be read: {e}"), ""))?;
        Ok(Self { version: env!("CARGO_PKG_VERSION").to_owned(), build })
    }
}

/// A model as it takes part in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedModel {
    /// The model's name.
    pub name: String,
    /// Its family.
    pub family: Family,
    /// Its hyper-parameters.
    pub params: Params,
    /// Whether any of them differs from the default, so that published figures do not apply.
    pub changed: bool,
}

/// One model on one fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Index into [`Plan::models`].
    pub model: usize,
    /// Index into [`Plan::folds`].
    pub fold: usize,
}

impl Plan {
    /// Plans every model on every fold. `changes` are the user's `model`, `parameter`, `value`.
    ///
    /// # Errors
    ///
    /// A parameter that a model does not have, or a value it does not allow.
    pub fn new(
        dataset: &Dataset,
        split: &Split,
        models: &[&dyn Model],
        changes: &[(String, String, String)],
        seed: u64,
        device: String,
    ) -> Result<Self> {
        let models: Vec<PlannedModel> = models
            .iter()
            .map(|model| {
                let card = model.card();
                let own = || {
                    changes
                        .iter()
                        .filter(|(of, ..)| *of == card.name)
                        .map(|(_, n, v)| (n.as_str(), v.as_str()))
                };
                let usage = |e| {
                    Error::new(format!("--set {}", card.name), e, "`bench list models` shows all parameters")
                };
                let params = card.resolve(own()).map_err(usage)?;
                let changed = params != card.resolve([]).map_err(usage)?;
                Ok(PlannedModel { name: card.name, family: card.family, params, changed })
            })
            .collect::<Result<_>>()?;
        let mut plan = Self {
            id: String::new(),
            program: Program::running()?,
            dataset: dataset.info.clone(),
            protocol: split.protocol.clone(),
            scheme: split.scheme.clone(),
            split_hash: split.hash.clone(),
            unused: split.unused,
            seed,
            device,
            warnings: warnings(dataset, split),
            notes: dataset.notes.clone(),
            models,
            folds: split.folds.iter().map(|f| (f.repeat, f.fold)).collect(),
        };
        plan.id = plan.make_id();
        Ok(plan)
    }

    /// All cells, model by model.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + use<'_> {
        (0..self.models.len()).flat_map(|model| (0..self.folds.len()).map(move |fold| Cell { model, fold }))
    }

    /// The name under which a cell is stored: everything its numbers depend on, and nothing else, so that runs which
    /// share a cell share its result.
    pub fn key(&self, cell: Cell) -> String {
        let model = &self.models[cell.model];
        let (repeat, fold) = self.folds[cell.fold];
        let parts = serde_json::json!([
            self.program.build,
            self.dataset.fingerprint,
            self.split_hash,
            self.seed,
            self.device,
            model.name,
            model.params,
            repeat,
            fold,
        ]);
        format!("{}-r{repeat}-f{fold}-{}", model.name, short_hash(&parts))
    }

    /// The seed of a cell, which no other cell of the run has.
    pub fn cell_seed(&self, cell: Cell) -> u64 {
        let (repeat, fold) = self.folds[cell.fold];
        let purpose = format!("cell/{}/{repeat}/{fold}", self.models[cell.model].name);
        rand::RngCore::next_u64(&mut genre_bench_api::random_stream(self.seed, &purpose))
    }

    fn make_id(&self) -> String {
        let words = |text: &str| -> String {
            let keep = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
            text.chars().map(keep).collect::<String>()
        };
        let dataset =
            if self.dataset.synthetic { "synthetic" } else { self.dataset.name.trim_end_matches(".csv") };
        let protocol = self.protocol.split(':').next().unwrap_or_default();
        let keys: Vec<String> = self.cells().map(|cell| self.key(cell)).collect();
        format!("{}-{}-{}", words(dataset), words(protocol), &short_hash(&serde_json::json!(keys))[..8])
    }
}

fn warnings(dataset: &Dataset, split: &Split) -> Vec<String> {
    let mut warnings = split.leaks.warnings();
    if dataset.info.synthetic {
        warnings.push("the data is synthetic: the scores say nothing about music".to_owned());
    }
    if split.unused > 0 {
        let total = dataset.info.examples;
        warnings.push(format!(
            "{} of {total} examples stand in no part of the split and were left out",
            split.unused
        ));
    }
    warnings
}

fn short_hash(value: &serde_json::Value) -> String {
    hex(&Sha256::digest(value.to_string())[..8])
}
