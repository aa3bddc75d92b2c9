//! Recordings of which nobody says what they are.

use super::audio::{ReadAudio, read};
use super::source::Source;
use super::{Dataset, DatasetParts, audio};
use crate::error::Result;
use crate::recordings::Recording;
use std::path::Path;

/// What recordings come to that are to be asked about.
pub struct Unlabelled {
    /// Their examples, each file a track; none where not one file could be used.
    pub dataset: Option<Dataset>,
    /// For each track of it the place of its file among the recordings.
    pub file_of_track: Vec<usize>,
    /// The files that could not be used, by their place among the recordings, and why.
    pub faults: Vec<(usize, String)>,
}

impl Unlabelled {
    /// Reads recordings as a dataset is read, so that a model gets the same of the same samples.
    ///
    /// # Errors
    ///
    /// A source that makes no sense.
    pub fn read(recordings: &[Recording], source: &Source) -> Result<Self> {
        let ReadAudio { parts, faults, .. } = read(Path::new(""), recordings, source, &|_, _| ())?;
        let Some(mut parts) = parts else {
            return Ok(Self { dataset: None, file_of_track: Vec::new(), faults });
        };
        // Names of two files may be the same; their places are not. With leading zeros, so that their order is the files'.
        let place = |path: &Path| recordings.iter().position(|recording| recording.path == path);
        for example in &mut parts.examples {
            let file = example.source.as_ref().and_then(|source| source.path()).and_then(place);
            example.genre.clear();
            example.track = file.map(|file| format!("{file:09}"));
            example.name = None;
        }
        let seconds = source.seconds.unwrap_or(audio::DEFAULT_SECONDS);
        let dataset = DatasetParts::of_any_classes(parts, Path::new("recordings"), Some(seconds))?;
        let file_of_track = dataset.catalogue.tracks.iter().map(|track| track.parse().unwrap_or_default());
        Ok(Self { file_of_track: file_of_track.collect(), dataset: Some(dataset), faults })
    }
}
