use super::plain::PLAIN;
use super::{Distribution, KeptFiles, KnownDataset, Labels};
use crate::recordings::lists::Lists;

/// The genre tags of MTG-Jamendo. Most tracks have several; those with one are used, in genres that each part of the
/// split has.
pub const JAMENDO: KnownDataset = KnownDataset {
    key: "mtg-jamendo",
    name: "MTG-Jamendo genre",
    about: "55,215 whole tracks with some of 95 genre tags, those with one tag: NN/ID.mp3, tags in data/autotagging_genre.tsv",
    reference: "D. Bogdanov, M. Won, P. Tovstogan, A. Porter, X. Serra, \"The MTG-Jamendo dataset for automatic music \
                tagging\", ICML 2019 (Machine Learning for Music Discovery)",
    genres: &[],
    recordings: Some(55_215),
    labels: Labels::Metadata { file: "data/autotagging_genre.tsv", column: "TAGS" },
    lists: Some(Lists::JamendoGenre),
    segment_names: "ID.SEGMENT.mp3",
    split: Some("official"),
    split_is: "split-0 of the five in data/splits (autotagging_genre-train.tsv, -validation.tsv, -test.tsv), the one of the \
               published baselines",
    faults: &[
        "made for several tags a track: tracks with more than one genre tag are left out, and so are genres that are the only \
         tag of no track in one of the three parts; both are counted in a note. Scores are not those of the tagging task",
        "tags were given by those who uploaded the tracks",
        "whole tracks: --segment 30 makes several examples of each, and those longer than 900 s are left out (--max-seconds)",
    ],
    distribution: Distribution {
        size: "508 GB in 100 archives, less at a lower bit rate (audio-low)",
        licence: "metadata CC BY-NC-SA 4.0; each track under a Creative Commons licence, in audio_licenses.txt",
        source: "github.com/MTG/mtg-jamendo-dataset: its ZIP has the tags and splits, scripts/download/download.py gets the audio",
        gigabytes: 700,
        kept: &[
            KeptFiles { pattern: "data/autotagging_genre.tsv", into: "" },
            KeptFiles { pattern: "data/splits/split-?/autotagging_genre-*.tsv", into: "" },
            KeptFiles { pattern: "??/AUDIO", into: "" },
        ],
        beside: None,
    },
    signs: &["data/autotagging_genre.tsv", "autotagging_genre.tsv"],
    folders: &["mtg-jamendo-dataset"],
    ..PLAIN
};
