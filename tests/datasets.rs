//! Known datasets through the program, on small made copies of their layouts: lists with the real headers, tones for music.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, tone};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;

/// The header of `tracks.csv`, whose third row names the index.
const ALBUM: [&str; 13] = [
    "comments",
    "date_created",
    "date_released",
    "engineer",
    "favorites",
    "id",
    "information",
    "listens",
    "producer",
    "tags",
    "title",
    "tracks",
    "type",
];
const ARTIST: [&str; 17] = [
    "active_year_begin",
    "active_year_end",
    "associated_labels",
    "bio",
    "comments",
    "date_created",
    "favorites",
    "id",
    "latitude",
    "location",
    "longitude",
    "members",
    "name",
    "related_projects",
    "tags",
    "website",
    "wikipedia_page",
];
const SET: [&str; 2] = ["split", "subset"];
const TRACK: [&str; 20] = [
    "bit_rate",
    "comments",
    "composer",
    "date_created",
    "date_recorded",
    "duration",
    "favorites",
    "genre_top",
    "genres",
    "genres_all",
    "information",
    "interest",
    "language_code",
    "license",
    "listens",
    "lyricist",
    "number",
    "publisher",
    "tags",
    "title",
];

fn fma_header() -> String {
    let groups: [(&str, &[&str]); 4] =
        [("album", &ALBUM), ("artist", &ARTIST), ("set", &SET), ("track", &TRACK)];
    let (mut upper, mut lower) = (String::new(), String::new());
    for (group, names) in groups {
        for name in names {
            write!(upper, ",{group}").unwrap();
            write!(lower, ",{name}").unwrap();
        }
    }
    format!("{upper}\n{lower}\ntrack_id{}\n", ",".repeat(52))
}

fn fma_row(id: usize, artist: usize, split: &str, subset: &str, genre: &str) -> String {
    let mut cells = vec![String::new(); 53];
    cells[0] = id.to_string();
    cells[11] = "an \"\"album\"\", of two\nlines".to_owned();
    cells[11] = format!("\"{}\"", cells[11]);
    cells[1 + 13 + 7] = artist.to_string();
    cells[1 + 13 + 17] = split.to_owned();
    cells[1 + 13 + 17 + 1] = subset.to_owned();
    cells[1 + 13 + 17 + 2 + 7] = genre.to_owned();
    cells.join(",") + "\n"
}

/// Twenty tracks of two genres in the small set, two by each artist: 12 train, 4 validate, 4 are tested. And three that
/// cannot be used: one of the medium set, one without a genre, one that no list has.
fn fma(place: &Place) {
    let mut tracks = fma_header();
    let mut features = String::from("feature");
    features +=
        ",chroma_cens,chroma_cens,mfcc,zcr\nstatistics,mean,std,mean,max\nnumber,01,01,01,01\ntrack_id,,,,\n";
    for number in 0..20_usize {
        let (genre, hz) = if number % 2 == 0 { ("Hip-Hop", 300.0) } else { ("Rock", 1500.0) };
        let split = match number {
            0..12 => "training",
            12..16 => "validation",
            _ => "test",
        };
        let id = 2 + 140 * number;
        tracks += &fma_row(id, 1 + number / 4, split, "small", genre);
        // Neither genre is told by one column.
        let x = hz / 3000.0 + (7 * number % 10) as f32 / 10.0;
        writeln!(features, "{id},{x},{},{},{}", x * 2.0, 1.0 - x, number % 3).unwrap();
        place.write(
            &format!("fma/fma_small/{:03}/{id:06}.mp3", id / 1000),
            tone(hz * (1.0 + number as f32 / 50.0), 1.1),
        );
    }
    for (id, subset, genre) in [(5000, "medium", "Rock"), (5001, "small", "")] {
        tracks += &fma_row(id, 900, "training", subset, genre);
        writeln!(features, "{id},1,1,1,1").unwrap();
        place.write(&format!("fma/fma_small/005/{id:06}.mp3"), tone(500.0, 1.1));
    }
    place.write("fma/fma_small/005/005002.mp3", tone(500.0, 1.1));
    place.write("fma/fma_metadata/tracks.csv", tracks);
    place.write("fma/fma_metadata/features.csv", features);
}

/// Runs `bench all`, and gives what it printed for programs and what it told.
#[track_caller]
fn all(place: &Place, words: &str) -> (Value, String) {
    let words = format!("all --json {words}");
    let output = ends(place.bench().args(words.split_whitespace()), 0);
    (serde_json::from_slice(&output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Examples of each part of the only fold of the last run.
fn parts(place: &Place) -> [usize; 3] {
    place.run("export last --table split --format csv -o split.csv");
    let text = std::fs::read_to_string(place.path("split.csv")).unwrap();
    ["train", "valid", "test"]
        .map(|part| text.lines().filter(|line| line.ends_with(&format!(",{part}"))).count())
}

#[test]
fn fma_runs_from_its_audio_on_its_official_split() {
    let place = Place::new();
    fma(&place);
    for data in ["fma --inputs audio", "fma/fma_small"] {
        let (run, told) =
            all(&place, &format!("--data {data} --segment 1 --models ridge --protocol official"));
        assert_eq!(run["dataset"]["classes"], serde_json::json!(["Hip-Hop", "Rock"]), "{told}");
        assert_eq!(run["dataset"]["clips"], 20);
        assert_eq!(run["leaderboard"][0]["accuracy"], 1.0, "{run}");
        assert_eq!(parts(&place), [12, 4, 4]);
        let notes = run["notes"].to_string();
        for why in ["they are of a larger set", "they have no top genre", "they are in no list"] {
            assert!(notes.contains(why), "{why}\n{notes}");
        }
    }
    // Who plays is known: by artist the five artists are apart.
    let (run, _) = all(&place, "--data fma/fma_small --segment 1 --models ridge --protocol artist --folds 5");
    assert_eq!(run["warnings"], serde_json::json!([]));
    let (run, _) = all(&place, "--data fma/fma_small --segment 1 --models ridge --protocol track --folds 2");
    assert!(
        run["warnings"].to_string().contains("are by an artist who is in the training part too"),
        "{run}"
    );
}

#[test]
fn features_of_fma_are_read_with_the_genres_of_its_tracks() {
    let place = Place::new();
    fma(&place);
    let (whole, _) = all(&place, "--data fma --models ridge,svm --protocol official");
    assert_eq!(whole["dataset"]["features"], 4);
    assert_eq!(whole["dataset"]["clips"], 20);
    assert_eq!(parts(&place), [12, 4, 4]);
    let notes = whole["notes"].to_string();
    assert!(notes.contains("they are of a larger set") && notes.contains("1 row, such as 5001"), "{notes}");
    let (file, _) =
        all(&place, "--data fma/fma_metadata/features.csv --models ridge,svm --protocol official");
    assert_eq!(file["dataset"]["fingerprint"], whole["dataset"]["fingerprint"]);
    // Rows and audio are of the same tracks.
    std::fs::remove_file(place.path("fma/fma_small/000/000142.mp3")).unwrap();
    let (joined, _) =
        all(&place, "--data fma --inputs table,audio --segment 1 --models ridge --protocol official");
    assert_eq!(joined["dataset"]["clips"], 19, "{joined}");
    let error = place.refused("all --data fma/fma_metadata/tracks.csv --models ridge");
    assert!(error.contains("holds no features of its own"), "{error}");
}

#[test]
fn lists_that_are_missing_or_broken_are_told() {
    let place = Place::new();
    fma(&place);
    let good = std::fs::read_to_string(place.path("fma/fma_metadata/tracks.csv")).unwrap();
    let words = "all --data fma/fma_small --segment 1 --models ridge";
    let row = fma_row(7, 1, "test", "small", "Rock");
    for (text, told) in [
        (good.replace("genre_top", "genre"), "there is no column track.genre_top"),
        (good.replace(",subset", ",sub"), "there is no column set.subset"),
        (String::new(), "has no header of two rows"),
        (format!("{good}x,1\n"), "`x` is no number of a track"),
        (format!("{good}9,1\n"), "the row has 2 cells, the header has 53"),
        (format!("{good}{row}{}", row.replace("Rock", "Folk")), "track `000007` stands there twice"),
        (format!("{good}8,\"{}", "a".repeat(5 << 20)), "a row is longer than 4 MiB"),
        (good.lines().take(3).collect::<Vec<_>>().join("\n"), "no recording can be used"),
    ] {
        place.write("fma/fma_metadata/tracks.csv", text);
        let error = place.refused(words);
        assert!(error.contains(told) && error.contains("tracks.csv"), "{told}\n{error}");
    }
    std::fs::remove_dir_all(place.path("fma/fma_metadata")).unwrap();
    let error = place.refused(words);
    assert!(
        error.contains("those stand in fma_metadata/tracks.csv")
            && error.contains("bench list datasets fma-small"),
        "{error}"
    );
}

/// Three parts of four tracks in each of two genres; names of tracks stand in several albums.
fn ismir04(place: &Place) {
    for (part, count) in [("training", 4), ("development", 4), ("evaluation", 4)] {
        let mut list = String::new();
        for (genre, hz) in [("classical", 300.0), ("metal_punk", 1500.0)] {
            for number in 0..count {
                let (path, artist) = match part {
                    // The list has an apostrophe where the file has none.
                    "training" => {
                        (format!("{genre}/who's_{number}/album/01-song.mp3"), format!("who's {number}"))
                    }
                    "development" => {
                        let id = format!("artist_{number}{}_album_1_track_1.mp3", genre.len());
                        (id, format!("artist_{number}"))
                    }
                    _ => (format!("{genre}/other_{number}/album/01-song.mp3"), format!("other {number}")),
                };
                let magnatune = if part == "evaluation" { ",77" } else { "" };
                writeln!(list, "\"{genre}\",\"{artist}\",\"album\",\"song\",\"1\",\"{path}\"{magnatune}")
                    .unwrap();
                let file = format!("ismir/audio/{part}/{}", path.replace('\'', "_"));
                place.write(&file, tone(hz * (1.0 + number as f32 / 40.0), 1.1));
            }
        }
        if part == "training" {
            list += "world,a,b,c,1,../../../etc/passwd\nworld,a,b,c,1,world/not/there.mp3\n";
        }
        place.write(&format!("ismir/metadata/{part}/tracklist.csv"), list);
    }
}

#[test]
fn ismir04_has_the_parts_of_its_contest() {
    let place = Place::new();
    ismir04(&place);
    let words = "--data ismir --segment 1 --models ridge --protocol official";
    let (run, told) = all(&place, words);
    assert_eq!(run["dataset"]["clips"], 24, "{told}");
    assert_eq!(run["dataset"]["classes"], serde_json::json!(["classical", "metal_punk"]));
    assert_eq!(parts(&place), [8, 8, 8]);
    assert!(run["notes"].to_string().contains("1 path in the lists lead out"), "{}", run["notes"]);
    // Artists of the development part are unknown, and so in no part.
    all(&place, "--data ismir --segment 1 --models ridge --protocol artist --folds 2");
    assert_eq!(parts(&place).iter().sum::<usize>(), 32);
    std::fs::remove_dir_all(place.path("ismir/metadata/evaluation")).unwrap();
    let (run, _) = all(&place, words);
    assert_eq!(parts(&place), [8, 0, 8]);
    assert!(run["notes"].to_string().contains("tests on the development part"), "{}", run["notes"]);
    place.write("ismir/metadata/training/tracklist.csv", "classical,a\n");
    let error = place.refused(&format!("all {words}"));
    assert!(error.contains("tracklist.csv, line 1: the row has 2 cells"), "{error}");
}

/// Tracks with one genre tag, some with two, a genre that is in one part only.
fn jamendo(place: &Place) {
    let header = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n";
    let (mut whole, mut parts) = (header.to_owned(), [header; 3].map(str::to_owned));
    for number in 0..24_usize {
        let (genre, hz) = if number % 2 == 0 { ("jazz", 300.0) } else { ("metal", 1500.0) };
        let part = [0, 0, 0, 0, 1, 2][number / 4];
        let tags = match number {
            0 => "genre---jazz\tgenre---pop".to_owned(),
            1 => "genre---rare".to_owned(),
            _ => format!("genre---{genre}"),
        };
        let id = 200 + number;
        let (ending, artist) = (format!("{:02}/{id}", id % 100), number / 4);
        let row = format!("track_{id:07}\tartist_{artist:06}\talbum_000001\t{ending}.mp3\t200.5\t{tags}\n");
        whole += &row;
        parts[part] += &row;
        let low = if number % 3 == 0 { ".low" } else { "" };
        place.write(&format!("jamendo/{ending}{low}.mp3"), tone(hz * (1.0 + number as f32 / 100.0), 1.1));
    }
    place.write("jamendo/data/autotagging_genre.tsv", whole);
    for (text, part) in parts.iter().zip(["train", "validation", "test"]) {
        place.write(&format!("jamendo/data/splits/split-0/autotagging_genre-{part}.tsv"), text);
    }
}

#[test]
fn tracks_of_jamendo_with_one_genre_are_used() {
    let place = Place::new();
    jamendo(&place);
    let (run, told) = all(&place, "--data jamendo --segment 1 --models ridge --protocol official");
    assert_eq!(run["dataset"]["classes"], serde_json::json!(["jazz", "metal"]), "{told}");
    assert_eq!(parts(&place), [14, 4, 4]);
    let notes = run["notes"].to_string();
    assert!(notes.contains("they have several genre tags"), "{notes}");
    assert!(notes.contains("they have a genre that is the only tag of no track"), "{notes}");
    place.write("jamendo/data/splits/split-0/autotagging_genre-test.tsv", "TRACK_ID\tPATH\n");
    let error = place.refused("all --data jamendo --segment 1 --models ridge");
    assert!(error.contains("there is no column ARTIST_ID"), "{error}");
}

#[test]
fn artists_stand_in_an_xml_or_in_the_names_of_files() {
    let place = Place::new();
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<ExtendedBallroom>\n");
    for (dance, hz) in [("Salsa", 300.0), ("Wcswing", 1500.0)] {
        writeln!(xml, "<{dance}>").unwrap();
        for number in 0..6_u8 {
            let (id, artist) = (format!("10{number}{}", dance.len()), number / 2);
            writeln!(xml, "<song id=\"{id}\" artist=\"A &amp; {artist}\" bpm=\"120\" title=\"t\" album=\"a\" hash=\"0\"/>").unwrap();
            place.write(&format!("xb/{dance}/{id}.mp3"), tone(hz + f32::from(number), 1.1));
            place.write(
                &format!(
                    "homburg/{}/The_{artist}-Song_{number}.mp3",
                    if hz > 999.0 { "rock" } else { "raphiphop" }
                ),
                tone(hz + f32::from(number), 1.1),
            );
        }
        writeln!(xml, "</{dance}>").unwrap();
    }
    place.write("xb/extendedballroom_v1.1.xml", format!("{xml}</ExtendedBallroom>\n"));
    for data in ["xb", "homburg"] {
        let words = format!("--data {data} --segment 1 --models ridge --protocol artist --folds 3");
        let (run, told) = all(&place, &words);
        assert_eq!(run["dataset"]["clips"], 12, "{data}\n{told}");
        assert!(!run["warnings"].to_string().contains("are by an artist"), "{data}: {}", run["warnings"]);
    }
    let entities = "<!DOCTYPE x [<!ENTITY a \"aa\">]><x>&a;</x>";
    for (text, told) in
        [(entities, "is no XML that is read here"), ("<x/>", "names no song"), ("", "is no XML")]
    {
        place.write("xb/extendedballroom_v1.1.xml", text);
        let error = place.refused("all --data xb --segment 1 --models ridge");
        assert!(error.contains(told), "{error}");
    }
    let error = place.refused("all --data homburg --segment 1 --models ridge --protocol official");
    assert!(error.contains("no official split") && error.contains("bench list datasets"), "{error}");
}

#[test]
fn each_dataset_is_told_with_its_licence_and_faults() {
    let place = Place::new();
    let overview = place.run("list datasets");
    let known = [
        "gtzan",
        "fma-small",
        "fma-medium",
        "fma-large",
        "fma-full",
        "ballroom",
        "extended-ballroom",
        "ismir04",
        "homburg",
        "mtg-jamendo",
    ];
    for key in known {
        assert!(overview.contains(key), "{key}\n{overview}");
        let page = place.run(&format!("list datasets {key}"));
        for fact in ["licence", "source", "size", "split", "Known faults", "artists from"] {
            assert!(page.contains(fact), "{key}: {fact}\n{page}");
        }
    }
    let page = place.run("list datasets fma-small");
    for id in ["98565", "98567", "98569", "99134", "108925", "133297", "--protocol official"] {
        assert!(page.contains(id), "{id}\n{page}");
    }
    let all: Value = serde_json::from_str(&place.run("list datasets --json ismir04")).unwrap();
    assert_eq!(all["layouts"][0]["distribution"]["licence"], "CC BY-NC-SA 1.0");
    let error = place.refused("list datasets fma-smal");
    assert!(error.contains("did you mean fma-small"), "{error}");
}

/// A ZIP of the files below a folder, in a folder of its own name, and whatever else.
fn zip_of(place: &Place, folder: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, bytes: &[u8]| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    };
    let top = place.path(folder);
    let mut folders = vec![top.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name =
                        path.strip_prefix(top.parent().unwrap()).unwrap().to_string_lossy().into_owned();
                    add(&name, &std::fs::read(&path).unwrap());
                }
            }
        }
    }
    more.iter().for_each(|(name, bytes)| add(name, bytes));
    zip.finish().unwrap().into_inner()
}

#[test]
fn datasets_are_fetched_from_their_archives() {
    let place = Place::new();
    fma(&place);
    let audio =
        zip_of(&place, "fma/fma_small", &[("fma_small/checksums", b"x"), ("fma_small/README.txt", b"x")]);
    place.write("down/fma_small.zip", audio);
    let text = place.run("data fetch fma-small --from down/fma_small.zip --to alone");
    assert!(text.contains("23 files of 23 recordings") && text.contains("7977 of 8000 recordings"), "{text}");
    assert!(
        text.contains("fma_metadata/tracks.csv was in no archive")
            && text.contains("--from fma_metadata.zip"),
        "{text}"
    );
    place.write(
        "down/fma_metadata.zip",
        zip_of(&place, "fma/fma_metadata", &[("fma_metadata/genres.csv", b"x")]),
    );
    let output = ends(place.bench().args("data fetch fma-small --from down/fma_small.zip".split(' ')), 0);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("fma_metadata.zip, which lies beside it"), "{told}");
    let (run, _) = all(&place, "--data fma-small --models ridge --protocol official");
    assert_eq!(run["dataset"]["clips"], 20);
    // Both named, and one of them hostile: nothing is left.
    place.write("down/bad.zip", zip_of(&place, "fma/fma_metadata", &[("../outside/tracks.csv", b"x")]));
    let error = place.refused("data fetch fma-small --from down/fma_small.zip --from down/bad.zip --to bad");
    assert!(error.contains("climbs out of the folder"), "{error}");
    assert!(
        !place.path("bad").exists() && !place.path("bad.fetch").exists() && !place.path("outside").exists()
    );
    let error = place
        .refused("data fetch fma-small --from down/fma_metadata.zip --from down/fma_metadata.zip --to twice");
    assert!(error.contains("two files"), "{error}");
    let error = place.refused(&format!(
        "data fetch homburg --from down/fma_small.zip --sha256 {0} --sha256 {0}",
        "a".repeat(64)
    ));
    assert!(error.contains("2 checksums for 1 archives"), "{error}");
    jamendo(&place);
    ismir04(&place);
    for (key, folder) in [("mtg-jamendo", "jamendo"), ("ismir04", "ismir")] {
        place.write("down/x.zip", zip_of(&place, folder, &[]));
        place.run(&format!("data fetch {key} --from down/x.zip"));
        let (run, _) = all(&place, &format!("--data {key} --segment 1 --models ridge --protocol official"));
        assert_eq!(run["leaderboard"][0]["accuracy"], 1.0, "{key}");
    }
    place.write("b/BallroomData/Rumba-Misc/Media-1.wav", tone(300.0, 1.1));
    place.write("b/BallroomData/Tango/Media-2.wav", tone(900.0, 1.1));
    place.write("down/x.zip", zip_of(&place, "b/BallroomData", &[("BallroomData/allBallroomFiles", b"x")]));
    let text = place.run("data fetch ballroom --from down/x.zip");
    assert!(text.contains("Rumba 1, ") && text.contains("Tango 1, "), "{text}");
}

#[test]
fn several_datasets_make_a_leaderboard_each_and_a_table_of_both() {
    let place = Place::new();
    fma(&place);
    ismir04(&place);
    place.write(
        "e.toml",
        "models = [\"ridge\", \"knn-1\"]\n[[datasets]]\ndata.path = \"fma\"\nsplit.protocol = \"official\"\n\
         [[datasets]]\ndata = { path = \"ismir\", segment = 1 }\nsplit = { protocol = \"track\", folds = 2 }\n",
    );
    let text = place.run("run e.toml");
    for line in ["official (fixed partition)", "track (2 folds)", "data fma             data ismir"] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let all: Value = serde_json::from_str(&place.run("run e.toml --json")).unwrap();
    assert_eq!(all["comparison"]["runs"], serde_json::json!(["data fma", "data ismir"]));
    assert_eq!(all["runs"][1]["dataset"]["clips"], 24);
    assert_eq!(
        all["comparison"]["models"][0]["values"].as_array().unwrap().len(),
        2,
        "{}",
        all["comparison"]
    );
}
