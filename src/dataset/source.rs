use super::{ColumnChoice, ImageSize, InputKind, InputKinds};
use crate::audio::Limits;
use crate::error::{Error, Result};
use crate::features::cache::Cache;
use genre_bench_api::Representation;
use std::path::PathBuf;

/// Where the data is, and what is to be computed of it.
#[derive(Debug, Clone)]
pub struct Source {
    /// A CSV file, a folder in the Kaggle layout or one with audio or images in GENRE/file; the built-in data without it.
    pub data: Option<PathBuf>,
    /// Which inputs of a folder are taken; all that cover most of the examples, if not said.
    pub inputs: Option<InputKinds>,
    /// Length of a segment in seconds: chooses the table in a folder, or how audio is cut.
    pub seconds: Option<u32>,
    /// What recordings are accepted.
    pub limits: Limits,
    /// A list of artists; looked for beside the data without it.
    pub artists: Option<PathBuf>,
    /// Seed of the built-in data.
    pub seed: u64,
    /// Where features computed from audio are kept; nowhere without it.
    pub cache: Option<Cache>,
    /// Whether any wanted model reads the feature table. Otherwise its columns are not computed; a table that is there
    /// as a file is read all the same.
    pub table: bool,
    /// Size that images are brought to in the table.
    pub image_size: ImageSize,
    /// Input representations to compute of every example, for the models that read them.
    pub representations: Vec<Representation>,
    /// Size that larger spectrograms are brought to.
    pub spectrogram_size: Option<ImageSize>,
    /// Whether encoders read the recordings or images of the examples.
    pub encoders: bool,
    /// Which columns of a table play which part.
    pub columns: ColumnChoice,
    /// An audit's report: its faults and duplicates are left out.
    pub drop_faults: Option<PathBuf>,
}

impl Source {
    /// Whether an input may be taken.
    pub(super) fn takes(&self, kind: InputKind) -> bool {
        self.inputs.as_ref().is_none_or(|inputs| inputs.has(kind))
    }

    /// Whether recordings or images are looked for beside a table: where a model or encoder reads them, or where the user
    /// names them.
    pub(super) fn joins(&self) -> bool {
        let beside = [InputKind::Audio, InputKind::Images];
        let named = |inputs: &InputKinds| beside.into_iter().any(|kind| inputs.has(kind));
        self.inputs.as_ref().map_or(self.encoders || !self.representations.is_empty(), named)
    }

    /// Refuses a choice of inputs where there is only one.
    pub(super) fn only_of_folders(&self, what: &str) -> Result<()> {
        match &self.inputs {
            None => Ok(()),
            Some(inputs) => {
                let reason = format!("{what} has one input only");
                Err(Error::new(
                    format!("--inputs {inputs}"),
                    reason,
                    "name a folder of tables, audio or images, --data DIR",
                ))
            }
        }
    }

    /// Refuses what is said of columns where none are read.
    pub(super) fn only_of_tables(&self, what: &str) -> Result<()> {
        if self.columns == ColumnChoice::default() {
            return Ok(());
        }
        let reason = format!("{what} has no columns to choose from");
        Err(Error::new(
            "--label, --group, --id, --features, --drop, --protocol column:NAME",
            reason,
            "name a table, --data FILE.csv",
        ))
    }
}

impl Default for Source {
    /// The built-in data with its table and without spectrograms.
    fn default() -> Self {
        Self {
            data: None,
            inputs: None,
            seconds: None,
            limits: Limits::default(),
            artists: None,
            seed: 0,
            cache: None,
            table: true,
            image_size: ImageSize::default(),
            representations: Vec::new(),
            spectrogram_size: None,
            encoders: false,
            columns: ColumnChoice::default(),
            drop_faults: None,
        }
    }
}
