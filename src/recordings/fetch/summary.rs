//! What a fetched copy of a dataset holds, and what the full one has beside it.

use crate::recordings::layouts::KnownDataset;
use crate::recordings::names::dotted;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What was unpacked, by kind.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Files of audio.
    pub audio_files: usize,
    /// Spectrograms.
    pub image_files: usize,
    /// Feature tables, and lists of the dataset's own, by their places.
    pub tables: BTreeSet<String>,
    /// Names of the recordings there is audio of, by genre, where folders are genres; every genre has an entry then.
    pub recordings: BTreeMap<&'static str, BTreeSet<String>>,
    /// Bytes of all files.
    pub bytes: u64,
    /// What was in the archive and not kept.
    pub left_out: LeftOut,
}

/// Entries of an archive that were not kept.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// `__MACOSX`, `._*`, `.DS_Store`.
    pub junk: usize,
    /// Links, devices and the like, which are never unpacked.
    pub links_and_devices: u64,
    /// Files the suite does not read.
    pub others: usize,
    /// The first few of [`LeftOut::others`], as they are called in the archive.
    pub examples: Vec<String>,
}

impl Contents {
    /// Nothing yet, of every genre.
    pub fn new(dataset: &KnownDataset) -> Self {
        let genres = if dataset.is_labelled_by_folder() { dataset.genres } else { &[] };
        Self { recordings: genres.iter().map(|genre| (*genre, BTreeSet::new())).collect(), ..Self::default() }
    }

    /// Counts a file of audio.
    pub fn audio(&mut self, genre: &'static str, name: &str) {
        self.audio_files += 1;
        if let Some(recordings) = self.recordings.get_mut(genre) {
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            recordings.insert(dotted(genre, stem));
        }
    }

    /// Counts a file that the suite does not read.
    pub fn other(&mut self, path: &[String]) {
        self.left_out.others += 1;
        if self.left_out.examples.len() < 5 {
            self.left_out.examples.push(path.join("/"));
        }
    }

    /// Recordings of the full dataset that there is no audio of, where they are numbered.
    pub fn missing(&self, dataset: &KnownDataset) -> Vec<String> {
        (self.recordings.iter())
            .flat_map(|(genre, there)| {
                let full = (0..dataset.recordings_a_genre.unwrap_or(0))
                    .map(move |number| format!("{genre}.{number:05}"));
                full.filter(|recording| !there.contains(recording))
            })
            .collect()
    }
}
