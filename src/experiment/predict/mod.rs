//! What a saved model says of recordings.

mod encoder;
mod explain;
mod predicted;
mod table;

pub use encoder::EncoderChange;
pub use predicted::{Predicted, PredictedSegment};
pub use table::frame;

use super::Registry;
use crate::audio::Limits;
use crate::dataset::{Dataset, Source, Unlabelled, WantedEncoder};
use crate::error::{Error, Result};
use crate::features::cache::Cache;
use crate::features::table::FEATURE_NAMES;
use crate::recordings::Recording;
use crate::report::explanation::Explanation;
use crate::run::saved::{About, Novelty, SavedModel};
use genre_bench_api::{Device, Fitted, Inputs, Observer, Silent};
use ndarray::Array2;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Recordings that are read and scored together: memory holds the features of so many.
pub const AT_ONCE: usize = 32;

/// A saved model, ready to be asked about recordings.
pub struct Predictor<'r> {
    saved: SavedModel,
    fitted: Box<dyn Fitted>,
    encoder: Option<WantedEncoder<'r>>,
    columns: Arc<[String]>,
    limits: Limits,
    cache: Option<Cache>,
}

/// How a [`Predictor`] works; nothing of it changes a prediction.
pub struct PredictOptions {
    /// Where networks compute.
    pub device: Device,
    /// What recordings are accepted.
    pub limits: Limits,
    /// Where computed features are kept.
    pub cache: Option<Cache>,
    /// Parameters of the encoder that the model stands on: above all, where its weights are.
    pub encoder: Vec<EncoderChange>,
}

/// What became of a recording: what is said of it, or why nothing is.
pub type Outcome = (PathBuf, std::result::Result<Predicted, String>);

impl<'r> Predictor<'r> {
    /// Reads a saved model, and finds the program's model and encoder for it.
    ///
    /// # Errors
    ///
    /// The folder holds no sound model; the program has no such model or encoder, or another; or the model reads what recordings
    /// alone do not have.
    pub fn open(folder: &Path, registry: &'r Registry, options: PredictOptions) -> Result<Self> {
        let mut saved = SavedModel::read(folder)?;
        let about = saved.about.clone();
        let refused = |reason: &str, hint: &str| Err(Error::at(folder, reason, hint));
        if about.spectrograms_from.is_some() && about.reads.spectrograms().is_some() {
            let hint = "train it on audio: a folder with GENRE/file, or a table with the audio beside it";
            return refused(
                "the model was fitted to spectrograms from images, which recordings do not give",
                hint,
            );
        }
        let is_computed = |name: &String| FEATURE_NAMES.contains(&name.as_str());
        if about.encoder.is_none()
            && let Some(other) = about.columns.iter().find(|name| !is_computed(name))
        {
            let reason = format!("the model reads the column `{other}`, which is not computed of recordings");
            return refused(&reason, "train it on the 57 features that `bench features` computes");
        }
        let encoder = about.encoder.as_ref();
        let encoder = encoder
            .map(|planned| encoder::wanted(folder, registry, planned, &options.encoder))
            .transpose()?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let model = registry.find(&about.model).map_err(|e| {
            let reason = format!("it is of the model `{}`, which this program has not", about.model);
            Error::at(folder, reason, e.hint)
        })?;
        let fitted = saved.load(model.model.as_ref(), options.device, threads).map_err(|e| {
            let hint = "was it saved by another version? `bench train` saves it again";
            Error::at(folder, format!("the model {} cannot be loaded: {e}", about.model), hint)
        })?;
        let columns = about.columns.clone().into();
        Ok(Self { fitted, encoder, columns, limits: options.limits, cache: options.cache, saved })
    }

    /// What the model is.
    pub fn about(&self) -> &About {
        &self.saved.about
    }

    /// Where data is, and what of it the model reads.
    pub fn source(&self) -> Source {
        let about = &self.saved.about;
        Source {
            seconds: about.fitted_to.dataset.seconds,
            limits: self.limits,
            cache: self.cache.clone(),
            table: about.reads.table() && about.encoder.is_none(),
            representations: about.reads.spectrograms().into_iter().collect(),
            spectrogram_size: about.spectrogram_size,
            encoders: about.encoder.is_some(),
            ..Source::default()
        }
    }

    /// What the model says of recordings, in their order. More than [`AT_ONCE`] of them take memory in proportion.
    ///
    /// # Errors
    ///
    /// The user stopped it, or a model that breaks its contract. What is wrong with a recording is its outcome.
    pub fn predict(&self, recordings: &[Recording], observer: &dyn Observer) -> Result<Vec<Outcome>> {
        let Read { dataset, file_of_track, mut outcomes } = self.read(recordings)?;
        let Some(dataset) = dataset else { return Ok(outcomes) };
        let (dataset, inputs) = self.embedded(dataset)?;
        let scores = self.scores(&inputs, observer)?;
        for (track, predicted) in predicted::by_track(&dataset, &inputs, &scores, &self.saved.novelty) {
            outcomes[file_of_track[track]].1 = Ok(predicted);
        }
        Ok(outcomes)
    }

    /// What spoke for the answer on a recording. `progress` is told how many of how many questions are asked.
    ///
    /// # Errors
    ///
    /// As [`Predictor::predict`]; the recording cannot be used; or the model reads what this does not know how to change.
    pub fn explain(&self, recording: &Recording, progress: &dyn Fn(usize, usize)) -> Result<Explanation> {
        let Read { dataset, mut outcomes, .. } = self.read(std::slice::from_ref(recording))?;
        let Some(dataset) = dataset else {
            let reason = outcomes.pop().and_then(|(_, outcome)| outcome.err()).unwrap_or_default();
            return Err(Error::at(&recording.path, reason, "name another file"));
        };
        if self.encoder.is_some() {
            let hint = "a model on the 57 features or on spectrograms can";
            return Err(self.refused("columns of embeddings mean nothing to people", hint));
        }
        let (dataset, inputs) = self.embedded(dataset)?;
        explain::explain(self, &dataset, &inputs, progress)
    }

    /// Recordings as a dataset, as far as they can be read.
    fn read(&self, recordings: &[Recording]) -> Result<Read> {
        let Unlabelled { dataset, file_of_track, faults } = Unlabelled::read(recordings, &self.source())?;
        let mut outcomes: Vec<Outcome> = recordings
            .iter()
            .map(|recording| (recording.path.clone(), Err("nothing is left of it".to_owned())))
            .collect();
        for (file, reason) in faults {
            outcomes[file].1 = Err(reason);
        }
        Ok(Read { dataset, file_of_track, outcomes })
    }

    /// Data with the embeddings that the model reads, if it reads any, and its examples as the model was fitted to such.
    ///
    /// # Errors
    ///
    /// The user stopped it, or the data has not what the model reads.
    pub fn embedded(&self, dataset: Dataset) -> Result<(Dataset, Inputs)> {
        let dataset = match &self.encoder {
            Some(wanted) => {
                let wanted = std::slice::from_ref(wanted);
                dataset.embedded(wanted, self.cache.as_ref(), &|_| Box::new(Silent))?
            }
            None => dataset,
        };
        let hint = "ask it about data that has what it was fitted to";
        let inputs = self.inputs(&dataset).map_err(|reason| self.refused(&reason, hint))?;
        Ok((dataset, inputs))
    }

    /// The model's scores of some examples, calibrated if it is, shape `(examples, classes)`.
    ///
    /// # Errors
    ///
    /// The user stopped it, or a model that breaks its contract.
    pub fn scores(&self, inputs: &Inputs, observer: &dyn Observer) -> Result<Array2<f32>> {
        let about = &self.saved.about;
        let hint = "train it again";
        let scores = self
            .fitted
            .scores_unless_cancelled(inputs, observer)
            .map_err(|e| self.refused(&e.to_string(), hint))?;
        let expected = (inputs.len(), about.classes.len());
        if scores.dim() != expected || scores.iter().any(|score| !score.is_finite()) {
            return Err(self.refused(&format!("its scores are not {expected:?} finite numbers"), hint));
        }
        Ok(match &about.calibration {
            Some(calibration) => calibration.apply(&scores),
            None => scores,
        })
    }

    /// What the model was fitted to, in a sample.
    pub(super) fn novelty(&self) -> &Novelty {
        &self.saved.novelty
    }

    /// The examples as the model was fitted to such.
    fn inputs(&self, dataset: &Dataset) -> std::result::Result<Inputs, String> {
        let about = &self.saved.about;
        let (columns, values) = match &self.encoder {
            Some(encoder) => {
                let embeddings = dataset.embeddings_of(&encoder.planned)?;
                (&embeddings.columns, &embeddings.table)
            }
            None => (&dataset.columns, &dataset.table),
        };
        let place = |name: &String| {
            columns
                .iter()
                .position(|other| other == name)
                .ok_or_else(|| format!("there is no column `{name}`"))
        };
        let places: Vec<usize> = self.columns.iter().map(place).collect::<std::result::Result<_, _>>()?;
        let rows = dataset.catalogue.examples.len();
        let table =
            Array2::from_shape_fn((rows, places.len()), |(row, column)| values[(row, places[column])]);
        let spectrograms = match about.reads.spectrograms() {
            Some(wanted) => self.saved.scaled(dataset.spectrograms.of(wanted)?)?,
            None => Default::default(),
        };
        Ok(Inputs {
            table: self.saved.standardiser.apply(table.view()),
            columns: Arc::clone(&self.columns),
            spectrograms,
        })
    }

    fn refused(&self, reason: &str, hint: &str) -> Error {
        Error::new(format!("model `{}`", self.saved.about.model), reason, hint)
    }
}

/// Recordings that were read.
struct Read {
    dataset: Option<Dataset>,
    /// For each track the place of its file.
    file_of_track: Vec<usize>,
    /// What could not be read; of the others nothing yet.
    outcomes: Vec<Outcome>,
}
