use super::{ARTISTS, Distribution, KeptFiles, KnownDataset, Labels, TABLES};

const GENRES: &[&str] =
    &["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"];
const REFERENCE: &str = "G. Tzanetakis, P. Cook, \"Musical genre classification of audio signals\", 2002";

/// GTZAN as most have it: WAV files, images of spectrograms and tables of features.
pub const KAGGLE: KnownDataset = KnownDataset {
    key: "gtzan",
    name: "GTZAN (Kaggle copy)",
    about: "ten genres of 100 recordings of 30 s: genres_original/GENRE/*.wav, images_original/GENRE/*.png, features_*_sec.csv",
    reference: REFERENCE,
    genres: GENRES,
    recordings: Some(1000),
    recordings_a_genre: Some(100),
    seconds: Some(30),
    tables: TABLES,
    audio: Some("genres_original"),
    images: Some("images_original"),
    artists: Some(ARTISTS),
    labels: Labels::Folder { renamed: &[] },
    lists: None,
    segment_names: "GENRE.NNNNN.SEGMENT.wav",
    split: Some("fault-filtered"),
    split_is: "none by its makers; --protocol fault-filtered is the partition of Kereliuk, Sturm and Larsen (2015) without \
               known faults: 443 train, 197 valid, 290 test",
    faults: &[
        "B. L. Sturm (2013) found by listening that recordings are there twice, are by the same artist as others of the \
         genre, mislabelled or distorted; --protocol fault-filtered leaves these out, `bench data audit` finds the repeated",
        "reggae.00086 is mostly noise",
        "jazz.00054 cannot be read in many copies, and has no image in the Kaggle copy",
    ],
    distribution: Distribution {
        size: "1.2 GB",
        licence: "none: recordings were taken from CDs and radio without permission",
        source: "public copies, such as `andradaolteanu/gtzan-dataset-music-genre-classification` on Kaggle (ZIP), or the \
                 original genres.tar.gz",
        gigabytes: 4,
        kept: &[
            KeptFiles { pattern: "features_30_sec.csv", into: "" },
            KeptFiles { pattern: "features_10_sec.csv", into: "" },
            KeptFiles { pattern: "features_3_sec.csv", into: "" },
            KeptFiles { pattern: "GENRE/AUDIO", into: "genres_original" },
            KeptFiles { pattern: "GENRE/*.png", into: "images_original" },
        ],
        beside: None,
    },
    signs: &["genres_original", "images_original"],
    folders: &[],
};

/// GTZAN as it was published: AU files.
pub const ORIGINAL: KnownDataset = KnownDataset {
    key: "gtzan-original",
    name: "GTZAN (original)",
    about: "the same ten genres as AU files: genres/GENRE/GENRE.NNNNN.au",
    audio: Some("genres"),
    images: None,
    // `bench data fetch gtzan` unpacks both.
    distribution: Distribution { kept: &[], ..KAGGLE.distribution },
    signs: &["genres/blues"],
    ..KAGGLE
};
