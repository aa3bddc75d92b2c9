use super::{ARTISTS, Distribution, KeptFiles, KnownDataset, Labels, TABLES, TableFile};
use crate::recordings::lists::Lists;

/// The 16 top genres, of which `fma_small` has eight.
const TOP_GENRES: &[&str] = &[
    "Blues",
    "Classical",
    "Country",
    "Easy Listening",
    "Electronic",
    "Experimental",
    "Folk",
    "Hip-Hop",
    "Instrumental",
    "International",
    "Jazz",
    "Old-Time / Historic",
    "Pop",
    "Rock",
    "Soul-RnB",
    "Spoken",
];

const LICENCE: &str =
    "metadata CC BY 4.0; each track under the Creative Commons licence that its artist chose";
const SOURCE: &str =
    "github.com/mdeff/fma links fma_metadata.zip (342 MiB) and the archives of audio, with their SHA-1";
const FULL_LENGTH: &str = "features.csv was computed from whole tracks, the audio of small, medium and large is 30 s from the \
                           middle of each: scores of the two are not of the same input";
const SHORT: &str = "lengths in the metadata are wrong, so that some excerpts have less than 30 s or no sound: 98565 (1.6 s), \
                     98567 (0.5 s), 98569 (1.5 s), 99134, 108925 and 133297 (0 s)";
const SHORT_OF_MEDIUM: &str = "and in medium and large 98566 (6.2 s), 98568 (6.6 s), 108924 (27.4 s), 1486, 5574, 65753, 80391, \
                               98558, 98559, 98560, 98571, 105247, 126981, 127336 and 143992 (0 s)";
const ONE_GENRE: &str = "more than half of all tracks (53 %) have no top genre, because they have several or none: they are left out";

/// What is kept of the archives: the audio that a pattern names, and two tables of the metadata.
const fn kept(audio: &'static str) -> [KeptFiles; 3] {
    [
        KeptFiles { pattern: audio, into: "" },
        KeptFiles { pattern: "tracks.csv", into: "fma_metadata" },
        KeptFiles { pattern: "features.csv", into: "fma_metadata" },
    ]
}

/// The small set of the Free Music Archive. Its folders say nothing of genres: track 2 is `000/000002.mp3`, and what it is
/// stands in `fma_metadata/tracks.csv`, whose header has two rows and a third with the name of the index
/// (`features.csv` has one more).
pub const SMALL: KnownDataset = KnownDataset {
    key: "fma-small",
    name: "FMA small",
    about: "eight genres of 1,000 recordings of 30 s: fma_small/000/000002.mp3, what they are in fma_metadata/tracks.csv, \
            518 features each in fma_metadata/features.csv",
    reference: "M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson, \"FMA: a dataset for music analysis\", 2017",
    genres: &[
        "Electronic",
        "Experimental",
        "Folk",
        "Hip-Hop",
        "Instrumental",
        "International",
        "Pop",
        "Rock",
    ],
    recordings: Some(8000),
    recordings_a_genre: None,
    seconds: Some(30),
    tables: &[TABLES[0], TABLES[1], TABLES[2], TableFile { file: "fma_metadata/features.csv", seconds: 30 }],
    audio: Some("fma_small"),
    images: None,
    artists: Some(ARTISTS),
    labels: Labels::Metadata { file: "fma_metadata/tracks.csv", column: "track.genre_top" },
    lists: Some(Lists::FmaTracks { subsets: &["small"] }),
    segment_names: "NNNNNN.SEGMENT.mp3",
    split: Some("official"),
    split_is: "column set.split of tracks.csv: 80/10/10 of every genre (6,400, 800 and 800), artists apart",
    faults: &[SHORT, FULL_LENGTH],
    distribution: Distribution {
        size: "7.2 GiB, and 342 MiB of metadata",
        licence: LICENCE,
        source: SOURCE,
        gigabytes: 12,
        kept: &kept("fma_small/*/AUDIO"),
        beside: Some("fma_metadata.zip"),
    },
    signs: &["fma_small", "fma_metadata", "000"],
    folders: &["fma_small", "fma_metadata"],
};

/// The medium set.
pub const MEDIUM: KnownDataset = KnownDataset {
    key: "fma-medium",
    name: "FMA medium",
    about: "16 unequal genres, 25,000 recordings of 30 s: as FMA small, in fma_medium",
    genres: TOP_GENRES,
    recordings: Some(25_000),
    audio: Some("fma_medium"),
    lists: Some(Lists::FmaTracks { subsets: &["small", "medium"] }),
    split_is: "column set.split of tracks.csv: 80/10/10 of every genre, artists apart",
    faults: &[SHORT, SHORT_OF_MEDIUM, FULL_LENGTH],
    distribution: Distribution {
        size: "22 GiB, and 342 MiB of metadata",
        gigabytes: 35,
        kept: &kept("fma_medium/*/AUDIO"),
        ..SMALL.distribution
    },
    signs: &["fma_medium"],
    folders: &["fma_medium"],
    ..SMALL
};

/// All tracks, 30 s of each.
pub const LARGE: KnownDataset = KnownDataset {
    key: "fma-large",
    name: "FMA large",
    about: "106,574 recordings of 30 s, those with one of 16 top genres: as FMA small, in fma_large",
    recordings: Some(106_574),
    audio: Some("fma_large"),
    lists: Some(Lists::FmaTracks { subsets: &["small", "medium", "large"] }),
    faults: &[ONE_GENRE, SHORT, SHORT_OF_MEDIUM, FULL_LENGTH],
    distribution: Distribution {
        size: "93 GiB, and 342 MiB of metadata",
        gigabytes: 120,
        kept: &kept("fma_large/*/AUDIO"),
        ..SMALL.distribution
    },
    signs: &["fma_large"],
    folders: &["fma_large"],
    ..MEDIUM
};

/// All tracks as they are.
pub const FULL: KnownDataset = KnownDataset {
    key: "fma-full",
    name: "FMA full",
    about: "106,574 whole tracks, those with one of 16 top genres: as FMA small, in fma_full",
    seconds: None,
    audio: Some("fma_full"),
    faults: &[ONE_GENRE, "of the 106,574 files 105,637 differ: some tracks are there twice"],
    distribution: Distribution {
        size: "879 GiB, and 342 MiB of metadata",
        gigabytes: 1100,
        kept: &kept("fma_full/*/AUDIO"),
        ..SMALL.distribution
    },
    signs: &["fma_full"],
    folders: &["fma_full"],
    ..LARGE
};
