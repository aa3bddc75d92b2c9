//! What the test part gives away to the training part.

use super::Fold;
use crate::dataset::Dataset;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};

/// What the warnings say of each leak.
pub const SAME_TRACK: &str = "have a segment of the same track in the training part";
/// See [`SAME_TRACK`].
pub const DUPLICATES: &str = "have an exact duplicate in the training part";
/// See [`SAME_TRACK`].
pub const SAME_ARTIST: &str = "are by an artist who is in the training part too";

/// Tracks that a warning names one by one.
const MOST_NAMED: usize = 3;

/// Tested examples that a model has in some way seen in training or validation, summed over all folds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leakage {
    /// Tested examples in all.
    pub tested: usize,
    /// Those whose track has another segment in the training or validation part.
    pub same_track: usize,
    /// Those whose features (or samples, pixels) stand there to the last bit under another name.
    pub duplicates: usize,
    /// Those whose artist plays there too; `None` if no artists are known.
    pub same_artist: Option<usize>,
    /// The tracks of the latter by name, where they are few enough to be named.
    pub by_same_artist: Vec<String>,
}

impl Leakage {
    /// Counts the leaks of a split. Tested examples that stand in the validation part themselves are not counted: that is
    /// told of the whole split.
    pub fn count(dataset: &Dataset, folds: &[Fold]) -> Self {
        let rows: Vec<Vec<u8>> =
            (0..dataset.catalogue.examples.len()).map(|example| what_is_there(dataset, example)).collect();
        let track = |e: usize| dataset.catalogue.examples[e].track;
        let artist = |e: usize| dataset.artists.of_track.get(track(e)).copied().flatten();
        let mut leaks = Self { same_artist: (!dataset.artists.is_empty()).then_some(0), ..Self::default() };
        let mut shared = BTreeSet::new();
        for fold in folds {
            let validated = fold.valid.iter().filter(|&&e| !fold.tests(e));
            let seen = || fold.train.iter().chain(validated.clone()).copied();
            let seen_tracks: BTreeSet<usize> = seen().map(track).collect();
            let seen_artists: BTreeSet<usize> = seen().filter_map(artist).collect();
            let seen_rows: HashSet<&[u8]> = seen().map(|e| rows[e].as_slice()).collect();
            let tested = |leaks: &dyn Fn(usize) -> bool| fold.test.iter().filter(|&&e| leaks(e)).count();
            leaks.tested += fold.test.len();
            leaks.same_track += tested(&|e| seen_tracks.contains(&track(e)));
            leaks.duplicates += tested(&|e| !rows[e].is_empty() && seen_rows.contains(rows[e].as_slice()));
            if let Some(count) = &mut leaks.same_artist {
                let is_seen = |e: usize| artist(e).is_some_and(|a| seen_artists.contains(&a));
                *count += tested(&is_seen);
                shared.extend(fold.test.iter().copied().filter(|&e| is_seen(e)).map(track));
            }
        }
        if shared.len() <= MOST_NAMED {
            let names = shared.into_iter().map(|track| dataset.catalogue.tracks[track].clone());
            leaks.by_same_artist = names.collect();
        }
        leaks
    }

    /// What the user must know, one sentence each; empty if nothing leaks.
    pub fn warnings(&self) -> Vec<String> {
        let of_tested = |count: usize| {
            let percent = 100.0 * count as f64 / self.tested.max(1) as f64;
            format!("{count} of {} tested examples ({percent:.1} %)", self.tested)
        };
        let warning = |count: usize, text: &str| (count > 0).then(|| format!("{} {text}", of_tested(count)));
        let same_track = format!(
            "{SAME_TRACK}: this split leaks, scores are too high (--protocol track keeps tracks together)"
        );
        let named = match self.by_same_artist.as_slice() {
            [] => String::new(),
            tracks => format!(": {}", tracks.join(", ")),
        };
        let same_artist = format!("{SAME_ARTIST}{named} (--protocol artist keeps artists apart)");
        [
            warning(self.same_track, &same_track),
            warning(self.duplicates, DUPLICATES),
            warning(self.same_artist.unwrap_or(0), &same_artist),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// What tells examples apart: the row of the table or, where no columns were computed, the digest of samples or pixels.
fn what_is_there(dataset: &Dataset, example: usize) -> Vec<u8> {
    match dataset.contents.get(example) {
        Some(content) => content.to_vec(),
        None => dataset.table.row(example).iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}
