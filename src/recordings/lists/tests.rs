#![allow(clippy::unwrap_used, reason = "test code")]

use super::super::layouts::called;
use super::*;

fn lists(key: &str, files: &[(&str, &str)]) -> TrackLists {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    TrackLists::read(folder.path(), called(key).unwrap()).unwrap().unwrap()
}

#[test]
fn files_and_rows_of_one_track_go_by_one_name() {
    let header = ",set,set,track,artist\n,split,subset,genre_top,id\ntrack_id,,,,\n";
    let rows = "2,training,small,Rock,1\n3,test,medium,Pop,\n4,test,small,,2\n";
    let fma = lists("fma-small", &[("fma_metadata/tracks.csv", &format!("{header}{rows}"))]);
    let facts = |name: &str| fma.of_file(Path::new(name)).map(|(key, facts)| (key, facts.clone()));
    let (key, of_two) = facts("fma_small/000/000002.mp3").unwrap();
    assert_eq!(
        (key.as_str(), of_two.part.as_str(), of_two.artist.as_deref()),
        ("000002", "training", Some("1"))
    );
    assert_eq!(facts("2").unwrap().0, "000002");
    assert_eq!(facts("3"), Err("are of a larger set"));
    assert_eq!(facts("4"), Err("have no top genre"));
    assert_eq!(facts("5"), Err("are in no list of the dataset"));
    assert_eq!(facts("cover"), Err("are in no list of the dataset"));
}

#[test]
fn tracks_of_ismir04_go_by_their_whole_path() {
    let list = "classical,who,album,song,1,\"classical/who's/album/01-a.mp3\"\n";
    let ismir = lists("ismir04", &[("metadata/training/tracklist.csv", list)]);
    let key = |file: &str| ismir.of_file(Path::new(file)).map(|(key, _)| key);
    assert_eq!(
        key("/training/data/audio/training/classical/who_s/album/01-a.mp3").unwrap(),
        "training-classical-who_s-album-01-a"
    );
    assert!(key("audio/evaluation/classical/who_s/album/01-a.mp3").is_err());
    assert!(key("audio/training/../classical/who_s/album/01-a.mp3").is_err());
}
