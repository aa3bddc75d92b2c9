use super::Program;
use crate::dataset::{Dataset, ImageSize, Info, PlannedEncoder};
use crate::error::Result;
use crate::protocol::Split;
use crate::util::hex;
use genre_bench_api::{CalibrationMethod, Card, Device, Family, Params, Reads};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;

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
    /// Names of the feature columns.
    pub columns: Vec<String>,
    /// Name of the protocol.
    pub protocol: String,
    /// How the data was divided, for people.
    pub scheme: String,
    /// SHA-256 of the split's table.
    pub split_hash: String,
    /// Examples that the split leaves out.
    pub unused: usize,
    /// What else decides the numbers.
    pub conditions: Conditions,
    /// What the user must know before believing the scores.
    pub warnings: Vec<String>,
    /// What the user may want to know.
    pub notes: Vec<String>,
    /// The models, in the order they were asked for.
    pub models: Vec<PlannedModel>,
    /// Repeat and number of every fold, in the order of the split.
    pub folds: Vec<(usize, usize)>,
    /// Tracks that were drawn of each class, if not all are used.
    #[serde(default)]
    pub per_class: Option<u32>,
    /// Tracks of each class that train, if not all of the training parts do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shots: Option<u32>,
    /// Whether early stopping and checkpoints looked at the test part, so that scores are optimistic.
    #[serde(default)]
    pub validated_on_test: bool,
}

/// What decides the numbers of a run besides its data, split and models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Seed of all random draws.
    pub seed: u64,
    /// Fits of every model on every fold, each with another seed.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub seeds: u16,
    /// Where networks compute.
    pub device: Device,
    /// Size that larger spectrograms are resized to.
    pub spectrogram_size: Option<ImageSize>,
    /// How scores are calibrated on the validation part; not at all if none.
    pub calibration: Option<CalibrationMethod>,
}

fn one() -> u16 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(seeds: &u16) -> bool {
    *seeds == 1
}

impl Conditions {
    /// Fits of a model on a fold, at least one.
    pub fn seeds(&self) -> usize {
        usize::from(self.seeds).max(1)
    }

    /// The seed for people, and how many fits come of it: `0`, `0 (3 seeds a fold)`.
    pub fn seed_text(&self) -> String {
        match self.seeds() {
            1 => self.seed.to_string(),
            seeds => format!("{} ({seeds} seeds a fold)", self.seed),
        }
    }
}

/// A model as it takes part in a run, perhaps in one of several variants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedModel {
    /// What its row is called, as nothing else in the run: the model's name, with what is special about the variant.
    pub name: String,
    /// The model's name; of one that reads embeddings, the encoder's and its own with a `+` between.
    pub model: String,
    /// Its family.
    pub family: Family,
    /// Its hyper-parameters.
    pub params: Params,
    /// What it reads; the table of an [encoder](PlannedModel::encoder), where there is one.
    #[serde(default)]
    pub reads: Reads,
    /// The encoder whose embeddings it reads instead of the feature table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<PlannedEncoder>,
    /// Whether any of them differs from the default or the model sees less than it could, so that published figures
    /// do not apply.
    pub changed: bool,
    /// The hyper-parameters that differ from the defaults, which are the published recipe.
    #[serde(default)]
    pub changes: Vec<ParamChange>,
    /// The size of the spectrograms that it reads, if they were resized.
    #[serde(default)]
    pub resized: Option<Resized>,
    /// Whether it reads the columns of a spectrogram one after the other.
    #[serde(default)]
    pub recurrent: bool,
    /// Whether its fit is the same for every seed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deterministic: bool,
    /// The hyper-parameters of every fold, if they were chosen for each by a cross-validation inside its training
    /// part; then [`PlannedModel::params`] does not count.
    pub choices: Vec<Choice>,
    /// A group of columns that is kept from the model.
    pub without: Option<Columns>,
    /// What decides its numbers beside all this and the program; see [`Card::content`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// A hyper-parameter that differs from the published recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParamChange {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: genre_bench_api::Value,
    /// The value of the recipe.
    pub published: genre_bench_api::Value,
}

/// Spectrograms that were resized: their rows and columns, and those they had before, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resized {
    /// Rows and columns that are read.
    pub to: (usize, usize),
    /// Rows and columns in full.
    pub from: Option<(usize, usize)>,
}

impl ParamChange {
    /// Whether the recipe of a model starts from trained weights, and this has none.
    pub fn takes_weights_away(&self, card: &Card) -> bool {
        let of_recipe = card.params.iter().find(|param| param.name == self.name);
        let has_weights = of_recipe.is_some_and(|param| param.default_word().is_some());
        has_weights && !matches!(self.value, genre_bench_api::Value::File(_))
    }

    /// Whether it is more than another input, which published figures name themselves.
    pub fn is_of_recipe(&self) -> bool {
        self.name != "input"
    }
}

impl fmt::Display for Resized {
    /// `50x50 of 128x1292`, rows and columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} of ", self.to.0, self.to.1)?;
        match self.from {
            Some((rows, columns)) => write!(f, "{rows}x{columns}"),
            None => f.write_str("larger images"),
        }
    }
}

/// Hyper-parameters chosen for a fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The hyper-parameters.
    pub params: Params,
    /// Key of the metric that they were chosen by.
    pub metric: String,
    /// Its mean over the inner folds.
    pub inner_score: f64,
}

/// Columns of the feature table that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// What they are together, such as `mfcc`.
    pub group: String,
    /// Their names.
    pub columns: Vec<String>,
}

impl PlannedModel {
    /// A model by its card, the card's defaults changed by `changes` (name, text as the user typed it).
    ///
    /// # Errors
    ///
    /// A hyper-parameter that the model does not have, or a value it does not allow.
    pub fn new<'a>(
        card: &Card,
        changes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> genre_bench_api::Result<Self> {
        let params = card.resolve(changes)?;
        let pairs = params.iter().zip(card.params.iter().map(|param| &param.default));
        let changes: Vec<ParamChange> = pairs
            .filter(|((_, value), published)| value != published && value.typed() != published.typed())
            .map(|((name, value), published)| ParamChange {
                name: name.to_owned(),
                value: value.clone(),
                published: published.clone(),
            })
            .collect();
        let reads = card.reads_with(&params)?;
        let (name, model) = (card.name.clone(), card.name.clone());
        let (choices, without) = (Vec::new(), None);
        Ok(Self {
            name,
            model,
            family: card.family,
            params,
            reads,
            encoder: None,
            // Published figures are by what is read.
            changed: changes.iter().any(ParamChange::is_of_recipe),
            changes,
            resized: None,
            recurrent: card.recurrent,
            deterministic: card.deterministic,
            choices,
            without,
            content: card.content.clone(),
        })
    }

    /// Whether it reads the feature table of the dataset.
    pub fn reads_table(&self) -> bool {
        self.encoder.is_none() && self.reads.table()
    }

    /// What it reads, for people: `table`, `mel-128` or `embeddings of musicnn`.
    pub fn reads_what(&self) -> String {
        match &self.encoder {
            Some(encoder) => format!("embeddings of {}", encoder.name),
            None => self.reads.to_string(),
        }
    }

    /// The name of the model alone, without that of an encoder.
    pub fn own_name(&self) -> &str {
        let of_encoder = |encoder: &PlannedEncoder| self.model.strip_prefix(&encoder.name)?.strip_prefix('+');
        self.encoder.as_ref().and_then(of_encoder).unwrap_or(&self.model)
    }

    /// The hyper-parameters for the fold at an index.
    pub fn params_on(&self, fold: usize) -> &Params {
        self.choices.get(fold).map_or(&self.params, |choice| &choice.params)
    }
}

/// What the file of a cell says it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellIdentity {
    /// [`Plan::key`].
    pub key: String,
    /// Fingerprint of the data.
    pub dataset: String,
    /// SHA-256 of the split's table.
    pub split: String,
}

/// One model on one fold with one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Index into [`Plan::models`].
    pub model: usize,
    /// Index into [`Plan::folds`].
    pub fold: usize,
    /// Which of the seeds of that fold, from 0.
    pub seed: usize,
}

impl Plan {
    /// Plans every model on every fold.
    ///
    /// # Errors
    ///
    /// The running program cannot be read.
    pub fn new(
        dataset: &Dataset,
        split: &Split,
        models: Vec<PlannedModel>,
        conditions: Conditions,
    ) -> Result<Self> {
        let mut plan = Self {
            id: String::new(),
            program: Program::running()?,
            dataset: dataset.info.clone(),
            columns: dataset.columns.to_vec(),
            protocol: split.protocol.clone(),
            scheme: split.scheme.clone(),
            split_hash: split.hash.clone(),
            unused: split.unused,
            conditions,
            warnings: warnings(dataset, split),
            notes: dataset.notes.clone(),
            models,
            folds: split.folds.iter().map(|f| (f.repeat, f.fold)).collect(),
            per_class: split.per_class,
            shots: split.shots,
            validated_on_test: split.validated_on_test,
        };
        plan.id = plan.make_id();
        Ok(plan)
    }

    /// All cells, model by model, of each fold by fold, and of each seed by seed.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + use<'_> {
        let (folds, seeds) = (self.folds.len(), self.conditions.seeds());
        let of_model = move |model| {
            (0..folds).flat_map(move |fold| (0..seeds).map(move |seed| Cell { model, fold, seed }))
        };
        (0..self.models.len()).flat_map(of_model)
    }

    /// The cells that are fitted: of a model that draws nothing, those of one seed, whose results are those of all seeds.
    pub fn fits(&self) -> impl Iterator<Item = Cell> + use<'_> {
        self.cells().filter(|cell| cell.seed == 0 || !self.models[cell.model].deterministic)
    }

    /// The name under which a cell is stored: everything its numbers depend on, and nothing else, so that runs which
    /// share a cell share its result; so do the seeds of a model that draws nothing.
    pub fn key(&self, cell: Cell) -> String {
        let model = &self.models[cell.model];
        let (repeat, fold) = self.folds[cell.fold];
        let seed = if model.deterministic { 0 } else { cell.seed };
        let mut parts = vec![
            json!(self.program.build),
            json!(self.dataset.fingerprint),
            json!(self.split_hash),
            json!(self.conditions.seed),
            json!(self.conditions.device),
            json!(self.conditions.calibration),
            json!(model.reads.spectrograms().and(self.conditions.spectrogram_size)),
            json!(model.reads.spectrograms().and(self.dataset.spectrograms.as_ref())),
            json!(model.own_name()),
            json!(model.params_on(cell.fold).without_names()),
            json!(model.without),
            json!(repeat),
            json!(fold),
        ];
        // Cells of other models have the keys that they had before there were encoders.
        if let Some(encoder) = &model.encoder {
            parts.push(json!([encoder.identity(), self.dataset.spectrograms]));
        }
        if let Some(content) = &model.content {
            parts.push(json!({ "content": content }));
        }
        // The first seed's cells are those of a run with one seed, so that more can be added to it.
        let mut of_seed = String::new();
        if seed > 0 {
            parts.push(json!({ "seed": seed }));
            of_seed = format!("-s{seed}");
        }
        let parts = Value::Array(parts);
        format!("{}-r{repeat}-f{fold}{of_seed}-{}", file_name(&model.model), short_hash(&parts))
    }

    /// What the cell's files are said to be of.
    pub fn identity(&self, cell: Cell) -> CellIdentity {
        CellIdentity {
            key: self.key(cell),
            dataset: self.dataset.fingerprint.clone(),
            split: self.split_hash.clone(),
        }
    }

    /// Whether the run's name is the one that its cells give it.
    pub fn has_own_id(&self) -> bool {
        self.id == self.make_id()
    }

    /// The seed of a cell: another for every model, repeat, fold and number of a seed, but the same for variants of one
    /// model and whatever encoder it stands on, so that chance does not add to their differences.
    pub fn cell_seed(&self, cell: Cell) -> u64 {
        let (repeat, fold) = self.folds[cell.fold];
        let mut purpose = format!("cell/{}/{repeat}/{fold}", self.models[cell.model].own_name());
        if cell.seed > 0 {
            purpose += &format!("/{}", cell.seed);
        }
        rand::RngCore::next_u64(&mut genre_bench_api::random_stream(self.conditions.seed, &purpose))
    }

    fn make_id(&self) -> String {
        let dataset =
            if self.dataset.synthetic { "synthetic" } else { self.dataset.name.trim_end_matches(".csv") };
        let protocol = self.protocol.split(':').next().unwrap_or_default();
        let keys: Vec<String> = self.cells().map(|cell| self.key(cell)).collect();
        let names = [dataset, protocol].map(typeable);
        let words = names.iter().filter(|name| !name.is_empty()).cloned().collect::<Vec<_>>().join("-");
        format!("{words}-{}", &short_hash(&json!(keys))[..8])
    }
}

/// What must be said wherever scores of a split are shown that validates on the test part.
pub const OPTIMISTIC: &str = "OPTIMISTIC: the validation part is the test part: networks stopped at, and kept, the epoch \
                              that was best on it, so scores are too high and compare with nothing that is honest";

/// Bytes that a name may take in a run's, which is the name of a folder and may have 255.
const LONGEST_NAME: usize = 100;

/// A name as a part of a command: letters and digits of any script in lower case, hyphens between them for all else. So
/// it never starts like a flag, nor like a hidden file; it is empty where nothing is left.
fn typeable(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().filter(|c| !is_mark(*c)) {
        let kept: String = if c.is_alphanumeric() { c.to_lowercase().collect() } else { "-".to_owned() };
        if kept == "-" && (out.is_empty() || out.ends_with('-')) {
            continue;
        }
        if out.len() + kept.len() > LONGEST_NAME {
            break;
        }
        out += &kept;
    }
    out.trim_end_matches('-').to_owned()
}

/// The name of a model as the start of a file's: names that were opened may have any characters. The hash behind it tells
/// those apart that become the same.
pub(super) fn file_name(model: &str) -> String {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || "+-_.".contains(c);
    model.chars().take(LONGEST_NAME).map(|c| if is_kept(c) { c } else { '-' }).collect()
}

/// Whether a character is an accent of the letter before it, as in names from macOS, where é is written as e and ´.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn warnings(dataset: &Dataset, split: &Split) -> Vec<String> {
    let mut warnings = split.leaks.warnings();
    if split.validated_on_test {
        warnings.push(OPTIMISTIC.to_owned());
    }
    warnings.extend(split.gaps.iter().cloned());
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

fn short_hash(value: &Value) -> String {
    hex(&Sha256::digest(value.to_string())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_are_names_of_files() {
        assert_eq!(file_name("musicnn+svm-c10"), "musicnn+svm-c10");
        assert_eq!(file_name("python:../my model.py:K\u{fc}"), "python-..-my-model.py-K-");
        assert_eq!(file_name(&"x".repeat(300)).len(), LONGEST_NAME);
    }

    #[test]
    fn names_of_runs_can_be_typed_whatever_the_data_is_called() {
        for (name, wanted) in [
            ("features_10_sec", "features-10-sec"),
            ("日本", "日本"),
            ("Año Nuevo", "año-nuevo"),
            ("cafe\u{301}", "cafe"),
            ("--n°c d'été (1)..", "n-c-d-été-1"),
            (".hidden", "hidden"),
            ("★", ""),
            ("../../etc", "etc"),
            ("a\u{1b}[2Jb", "a-2jb"),
            ("ΟΔΟΣ", "οδοσ"),
        ] {
            assert_eq!(typeable(name), wanted, "{name}");
        }
        for long in ["x".repeat(300), "日".repeat(300), "x-".repeat(300)] {
            let name = typeable(&long);
            assert!((90..=LONGEST_NAME).contains(&name.len()) && !name.ends_with('-'), "{name}");
        }
    }
}
