use super::{ARTISTS, KnownDataset, Labels, TABLES};

/// Whatever else has a folder for every genre, at any depth.
pub const PLAIN: KnownDataset = KnownDataset {
    name: "GENRE/file",
    about: "any folder of audio or images with a folder for every genre, or with features_*_sec.csv",
    reference: "",
    genres: &[],
    recordings_a_genre: None,
    seconds: None,
    tables: TABLES,
    audio: None,
    images: None,
    artists: Some(ARTISTS),
    labels: Labels::Folder { renamed: &[] },
    segment_names: "NAME.SEGMENT.wav",
    split: None,
    signs: &[],
    folders: &[],
};
