use super::{ARTISTS, Distribution, KnownDataset, Labels, TABLES};

/// Whatever else has a folder for every genre, at any depth.
pub const PLAIN: KnownDataset = KnownDataset {
    key: "",
    name: "GENRE/file",
    about: "any folder of audio or images with a folder for every genre, or with features_*_sec.csv",
    reference: "",
    genres: &[],
    recordings: None,
    recordings_a_genre: None,
    seconds: None,
    tables: TABLES,
    audio: None,
    images: None,
    artists: Some(ARTISTS),
    labels: Labels::Folder { renamed: &[] },
    lists: None,
    segment_names: "NAME.SEGMENT.wav",
    split: None,
    split_is: "",
    faults: &[],
    distribution: Distribution { size: "", licence: "", source: "", gigabytes: 4, kept: &[], beside: None },
    signs: &[],
    folders: &[],
};
