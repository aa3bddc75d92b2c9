use crate::audio::deform::Deformation;
use crate::audio::{Limits, RATE, wav};
use crate::dataset::{Dataset, SourceFile};
use crate::error::{Error, Result};
use crate::experiment::predict::{Predicted, Predictor};
use crate::features::cache::Cache;
use crate::recordings::{Recording, find};
use crate::util::write_whole;
use genre_bench_api::{Silent, random_stream};
use rand::RngCore;
use rayon::prelude::*;
use std::path::PathBuf;
use tempfile::TempDir;

/// Tracks that are deformed and asked about together: memory holds their features.
pub(super) const TOGETHER: usize = 32;

/// A track that is deformed.
pub(super) struct Track {
    file: SourceFile,
    name: String,
    /// Its examples by their places among those that are tested, and where they start in seconds.
    examples: Vec<(usize, f64)>,
}

impl Track {
    /// The tracks of some examples.
    ///
    /// # Errors
    ///
    /// There are no recordings of them.
    pub fn all(dataset: &Dataset, tested: &[usize], subject: &str) -> Result<Vec<Self>> {
        let mut tracks: Vec<Self> = Vec::new();
        for (place, &example) in tested.iter().enumerate() {
            let file = dataset.source_of(example).map(|source| &source.file);
            let Some(file) = file.filter(|file| !matches!(file, SourceFile::Image(_))) else {
                let reason = "there are no recordings of its examples to deform";
                return Err(Error::new(subject, reason, "data with audio: a folder of GENRE/file"));
            };
            let example_of = (place, dataset.seconds_of(example).0);
            match tracks.iter_mut().find(|track| track.file == *file) {
                Some(track) => track.examples.push(example_of),
                None => {
                    let catalogue = &dataset.catalogue;
                    let name = catalogue.tracks[catalogue.examples[example].track].clone();
                    tracks.push(Self { file: file.clone(), name, examples: vec![example_of] });
                }
            }
        }
        Ok(tracks)
    }

    /// Its samples, and the seed of its noise: its own, whatever the fold.
    pub fn samples(&self, limits: &Limits, seed: u64, subject: &str) -> Result<(Vec<f32>, u64)> {
        let samples = self.file.samples(RATE, limits);
        let samples =
            samples.map_err(|reason| Error::new(subject, reason, "is the data still where it was?"))?;
        Ok((samples, random_stream(seed, &format!("deformation of {}", self.name)).next_u64()))
    }

    /// The scores of its examples, by their places.
    ///
    /// # Errors
    ///
    /// Why it has none: what could not be read, or an example that is no segment of what was read.
    pub fn scores(
        &self,
        said: std::result::Result<Predicted, String>,
    ) -> std::result::Result<Vec<(usize, Vec<f32>)>, String> {
        let said = said?;
        let scores_at = |start: f64| {
            let segment = said.segments.iter().find(|segment| (segment.start - start).abs() < 1e-3);
            segment
                .map(|segment| segment.scores.clone())
                .ok_or_else(|| format!("nothing is left at {start} s"))
        };
        self.examples.iter().map(|&(place, start)| Ok((place, scores_at(start)?))).collect()
    }
}

/// Where deformed tracks are written, to be read as any others; it goes away with it.
pub(super) struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Result<Self> {
        tempfile::tempdir().map(Self).map_err(|e| Error::new("the temporary folder", e, "set TMPDIR"))
    }

    /// Features of a deformed track are computed once for all models.
    pub fn cache(&self) -> Cache {
        Cache::within(&self.0.path().join("cache"))
    }

    /// Samples deformed, in their order.
    ///
    /// # Errors
    ///
    /// There is no room for them.
    pub fn deformed(&self, samples: &[(Vec<f32>, u64)], deformation: Deformation) -> Result<Deformed> {
        let write =
            |(place, (samples, seed)): (usize, &(Vec<f32>, u64))| match deformation.apply(samples, *seed) {
                Err(reason) => Ok(Err(reason.to_string())),
                Ok(samples) => {
                    let path = self.0.path().join(format!("{place:03}.wav"));
                    write_whole(&path, &wav::file(&samples, RATE))
                        .map(|()| Ok(path))
                        .map_err(|e| Error::new("the temporary folder", e, "make room, or set TMPDIR"))
                }
            };
        let files: Vec<std::result::Result<PathBuf, String>> =
            samples.par_iter().enumerate().map(write).collect::<Result<_>>()?;
        let recordings = find(&files.iter().flatten().cloned().collect::<Vec<_>>())?;
        Ok(Deformed { recordings, failed: files.into_iter().map(std::result::Result::err).collect() })
    }
}

/// Tracks that were deformed.
pub(super) struct Deformed {
    /// Those that could be, in their order.
    recordings: Vec<Recording>,
    /// Why one could not be.
    failed: Vec<Option<String>>,
}

impl Deformed {
    /// What a model says of each track.
    ///
    /// # Errors
    ///
    /// As [`Predictor::predict`].
    pub fn asked(&self, predictor: &Predictor) -> Result<Vec<std::result::Result<Predicted, String>>> {
        let mut said = predictor.predict(&self.recordings, &Silent)?.into_iter().map(|(_, said)| said);
        let one = |failed: &Option<String>| match failed {
            Some(reason) => Err(reason.clone()),
            None => said.next().unwrap_or_else(|| Err("nothing was said of it".to_owned())),
        };
        Ok(self.failed.iter().map(one).collect())
    }
}
