use super::plain::PLAIN;
use super::{Distribution, KeptFiles, KnownDataset, Labels};
use crate::recordings::lists::Lists;

/// The genre contest of ISMIR 2004, from Magnatune. Folders are of eight genres or none; the six classes of the contest
/// stand in three lists without a header: class, artist, album, track, number, path.
pub const ISMIR04: KnownDataset = KnownDataset {
    key: "ismir04",
    name: "ISMIR04 genre",
    about: "six genres, 729 whole tracks in each of three parts: audio/PART/…/*.mp3, what they are in \
            metadata/PART/tracklist.csv; PART is training, development or evaluation",
    reference: "P. Cano et al., \"ISMIR 2004 audio description contest\", Universitat Pompeu Fabra, MTG-TR-2006-02",
    genres: &["classical", "electronic", "jazz_blues", "metal_punk", "rock_pop", "world"],
    recordings: Some(2187),
    labels: Labels::Metadata { file: "metadata/training/tracklist.csv", column: "class (the first)" },
    lists: Some(Lists::Ismir04),
    segment_names: "PART-FOLDERS-NAME.SEGMENT.mp3",
    split: Some("official"),
    split_is: "the contest's: training trains, development validates, evaluation is tested; in copies without the evaluation \
               part, as most published figures have it, training and development (729 and 729)",
    faults: &[
        "artists of the development part are anonymous, so whether they play in training too is not known: they count as \
         unknown, and --protocol artist leaves that part out",
        "genres are unequal: 320 of 729 are classical, 26 jazz_blues",
        "whole tracks: --segment 30 makes several examples of each, and those longer than 900 s are left out (--max-seconds)",
        "some paths in the lists have an apostrophe where files have `_`: both are found; one of electronic differs \
         otherwise, and is counted",
    ],
    distribution: Distribution {
        size: "not stated (2,187 whole tracks as MP3)",
        licence: "CC BY-NC-SA 1.0",
        source: "zenodo.org/record/1302992",
        gigabytes: 20,
        kept: &[
            KeptFiles { pattern: "audio/training/**/AUDIO", into: "" },
            KeptFiles { pattern: "audio/development/**/AUDIO", into: "" },
            KeptFiles { pattern: "audio/evaluation/**/AUDIO", into: "" },
            KeptFiles { pattern: "metadata/training/tracklist.csv", into: "" },
            KeptFiles { pattern: "metadata/development/tracklist.csv", into: "" },
            KeptFiles { pattern: "metadata/evaluation/tracklist.csv", into: "" },
        ],
        beside: None,
    },
    signs: &[
        "metadata/training/tracklist.csv",
        "metadata/development/tracklist.csv",
        "metadata/evaluation/tracklist.csv",
    ],
    folders: &["ismir04_genre"],
    ..PLAIN
};
