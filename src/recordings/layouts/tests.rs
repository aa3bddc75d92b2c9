#![allow(clippy::unwrap_used, reason = "test code")]

use super::*;

fn made(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    folder
}

#[test]
fn folders_are_recognised_by_what_lies_in_them() {
    for (files, name) in [
        (&["genres_original/blues/blues.00000.wav"][..], "GTZAN (Kaggle copy)"),
        (&["images_original/blues/blues00000.png", "features_3_sec.csv"], "GTZAN (Kaggle copy)"),
        (&["genres/blues/blues.00000.au"], "GTZAN (original)"),
        (&["fma_metadata/tracks.csv", "fma_small/000/000002.mp3"], "FMA small"),
        (&["fma_metadata/tracks.csv", "fma_medium/000/000002.mp3"], "FMA medium"),
        (&["000/000002.mp3"], "FMA small"),
        (&["Wcswing/100701.mp3"], "Extended Ballroom"),
        (&["audio/training/x.mp3", "metadata/training/tracklist.csv"], "ISMIR04 genre"),
        (&["raphiphop/A-b.mp3"], "Homburg"),
        (&["14/214.mp3", "data/autotagging_genre.tsv"], "MTG-Jamendo genre"),
        (&["BallroomData/Waltz/Media-103401.wav", "BallroomData/allBallroomFiles"], "Ballroom"),
        (&["Waltz/Media-103401.wav", "allBallroomFiles"], "Ballroom"),
        (&["blues/01.mp3", "rock/01.mp3"], "GENRE/file"),
        (&["features_30_sec.csv"], "GENRE/file"),
        (&[], "GENRE/file"),
    ] {
        let folder = made(files);
        assert_eq!(of_folder(folder.path()).name, name, "{files:?}");
    }
    let folder = made(&["BallroomData/Waltz/x.wav", "fma_small/000/000005.mp3", "fma_large/Rock/1.mp3"]);
    assert_eq!(of_folder(&folder.path().join("BallroomData")).name, "Ballroom");
    assert_eq!(of_folder(&folder.path().join("fma_small")).name, "FMA small");
    assert_eq!(of_folder(&folder.path().join("fma_large")).name, "FMA large");
}

#[test]
fn tables_are_chosen_by_length_and_the_longest_first() {
    let folder = made(&["features_3_sec.csv", "features_10_sec.csv"]);
    let table =
        |seconds| KAGGLE.table(folder.path(), seconds).map(|path| path.file_name().unwrap().to_owned());
    assert_eq!(table(None).unwrap(), "features_10_sec.csv");
    assert_eq!(table(Some(3)).unwrap(), "features_3_sec.csv");
    assert_eq!(table(Some(30)).unwrap_err().hint, "--segment 10, 3");
    let empty = made(&[]);
    assert!(KAGGLE.table(empty.path(), None).unwrap_err().reason.contains("no audio and no images"));
}

#[test]
fn genres_are_those_of_the_folders_or_of_lists() {
    let ballroom = called("ballroom").unwrap();
    assert_eq!(ballroom.genre("Rumba-Misc".to_owned()), "Rumba");
    assert_eq!(ballroom.genre("Waltz".to_owned()), "Waltz");
    assert_eq!(plain::PLAIN.genre("Rumba-Misc".to_owned()), "Rumba-Misc");
    let folder = made(&["fma_small/000/000002.mp3"]);
    let fma = of_folder(folder.path());
    assert!(!fma.is_labelled_by_folder());
    let refused = TrackLists::read(folder.path(), fma).unwrap_err();
    assert!(refused.reason.contains("fma_metadata/tracks.csv"), "{refused}");
    assert_eq!(fma.audio_in(folder.path()), folder.path().join("fma_small"));
    let folder = made(&["fma_metadata/echonest.csv", "features.csv"]);
    assert!(lists_of_table(&folder.path().join("fma_metadata/echonest.csv")).is_err());
    assert!(lists_of_table(&folder.path().join("features.csv")).unwrap().is_none());
}

#[test]
fn artists_lie_in_the_folder_or_beside_it() {
    let folder = made(&["splits/artist_folds.csv", "genres_original/blues/x.wav", "features_30_sec.csv"]);
    let whole = folder.path().canonicalize().unwrap();
    let list = whole.join("splits/artist_folds.csv");
    assert_eq!(artists_of(&whole).as_ref(), Some(&list));
    assert_eq!(artists_of(&whole.join("genres_original")).as_ref(), Some(&list));
    assert_eq!(artists_beside(&whole.join("features_30_sec.csv")).as_ref(), Some(&list));
    assert_eq!(artists_of(&whole.join("genres_original/blues")), None);
}

#[test]
fn what_is_written_down_holds_together() {
    for known in KNOWN {
        assert!(known.genres.is_sorted(), "{}", known.name);
        let is_fetched = !known.distribution.kept.is_empty();
        let said = [known.reference, known.split_is, known.distribution.licence, known.distribution.source];
        assert!(known.key.is_empty() || said.iter().all(|text| !text.is_empty()), "{}", known.name);
        assert!(!is_fetched || called(known.key) == Some(known), "{}", known.name);
        if let Labels::Folder { renamed } = known.labels {
            assert!(renamed.iter().all(|(_, genre)| known.genres.contains(genre)), "{}", known.name);
        }
    }
}
