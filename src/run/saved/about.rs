use super::NoveltyThresholds;
use crate::dataset::{ImageSize, Info, PlannedEncoder};
use crate::error::{Error, Result};
use crate::run::{Made, Program};
use crate::util::hex;
use genre_bench_api::{Calibration, Params, Reads};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The layout of the folder; one with another number is refused.
const FORMAT: u32 = 2;

/// What a saved model is, as `model.json` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The layout of the folder.
    pub format: u32,
    /// The program that fitted it.
    pub program: Program,
    /// By what commit and where.
    pub made: Option<Box<Made>>,
    /// Name of the model, without that of an encoder.
    pub model: String,
    /// Its hyper-parameters.
    pub params: Params,
    /// What it reads; the table of an encoder where there is one.
    pub reads: Reads,
    /// The encoder whose embeddings it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<PlannedEncoder>,
    /// Names of the columns of the table that it reads, in order.
    pub columns: Vec<String>,
    /// Rows and columns of the spectrograms that it reads; 0 where it reads none.
    pub spectrogram: (usize, usize),
    /// Size that larger spectrograms are resized to.
    pub spectrogram_size: Option<ImageSize>,
    /// What spectrograms were made of, if not of the examples' own recordings: `images` beside a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spectrograms_from: Option<String>,
    /// Names of the classes, in the order of the scores.
    pub classes: Vec<String>,
    /// What turns scores into probabilities, if that was fitted.
    pub calibration: Option<Calibration>,
    /// From where on a track is unlike what it was fitted to.
    pub novelty: NoveltyThresholds,
    /// What it was fitted to.
    pub fitted_to: FittedTo,
    /// How such models scored on parts that they were not fitted to, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<HeldOutScore>,
    /// SHA-256 of this file, with nothing in this place, and the file of its numbers behind it.
    pub sha256: String,
}

/// What a model was fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedTo {
    /// The data.
    pub dataset: Info,
    /// Name of the protocol.
    pub protocol: String,
    /// SHA-256 of the split's table.
    pub split_hash: String,
    /// Which part of the data, for people: `everything` or `the training part of fold 0`.
    pub part: String,
    /// Examples in it.
    pub examples: usize,
    /// Seed of the fit.
    pub seed: u64,
}

/// A score of the same model with the same hyper-parameters in a stored run, on parts that it was not fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOutScore {
    /// Name of the run.
    pub run: String,
    /// Its protocol.
    pub protocol: String,
    /// How its data was divided.
    pub scheme: String,
    /// Name of the metric.
    pub metric: String,
    /// The score, mean over folds.
    pub score: f64,
    /// Its 95 % interval, where it has one.
    pub interval: Option<(f64, f64)>,
}

fn hash(text: &[u8], arrays: &[u8]) -> String {
    hex(&Sha256::new().chain_update(text).chain_update(arrays).finalize())
}

impl About {
    /// The number of this layout.
    pub const FORMAT: u32 = FORMAT;

    /// The description of a model whose numbers are these bytes, with the hash of both in it.
    pub(super) fn to_json(&self, arrays: &[u8]) -> Result<String> {
        let bug = |e| Error::bug("the description of a model", e);
        let mut about = Self { sha256: String::new(), ..self.clone() };
        let text = serde_json::to_string_pretty(&about).map_err(bug)?;
        about.sha256 = hash(text.as_bytes(), arrays);
        serde_json::to_string_pretty(&about).map_err(bug)
    }

    /// Whether this is what was written beside these bytes, by the hash in it. Who wants to deceive changes both; this finds what
    /// was damaged, or changed by hand.
    pub(super) fn is_beside(&self, text: &[u8], arrays: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text).replacen(&self.sha256, "", 1);
        self.sha256.len() == 64 && hash(text.as_bytes(), arrays) == self.sha256
    }

    /// Reads a description.
    ///
    /// # Errors
    ///
    /// Why it is none, a sentence without its subject.
    pub(super) fn from_json(bytes: &[u8]) -> std::result::Result<Self, String> {
        /// What all versions have.
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let broken = |e: serde_json::Error| format!("is no description of a saved model: {e}");
        let Versioned { format } = serde_json::from_slice(bytes).map_err(broken)?;
        if format != FORMAT {
            return Err(format!(
                "was saved in format {format}, and this program (genre-bench {}) reads format {FORMAT}",
                env!("CARGO_PKG_VERSION")
            ));
        }
        let about: Self = serde_json::from_slice(bytes).map_err(broken)?;
        if about.classes.is_empty() {
            return Err("names no classes".to_owned());
        }
        let fits = match &about.calibration {
            Some(Calibration::Temperature { temperature, .. }) => {
                temperature.is_finite() && *temperature > 0.0
            }
            Some(Calibration::Platt { slopes, offsets }) => {
                slopes.len() == about.classes.len()
                    && offsets.len() == slopes.len()
                    && slopes.iter().chain(offsets).all(|number| number.is_finite())
            }
            None => true,
        };
        if !fits {
            return Err("has a calibration that does not fit its classes".to_owned());
        }
        let NoveltyThresholds { distance, entropy } = about.novelty;
        if !distance.is_finite() || entropy.is_some_and(|entropy| !entropy.is_finite()) {
            return Err("has thresholds that are no numbers".to_owned());
        }
        Ok(about)
    }
}
