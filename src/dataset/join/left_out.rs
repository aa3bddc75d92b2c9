//! What joining leaves out, told by reason and by name.

use super::super::assemble::ExampleFacts;
use super::super::audio::SHOWN_FAULTS;
use std::collections::{BTreeMap, BTreeSet};

/// Why a row has no counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Its track has no file, or none that can be used.
    NoFile,
    /// The files of its track lie in the folder of another genre.
    OtherGenre,
    /// The file has no such segment.
    NoSegment,
    /// It is one of several of its track, and nothing says which segment it is.
    NoNumber,
}

/// Rows that were left out: how many for each reason, and of which tracks.
#[derive(Default)]
pub(super) struct LeftOut(BTreeMap<Reason, (usize, BTreeSet<String>)>);

impl LeftOut {
    pub fn add(&mut self, reason: Reason, row: &ExampleFacts) {
        let (count, tracks) = self.0.entry(reason).or_default();
        *count += 1;
        tracks.extend(row.track.clone());
    }

    /// A sentence for each reason; `word` is what the files are called.
    pub fn notes(&self, word: &str) -> Vec<String> {
        let because = |reason: &Reason| match reason {
            Reason::NoFile => format!("there are no {word} of their tracks that can be used"),
            Reason::OtherGenre => {
                format!("their {word} lie in the folder of another genre than the table says")
            }
            Reason::NoSegment => format!("their {word} have no such segment"),
            Reason::NoNumber => {
                "their tracks have several, and nothing says which segment is which".to_owned()
            }
        };
        let note = |(reason, (count, tracks)): (&Reason, &(usize, BTreeSet<String>))| {
            named(tracks, *count, &format!("examples left out for all models, because {}", because(reason)))
        };
        self.0.iter().filter_map(note).collect()
    }
}

/// How many there are of what is said, with the first names; nothing if there are none.
pub(super) fn named(tracks: &BTreeSet<String>, count: usize, said: &str) -> Option<String> {
    let first: Vec<&str> = tracks.iter().take(SHOWN_FAULTS).map(String::as_str).collect();
    let more = match tracks.len() - first.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (count > 0).then(|| format!("{said}: {count} ({}{more})", first.join(", ")))
}
