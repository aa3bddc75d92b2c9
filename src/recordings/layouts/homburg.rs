use super::{ARTISTS, Distribution, KeptFiles, KnownDataset, Labels, TABLES};
use crate::recordings::lists::Lists;

/// Homburg: ten seconds each of unsigned musicians. The artist stands in the file's name, before a hyphen.
pub const HOMBURG: KnownDataset = KnownDataset {
    key: "homburg",
    name: "Homburg",
    about: "nine genres of 47 to 504 recordings of 10 s, 1,886 in all: GENRE/ARTIST-TITLE.mp3",
    reference: "H. Homburg, I. Mierswa, B. Möller, K. Morik, M. Wurst, \"A benchmark dataset for audio classification and \
                clustering\", ISMIR 2005",
    genres: &[
        "alternative",
        "blues",
        "electronic",
        "folkcountry",
        "funksoulrnb",
        "jazz",
        "pop",
        "raphiphop",
        "rock",
    ],
    recordings: Some(1886),
    recordings_a_genre: None,
    seconds: Some(10),
    tables: TABLES,
    audio: None,
    images: None,
    artists: Some(ARTISTS),
    labels: Labels::Folder { renamed: &[] },
    lists: Some(Lists::ArtistInName),
    segment_names: "ARTIST-TITLE.SEGMENT.mp3",
    split: None,
    split_is: "none; cross-validation of ten folds is usual: --segment 10 --folds 10. --protocol artist keeps artists apart",
    faults: &[
        "genres are unequal: rock 504, jazz 319, raphiphop 300, folkcountry 222, alternative 145, blues 120, pop 116, \
         electronic 113, funksoulrnb 47",
        "recordings last 10 s: the default of --segment, 30, leaves none",
    ],
    distribution: Distribution {
        size: "not stated (1,886 excerpts of 10 s as MP3)",
        licence: "not stated; distributed by its makers for research",
        source: "www-ai.cs.uni-dortmund.de/audio.html",
        gigabytes: 4,
        kept: &[KeptFiles { pattern: "GENRE/AUDIO", into: "" }],
        beside: None,
    },
    signs: &["folkcountry", "funksoulrnb", "raphiphop"],
    folders: &[],
};
