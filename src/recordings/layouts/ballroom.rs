use super::{ARTISTS, KnownDataset, Labels, TABLES};

/// Ballroom: dances as genres. Rumba lies in three folders and counts as one.
pub const BALLROOM: KnownDataset = KnownDataset {
    name: "Ballroom",
    about: "eight dances, 698 recordings of 30 s: BallroomData/DANCE/*.wav and a list of them, allBallroomFiles",
    reference: "F. Gouyon et al., \"An experimental comparison of audio tempo induction algorithms\", 2006",
    genres: &["ChaChaCha", "Jive", "Quickstep", "Rumba", "Samba", "Tango", "VienneseWaltz", "Waltz"],
    recordings_a_genre: None,
    seconds: Some(30),
    tables: TABLES,
    audio: Some("BallroomData"),
    images: None,
    artists: Some(ARTISTS),
    labels: Labels::Folder {
        renamed: &[("Rumba-American", "Rumba"), ("Rumba-International", "Rumba"), ("Rumba-Misc", "Rumba")],
    },
    segment_names: "NAME.SEGMENT.wav",
    split: None,
    signs: &["BallroomData", "allBallroomFiles"],
    folders: &["BallroomData"],
};
