use super::{ARTISTS, KnownDataset, Labels, TABLES};

/// The Free Music Archive. Its folders say nothing of genres: track 2 is `000/000002.mp3`, and what it is stands in
/// `fma_metadata/tracks.csv`, whose header has two rows and a third with the name of the index (`features.csv` has one
/// more). `set.split` is the official split.
pub const FMA: KnownDataset = KnownDataset {
    name: "FMA",
    about: "8 to 161 genres, 8,000 to 106,574 recordings: fma_small/000/000002.mp3, genres in fma_metadata/tracks.csv \
            (recognised, not read yet)",
    reference: "M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson, \"FMA: a dataset for music analysis\", 2017",
    genres: &[],
    recordings_a_genre: None,
    seconds: Some(30),
    tables: TABLES,
    audio: None,
    images: None,
    artists: Some(ARTISTS),
    labels: Labels::Metadata {
        file: "fma_metadata/tracks.csv",
        column: "track.genre_top",
        folder: "fma_metadata",
    },
    segment_names: "NNNNNN.SEGMENT.mp3",
    split: None,
    signs: &["fma_metadata", "fma_small", "fma_medium", "fma_large", "fma_full", "000"],
    folders: &["fma_metadata"],
};
