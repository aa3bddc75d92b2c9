//! Some of a dataset's examples.

use super::Dataset;
use super::assemble::Joined;
use super::catalogue::{Catalogue, Example, numbered};
use super::embeddings::Embeddings;
use super::fingerprint::fingerprint;
use ndarray::Axis;

impl Dataset {
    /// The dataset of the examples at `kept`, ascending, with the tracks and classes that are left.
    pub(super) fn select(mut self, kept: &[usize]) -> Self {
        let Catalogue { examples, tracks, classes, .. } = &self.catalogue;
        let table = self.table.select(Axis(0), kept);
        let (new_tracks, track_of) = numbered(kept.iter().map(|&e| tracks[examples[e].track].as_str()));
        let (new_classes, label_of) = numbered(kept.iter().map(|&e| classes[examples[e].label].as_str()));
        let renumbered = kept.iter().zip(track_of).zip(label_of);
        let mut stays = vec![false; tracks.len()];
        kept.iter().for_each(|&e| stays[examples[e].track] = true);
        let examples: Vec<Example> =
            renumbered.map(|((&e, track), label)| Example { track, label, ..examples[e].clone() }).collect();
        for of_track in [&mut self.artists.of_track, &mut self.artists.test_fold] {
            let mut stays = stays.iter();
            of_track.retain(|_| stays.next() == Some(&true));
        }
        let artists = match self.artists.is_empty() {
            true => Vec::new(),
            false => self.artists.of_track.clone(),
        };
        let catalogue = Catalogue { examples, tracks: new_tracks, classes: new_classes, artists };
        self.info.examples = catalogue.examples.len();
        self.info.tracks = catalogue.tracks.len();
        self.info.classes = catalogue.classes.clone();
        let contents: Vec<[u8; 32]> = some(&self.contents, kept);
        self.info.fingerprint = fingerprint(&self.columns, &table, &contents, &catalogue);
        let joined = self.joined.map(|joined| joined.select(kept));
        self.info.spectrograms = joined.as_ref().map(Joined::info);
        let embeddings = self.embeddings.into_iter().map(|(identity, embeddings)| {
            let selected = embeddings.map(|Embeddings { columns, table }| Embeddings {
                table: table.select(Axis(0), kept),
                columns,
            });
            (identity, selected)
        });
        Self {
            parts: some(&self.parts, kept),
            sources: some(&self.sources, kept),
            spectrograms: self.spectrograms.select(kept),
            embeddings: embeddings.collect(),
            table,
            contents,
            joined,
            catalogue,
            ..self
        }
    }
}

/// Those at `kept` of what is known of all examples, or of none.
fn some<T: Clone>(all: &[T], kept: &[usize]) -> Vec<T> {
    if all.is_empty() { Vec::new() } else { kept.iter().map(|&at| all[at].clone()).collect() }
}
