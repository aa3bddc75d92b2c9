//! A fitted model in a folder, with everything that it takes to ask it about other recordings.
//!
//! ```text
//! DIR/model.json          what it is: model, hyper-parameters, what it reads, classes, what it was fitted to, its scores
//! DIR/model.safetensors   its numbers, those of the standardiser, and a sample of what it was fitted to
//! ```
//!
//! Nothing in it is executed. Who reads it checks everything: a folder may come from a stranger.

mod about;
mod arrays;
mod novelty;

pub use about::{About, FittedTo, HeldOutScore};
pub use novelty::{Novelty, NoveltyThresholds, TrackNovelty};

use super::execute::Measured;
use super::parts::FoldParts;
use super::{Cell, Job, Made, Standardiser};
use crate::error::{Error, Result};
use crate::util::{read_regular, write_whole};
use genre_bench_api::{Device, Fitted, Loading, Model, Spectrograms, State};
use ndarray::Array2;
use std::path::{Path, PathBuf};

const ABOUT: &str = "model.json";
const ARRAYS: &str = "model.safetensors";
/// Larger files are refused: no description is as long, no model of this program as large.
const MOST_ABOUT: u64 = 16 << 20;
const MOST_ARRAYS: u64 = 4 << 30;

/// Names of what is in [`ARRAYS`].
const MODEL: &str = "model";
const STANDARDISER: &str = "standardiser";
const ROW_MEAN: &str = "spectrograms/mean";
const ROW_DEVIATION: &str = "spectrograms/deviation";
const NOVELTY: &str = "novelty";

/// A fitted model with what surrounds it.
pub struct SavedModel {
    /// What it is.
    pub about: About,
    /// What brings columns of the table to mean 0 and standard deviation 1.
    pub standardiser: Standardiser,
    /// The same of the rows of spectrograms: what is subtracted, and what it is divided by then; none where it reads no
    /// spectrograms.
    pub scaling: Vec<(f32, f32)>,
    /// What it was fitted to, in a sample.
    pub novelty: Novelty,
    /// The model in numbers.
    pub state: State,
}

impl SavedModel {
    /// The model of a cell that was just fitted.
    ///
    /// # Errors
    ///
    /// A model that cannot be saved.
    pub(super) fn of(job: &Job, cell: Cell, parts: &FoldParts, measured: &Measured) -> Result<Self> {
        let (plan, planned) = (job.plan, &job.plan.models[cell.model]);
        let state = measured.fitted.save().map_err(|e| {
            Error::new(format!("model `{}`", planned.name), e, "its plugin must implement `Fitted::save`")
        })?;
        let fold = &job.split.folds[cell.fold];
        let shape = parts.train.inputs.spectrograms.shape();
        // A table that the model does not read need not be computed for it.
        let (columns, standardiser) = match planned.reads.table() {
            true => (parts.train.inputs.columns.to_vec(), parts.standardiser.clone()),
            false => (Vec::new(), Standardiser::fit(Array2::zeros((1, 0)).view())),
        };
        let calibration = measured.record.calibrated.as_ref().map(|c| c.calibration.clone());
        let on_valid = measured.on_valid.as_ref().zip(calibration.as_ref());
        let on_valid = on_valid.map(|(scores, calibration)| calibration.apply(scores));
        let novelty = Novelty::fit(&parts.train, &parts.valid, planned.reads.table(), on_valid.as_ref());
        Ok(Self {
            about: About {
                format: About::FORMAT,
                program: plan.program.clone(),
                made: Some(Box::new(Made::here(job.resources.jobs, job.resources.threads))),
                model: planned.own_name().to_owned(),
                params: planned.params_on(cell.fold).clone(),
                reads: planned.reads,
                encoder: planned.encoder.clone(),
                columns,
                spectrogram: if parts.scaling.is_empty() { (0, 0) } else { shape },
                spectrogram_size: plan.conditions.spectrogram_size,
                spectrograms_from: job.dataset.spectrograms_from(),
                classes: parts.train.classes.to_vec(),
                calibration,
                novelty: novelty.thresholds,
                fitted_to: FittedTo {
                    dataset: plan.dataset.clone(),
                    protocol: plan.protocol.clone(),
                    split_hash: plan.split_hash.clone(),
                    part: match fold.test.is_empty() {
                        true => "everything".to_owned(),
                        false => format!("the training part of {}", fold.name()),
                    },
                    examples: fold.train.len(),
                    seed: plan.cell_seed(cell),
                },
                evaluation: None,
                sha256: String::new(),
            },
            standardiser,
            scaling: parts.scaling.clone(),
            novelty,
            state,
        })
    }

    /// Writes it into a folder, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// The folder holds something else, or cannot be written to.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let hint = "name another folder, or make room";
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |e: std::io::Error| Error::unwritable(&path, &e, hint)
        };
        let about = folder.join(ABOUT);
        let held_something = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        if held_something && !about.is_file() {
            let reason = "the folder holds something else than a saved model";
            return Err(Error::at(folder, reason, "name an empty folder or a new one"));
        }
        let (mean, deviation): (Vec<f32>, Vec<f32>) = self.scaling.iter().copied().unzip();
        let all = State::default()
            .with_nested(MODEL, self.state.clone())
            .with_nested(STANDARDISER, self.standardiser.save())
            .with(ROW_MEAN, ndarray::Array1::from(mean))
            .with(ROW_DEVIATION, ndarray::Array1::from(deviation))
            .with_nested(NOVELTY, self.novelty.save());
        let bytes = arrays::to_safetensors(&all)?;
        let described = self.about.to_json(&bytes)?;
        std::fs::create_dir_all(folder).map_err(unwritable(folder))?;
        // What a model was before is gone first, so that no description stands beside another's numbers.
        if about.is_file() {
            std::fs::remove_file(&about).map_err(unwritable(&about))?;
        }
        let arrays = folder.join(ARRAYS);
        write_whole(&arrays, &bytes).map_err(unwritable(&arrays))?;
        write_whole(&about, described.as_bytes()).map_err(unwritable(&about))
    }

    /// Writes it into a folder of its own that several may be writing at a time: all of them write the same.
    ///
    /// # Errors
    ///
    /// As [`SavedModel::write`].
    pub(super) fn write_once(&self, folder: &Path) -> Result<()> {
        let hint = "name another folder, or make room";
        let parent = folder.parent().unwrap_or(folder);
        let unwritable = |e: std::io::Error| Error::unwritable(folder, &e, hint);
        std::fs::create_dir_all(parent).map_err(unwritable)?;
        let aside = tempfile::Builder::new().prefix(".writing-").tempdir_in(parent).map_err(unwritable)?;
        let whole = aside.path().join("model");
        self.write(&whole)?;
        match std::fs::rename(&whole, folder) {
            // Another was faster.
            Err(_) if Self::read(folder).is_ok() => Ok(()),
            Err(_) => self.write(folder),
            Ok(()) => Ok(()),
        }
    }

    /// Reads what [`SavedModel::write`] wrote.
    ///
    /// # Errors
    ///
    /// There is no such folder, it was saved by another version in a way that this one does not read, or something in it is not as
    /// it should be.
    pub fn read(folder: &Path) -> Result<Self> {
        let place = |name: &str| -> PathBuf { folder.join(name) };
        let hint = "name a folder that `bench train --save DIR` or --keep-models made";
        let read =
            |name: &str, most| read_regular(&place(name), most).map_err(|e| Error::at(&place(name), e, hint));
        let text = read(ABOUT, MOST_ABOUT)?;
        let about = About::from_json(&text).map_err(|reason| Error::at(&place(ABOUT), reason, hint))?;
        let bytes = read(ARRAYS, MOST_ARRAYS)?;
        let broken = |reason: String| Error::at(&place(ARRAYS), reason, "save the model again");
        if !about.is_beside(&text, &bytes) {
            let reason = format!("it or {ABOUT} is not what was saved: their SHA-256 is another");
            return Err(broken(reason));
        }
        let mut all = arrays::from_safetensors(&bytes).map_err(&broken)?;
        drop(bytes);
        let broken = |e: genre_bench_api::Error| broken(e.to_string());
        let state = all.take_nested(MODEL);
        let standardiser =
            Standardiser::load(all.take_nested(STANDARDISER), about.columns.len()).map_err(broken)?;
        let rows = about.spectrogram.0;
        let mean: ndarray::Array1<f32> = all.take(ROW_MEAN, [rows]).map_err(broken)?;
        let deviation: ndarray::Array1<f32> = all.take(ROW_DEVIATION, [rows]).map_err(broken)?;
        let novelty = Novelty::load(all.take_nested(NOVELTY), about.novelty).map_err(broken)?;
        all.end().map_err(broken)?;
        if deviation.iter().any(|deviation| *deviation <= 0.0) {
            return Err(broken(genre_bench_api::Error::failed(
                "rows of spectrograms are divided by what is not above 0",
            )));
        }
        Ok(Self { about, standardiser, scaling: mean.into_iter().zip(deviation).collect(), novelty, state })
    }

    /// The model, to be asked for scores. Its numbers are handed over to it and not held twice, so this is for once.
    ///
    /// # Errors
    ///
    /// Its numbers or hyper-parameters are none of this model's.
    pub fn load(
        &mut self,
        model: &dyn Model,
        device: Device,
        threads: usize,
    ) -> genre_bench_api::Result<Box<dyn Fitted>> {
        let about = &self.about;
        let loading = Loading {
            params: model.card().admits(&about.params)?,
            columns: about.columns.len(),
            spectrogram: about.spectrogram,
            classes: about.classes.len(),
            threads,
            device,
        };
        model.load(std::mem::take(&mut self.state), &loading)
    }

    /// Spectrograms as the model was fitted to them.
    ///
    /// # Errors
    ///
    /// They are of another size.
    pub fn scaled(&self, spectrograms: &Spectrograms) -> std::result::Result<Spectrograms, String> {
        let (wanted, given) = (self.about.spectrogram, spectrograms.shape());
        spectrograms.scaled(&self.scaling).filter(|_| wanted == given).ok_or_else(|| {
            format!(
                "spectrograms of {}x{}, where the model reads {}x{}",
                given.0, given.1, wanted.0, wanted.1
            )
        })
    }
}
