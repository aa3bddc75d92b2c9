use super::{ARTISTS, KnownDataset, Labels, TABLES};

const GENRES: &[&str] =
    &["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"];
const REFERENCE: &str = "G. Tzanetakis, P. Cook, \"Musical genre classification of audio signals\", 2002";

/// GTZAN as most have it: WAV files, images of spectrograms and tables of features.
pub const KAGGLE: KnownDataset = KnownDataset {
    name: "GTZAN (Kaggle copy)",
    about: "ten genres of 100 recordings of 30 s: genres_original/GENRE/*.wav, images_original/GENRE/*.png, features_*_sec.csv",
    reference: REFERENCE,
    genres: GENRES,
    recordings_a_genre: Some(100),
    seconds: Some(30),
    tables: TABLES,
    audio: Some("genres_original"),
    images: Some("images_original"),
    artists: Some(ARTISTS),
    labels: Labels::Folder { renamed: &[] },
    segment_names: "GENRE.NNNNN.SEGMENT.wav",
    split: Some("fault-filtered"),
    signs: &["genres_original", "images_original"],
    folders: &[],
};

/// GTZAN as it was published: AU files.
pub const ORIGINAL: KnownDataset = KnownDataset {
    name: "GTZAN (original)",
    about: "the same ten genres as AU files: genres/GENRE/GENRE.NNNNN.au",
    audio: Some("genres"),
    images: None,
    signs: &["genres/blues"],
    ..KAGGLE
};
