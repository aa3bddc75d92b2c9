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
        (&["fma_metadata/tracks.csv", "fma_small/000/000002.mp3"], "FMA"),
        (&["000/000002.mp3"], "FMA"),
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
    assert_eq!(of_folder(&folder.path().join("fma_small")).name, "FMA");
    assert_eq!(of_folder(&folder.path().join("fma_large")).name, "GENRE/file", "somebody has sorted it");
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
fn genres_are_those_of_the_folders_or_it_is_said_where_they_stand() {
    let folder = made(&["fma_metadata/features.csv"]);
    let [_, _, fma, ballroom, plain] = KNOWN;
    assert_eq!(ballroom.genre("Rumba-Misc".to_owned()), "Rumba");
    assert_eq!(ballroom.genre("Waltz".to_owned()), "Waltz");
    assert_eq!(plain.genre("Rumba-Misc".to_owned()), "Rumba-Misc");
    assert!(plain.labelled_by_folder(folder.path()).is_ok());
    let refused = fma.labelled_by_folder(folder.path()).unwrap_err();
    assert!(refused.reason.contains("fma_metadata/tracks.csv"), "{refused}");
    assert!(table_of_features(&folder.path().join("fma_metadata/features.csv")).is_err());
    assert!(table_of_features(&folder.path().join("features.csv")).is_ok());
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
        if let Labels::Folder { renamed } = known.labels {
            assert!(renamed.iter().all(|(_, genre)| known.genres.contains(genre)), "{}", known.name);
        }
    }
}
