use super::{ARTISTS, Distribution, KeptFiles, KnownDataset, Labels, TABLES};
use crate::recordings::lists::Lists;

/// Ballroom: dances as genres. Rumba lies in three folders and counts as one.
pub const BALLROOM: KnownDataset = KnownDataset {
    key: "ballroom",
    name: "Ballroom",
    about: "eight dances, 698 recordings of 30 s: BallroomData/DANCE/*.wav and a list of them, allBallroomFiles",
    reference: "F. Gouyon et al., \"An experimental comparison of audio tempo induction algorithms\", 2006",
    genres: &["ChaChaCha", "Jive", "Quickstep", "Rumba", "Samba", "Tango", "VienneseWaltz", "Waltz"],
    recordings: Some(698),
    recordings_a_genre: None,
    seconds: Some(30),
    tables: TABLES,
    audio: Some("BallroomData"),
    images: None,
    artists: Some(ARTISTS),
    labels: Labels::Folder {
        renamed: &[("Rumba-American", "Rumba"), ("Rumba-International", "Rumba"), ("Rumba-Misc", "Rumba")],
    },
    lists: None,
    segment_names: "NAME.SEGMENT.wav",
    split: None,
    split_is: "none; cross-validation of ten folds is usual: --folds 10",
    faults: &[
        "exact replicas by Sturm (2014): Quickstep/Albums-AnaBelen_Veneo-11 and Albums-Chrisanne2-12; \
         ChaChaCha/Albums-Fire-08 and Samba/Albums-Fire-09 (of two dances); ChaChaCha/Albums-Latin_Jam2-05 and -13; \
         Waltz/Albums-Secret_Garden-01 and Media-104705",
        "other excerpts of one recording: Rumba-International/Albums-AnaBelen_Veneo-03 and -15, Albums-Latin_Jam-08 and -14, \
         Albums-Latin_Jam2-07 and -15; Waltz/Albums-Ballroom_Magic-03 and -18; ChaChaCha/Albums-Latin_Jam-04 and -13, \
         Albums-Latin_Jam3-02 and Media-103414, Media-103402 and Media-103415; Samba/Albums-Latin_Jam-06 and -15, \
         Albums-Latin_Jam2-02 and -14; `bench data audit` finds replicas",
        "no artists are known; the album stands in most file names, and tracks of one album are alike",
    ],
    distribution: Distribution {
        size: "1.5 GB",
        licence: "not stated; the excerpts are from ballroomdancers.com",
        source: "mtg.upf.edu/ismir2004/contest/tempoContest/data1.tar.gz (MD5 2872a3e52070bc342a4510a95e2fa0b8)",
        gigabytes: 4,
        kept: &[
            KeptFiles { pattern: "GENRE/AUDIO", into: "BallroomData" },
            KeptFiles { pattern: "allBallroomFiles", into: "BallroomData" },
        ],
        beside: None,
    },
    signs: &["BallroomData", "allBallroomFiles"],
    folders: &["BallroomData"],
};

/// The same source nine years later. Songs of the same artist are told by the dataset's own XML.
pub const EXTENDED: KnownDataset = KnownDataset {
    key: "extended-ballroom",
    name: "Extended Ballroom",
    about: "13 dances of 23 to 529 recordings of 30 s, 4,180 in all: DANCE/ID.mp3, artists in extendedballroom_v1.1.xml",
    reference: "U. Marchand, G. Peeters, \"The Extended Ballroom dataset\", ISMIR 2016 (late-breaking)",
    genres: &[
        "Chacha",
        "Foxtrot",
        "Jive",
        "Pasodoble",
        "Quickstep",
        "Rumba",
        "Salsa",
        "Samba",
        "Slowwaltz",
        "Tango",
        "Viennesewaltz",
        "Waltz",
        "Wcswing",
    ],
    recordings: Some(4180),
    audio: None,
    labels: Labels::Folder { renamed: &[] },
    lists: Some(Lists::ExtendedBallroom),
    segment_names: "ID.SEGMENT.mp3",
    split_is: "none; cross-validation is usual. --protocol artist keeps artists apart",
    faults: &[
        "the XML marks exact duplicates, the same at another tempo, karaoke versions and other versions of a song; they are \
         not left out: `bench data audit` finds the exact ones",
        "Pasodoble, Salsa, Slowwaltz and Wcswing have 23 to 65 recordings, the others 252 or more; publications often leave \
         the four out",
    ],
    distribution: Distribution {
        size: "not stated",
        licence: "not stated; the excerpts are from ballroomdancers.com",
        source: "anasynth.ircam.fr/home/media/ExtendedBallroom: the XML and a script that downloads each excerpt; no archive is \
                 distributed, so fetch takes one that you packed",
        gigabytes: 4,
        kept: &[
            KeptFiles { pattern: "GENRE/AUDIO", into: "" },
            KeptFiles { pattern: "extendedballroom_v1.1.xml", into: "" },
        ],
        beside: None,
    },
    signs: &["extendedballroom_v1.1.xml", "Viennesewaltz", "Wcswing"],
    folders: &["extendedballroom_v1.1"],
    ..BALLROOM
};
