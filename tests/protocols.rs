//! Splits as they are written out: what each protocol promises holds for every row.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, small_table};
use std::collections::{BTreeMap, BTreeSet};

/// A row of an exported split.
struct Assignment {
    example: String,
    track: String,
    repeat: usize,
    fold: usize,
    part: String,
}

/// Runs the majority class under a protocol and returns the split, with the run's JSON.
fn split(place: &Place, words: &str) -> (Vec<Assignment>, serde_json::Value) {
    let run = place.json(&format!("--data t.csv --models majority {words}"));
    let rows = place.run("export last --table split --format csv");
    let assignment = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [example, track, repeat, fold, part] = cells[..] else { panic!("{line}") };
        Assignment {
            example: example.into(),
            track: track.into(),
            repeat: repeat.parse().unwrap(),
            fold: fold.parse().unwrap(),
            part: part.into(),
        }
    };
    (rows.lines().skip(1).map(assignment).collect(), run)
}

/// Names of what stands in more than one part of one fold, by any name for examples.
fn on_two_sides(rows: &[Assignment], name: impl Fn(&Assignment) -> String) -> BTreeSet<String> {
    let mut parts: BTreeMap<(usize, usize, String), BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        parts.entry((row.repeat, row.fold, name(row))).or_default().insert(&row.part);
    }
    parts.into_iter().filter(|(_, parts)| parts.len() > 1).map(|((.., name), _)| name).collect()
}

/// How many examples of each genre are in a part of a fold.
fn genres(rows: &[Assignment], fold: usize, part: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| row.fold == fold && row.part == part) {
        *counts.entry(row.track.split('.').next().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn segments_are_stratified_tested_once_and_leak_with_a_warning() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 4));
    let (rows, run) = split(&place, "--protocol segment");
    for fold in 0..5 {
        assert!(genres(&rows, fold, "test").values().all(|&n| n == 8), "fold {fold} is not stratified");
    }
    let tested: BTreeSet<_> = rows.iter().filter(|r| r.part == "test").map(|r| &r.example).collect();
    assert_eq!((tested.len(), rows.iter().filter(|r| r.part == "test").count()), (120, 120));
    assert!(!on_two_sides(&rows, |row| row.track.clone()).is_empty());
    assert!(run["warnings"].to_string().contains("leak"), "{}", run["warnings"]);
}

#[test]
fn tracks_are_never_on_two_sides() {
    let place = Place::new();
    place.write("t.csv", small_table(11, 3));
    for words in ["", "--folds 3 --repeats 3", "--holdout 80/20", "--holdout 60/20/20 --repeats 4"] {
        let (rows, run) = split(&place, words);
        assert!(on_two_sides(&rows, |row| row.track.clone()).is_empty(), "{words}");
        assert!(!run["warnings"].to_string().contains("leak"), "{}", run["warnings"]);
        let counts = genres(&rows, 0, "test");
        assert_eq!(counts.len(), 3, "every genre is tested");
        assert!(
            counts.values().max().unwrap() - counts.values().min().unwrap() <= 3,
            "within one track of 3"
        );
    }
}

#[test]
fn hold_out_parts_have_their_sizes() {
    let place = Place::new();
    place.write("t.csv", small_table(20, 2));
    let (rows, _) = split(&place, "--holdout 80/10/10");
    let count = |part: &str| rows.iter().filter(|row| row.part == part).count();
    assert_eq!((count("train"), count("valid"), count("test")), (96, 12, 12));
    let (rows, _) = split(&place, "--holdout 80/20");
    assert_eq!(rows.iter().filter(|row| row.part == "test").count(), 24);
}

/// Two recordings in a row are by one artist.
fn artists(tracks: usize) -> String {
    let mut csv = "artist,filename\n".to_owned();
    for genre in ["blues", "jazz", "rock"] {
        for track in 0..tracks {
            csv.push_str(&format!("{genre} artist {},{genre}.{track:05}.wav\n", track / 2));
        }
    }
    csv
}

#[test]
fn artists_are_never_on_two_sides() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    place.write("artists.csv", artists(12));
    let artist_of = |row: &Assignment| {
        let (genre, number) = row.track.split_once('.').unwrap();
        format!("{genre} {}", number.parse::<usize>().unwrap() / 2)
    };
    let (rows, run) = split(&place, "--protocol artist --artists artists.csv --folds 3");
    assert!(on_two_sides(&rows, artist_of).is_empty());
    assert!(!run["warnings"].to_string().contains("artist"), "{}", run["warnings"]);
    let (rows, run) = split(&place, "--protocol track --artists artists.csv");
    assert!(!on_two_sides(&rows, artist_of).is_empty());
    assert!(run["warnings"].to_string().contains("by an artist"), "{}", run["warnings"]);
}

#[test]
fn artists_are_found_beside_the_table() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    assert!(place.refused("all --data t.csv --protocol artist").contains("--artists"));
    place.write("splits/artist_folds.csv", artists(12));
    place.run("all --data t.csv --protocol artist --folds 3 --models majority");
}

#[test]
fn a_split_read_back_is_the_same_split() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 3));
    let (_, run) = split(&place, "--seed 3");
    place.run("export last --table split -o split.csv");
    let (_, again) = split(&place, "--protocol file:split.csv");
    assert_eq!(run["split_hash"], again["split_hash"]);
    let hash = std::process::Command::new("sha256sum").arg(place.path("split.csv")).output();
    if let Ok(hash) = hash {
        let printed = String::from_utf8(hash.stdout).unwrap();
        assert!(
            printed.starts_with(run["split_hash"].as_str().unwrap()),
            "the hash is that of the file: {printed}"
        );
    }
}

#[test]
fn leaks_of_a_split_from_a_file_are_counted() {
    let place = Place::new();
    // The last row is the first one's copy under another name.
    let table = small_table(4, 2);
    let copy = table.lines().nth(1).unwrap().replacen("blues.00000.0", "blues.00099.0", 1);
    place.write("t.csv", format!("{table}{copy}\n"));
    let mut rows = "example,fold,part\n".to_owned();
    for line in table.lines().skip(1) {
        let name = line.split(',').next().unwrap();
        // Segment 0 of every track trains, segment 1 is tested: every tested track leaks.
        let part = if name.ends_with(".0.wav") { "train" } else { "test" };
        rows.push_str(&format!("{name},0,{part}\n"));
    }
    rows.push_str("blues.00099.0.wav,0,test\n");
    place.write("split.csv", rows);
    let (_, run) = split(&place, "--protocol file:split.csv");
    let warnings = run["warnings"].to_string();
    assert!(
        warnings.contains("12 of 13 tested examples (92.3 %) have a segment of the same track"),
        "{warnings}"
    );
    assert!(warnings.contains("1 of 13 tested examples (7.7 %) have an exact duplicate"), "{warnings}");
}

#[test]
fn a_split_may_name_whole_clips() {
    let place = Place::new();
    place.write("t.csv", small_table(4, 2));
    let mut rows = "clip,fold,part\n".to_owned();
    for genre in ["blues", "jazz", "rock"] {
        for track in 0..4 {
            rows.push_str(&format!("{genre}.{track:05},0,{}\n", ["train", "train", "valid", "test"][track]));
        }
    }
    place.write("split.csv", rows);
    let (rows, _) = split(&place, "--protocol file:split.csv");
    assert_eq!(rows.len(), 24);
    assert_eq!(
        genres(&rows, 0, "valid"),
        [("blues", 2), ("jazz", 2), ("rock", 2)].map(|(g, n)| (g.into(), n)).into()
    );
}

#[test]
fn the_fault_filtered_lists_divide_the_clips_they_name() {
    let place = Place::new();
    place.write("t.csv", small_table(100, 1));
    let (rows, run) = split(&place, "--protocol fault-filtered");
    let lists = |part: &str| -> BTreeSet<String> {
        let file = format!("{}/data/fault_filtered/{part}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(file).unwrap();
        text.lines()
            .filter(|l| ["blues", "jazz", "rock"].contains(&l.split('.').next().unwrap()))
            .map(Into::into)
            .collect()
    };
    for part in ["train", "valid", "test"] {
        let of_part: BTreeSet<String> =
            rows.iter().filter(|r| r.part == part).map(|r| r.track.clone()).collect();
        assert_eq!(of_part, lists(part), "{part}");
    }
    let warnings = run["warnings"].to_string();
    assert!(warnings.contains("in no part"), "examples that are left out are told: {warnings}");
}

/// The same division counted from 0 by us, from 1 and with a gap by others.
#[test]
fn it_does_not_matter_what_folds_are_counted_from() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let (rows, run) = split(&place, "--folds 3 --repeats 2");
    for (repeats, folds) in [(1, 1), (0, 1), (7, 10)] {
        let mut file = "example,repeat,fold,part\n".to_owned();
        for Assignment { example, repeat, fold, part, .. } in &rows {
            file.push_str(&format!("{example},{},{},{part}\n", repeat + repeats, fold * 2 + folds));
        }
        place.write("split.csv", file);
        let (again, other) = split(&place, "--protocol file:split.csv");
        assert_eq!(other["split_hash"], run["split_hash"], "from {repeats} and {folds}");
        let numbers: BTreeSet<_> = again.iter().map(|row| (row.repeat, row.fold)).collect();
        assert_eq!(numbers, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)].into());
    }
}

#[test]
fn a_class_that_a_part_lacks_is_told() {
    let place = Place::new();
    place.write("t.csv", small_table(4, 1));
    let mut rows = "clip,fold,part\n".to_owned();
    for (genre, parts) in [
        ("blues", ["train", "train", "valid", "test"]),
        ("jazz", ["train", "train", "train", "test"]),
        ("rock", ["train", "valid", "train", "train"]),
    ] {
        for (track, part) in parts.iter().enumerate() {
            rows.push_str(&format!("{genre}.{track:05},1,{part}\n"));
            let swapped = if *part == "train" && genre == "jazz" { "test" } else { part };
            rows.push_str(&format!("{genre}.{track:05},2,{swapped}\n"));
        }
    }
    place.write("split.csv", rows);
    let (_, run) = split(&place, "--protocol file:split.csv");
    let warnings = run["warnings"].to_string();
    for told in [
        "the test part of fold 0 has no example of the class rock",
        "the validation part of fold 0 has no example of the class jazz",
        "the training part of fold 1 has no example of the class jazz: no model can learn it",
    ] {
        assert!(warnings.contains(told), "{told}\n{warnings}");
    }
    assert!(!warnings.contains("training part of fold 0"), "{warnings}");
    let (_, run) = split(&place, "--folds 2");
    assert!(!run["warnings"].to_string().contains("no example of"), "{}", run["warnings"]);
}

#[test]
fn the_few_tracks_by_an_artist_of_the_training_part_are_named() {
    let place = Place::new();
    place.write("t.csv", small_table(100, 1));
    // blues.00012 is tested, blues.00029 trains; blues.00013 is spelt otherwise and is tested too.
    place.write(
        "artists.csv",
        "filename,artist\nblues.00029.wav,The Band\nblues.00012.wav,the  band\nblues.00014.wav,Another\n",
    );
    let (_, run) = split(&place, "--protocol fault-filtered --artists artists.csv");
    let warnings = run["warnings"].to_string();
    assert!(
        warnings.contains("are by an artist who is in the training part too: blues.00012 ("),
        "{warnings}"
    );
    let notes = run["notes"].to_string();
    assert!(notes.contains("1 artist is spelt in several ways"), "{notes}");
}

#[test]
fn folders_in_front_of_names_tell_tracks_apart_where_names_do_not() {
    let place = Place::new();
    let table = small_table(10, 2);
    let in_folders = |number: usize, line: &str| -> String {
        let (name, rest) = line.split_once(',').unwrap();
        match (number, name.split_once('.')) {
            (0, _) | (_, None) => format!("{line}\n"),
            (_, Some((genre, name))) => format!("music/{genre}/{name},{rest}\n"),
        }
    };
    place.write("bare.csv", &table);
    place.write("t.csv", table.lines().enumerate().map(|(n, line)| in_folders(n, line)).collect::<String>());
    let (rows, run) = split(&place, "--folds 2");
    assert_eq!(run["dataset"]["clips"], 30);
    assert!(rows.iter().any(|row| row.track == "music/jazz/00003"), "{}", rows[0].track);
    assert!(on_two_sides(&rows, |row| row.track.clone()).is_empty());
    let notes = run["notes"].to_string();
    assert!(notes.contains("`music/blues/00000` and `music/jazz/00000`"), "{notes}");
}

#[test]
fn a_column_of_the_table_can_be_the_split() {
    let place = Place::new();
    let with = |name: &str, part: &dyn Fn(usize) -> String| {
        let table = small_table(10, 2);
        let line = |(number, line): (usize, &str)| match number {
            0 => format!("{name},{line}\n"),
            _ => format!("{},{line}\n", part(number - 1)),
        };
        table.lines().enumerate().map(line).collect::<String>()
    };
    let words = ["Train", "Training", "VALIDATION", "eval", ""];
    // Tracks of ten rows a genre: six to train, two to validate, one to test, one in no part.
    let of_track = |row: usize| words[[0, 0, 0, 0, 0, 0, 2, 2, 3, 4][row / 2 % 10]].to_owned();
    place.write("t.csv", with("Split", &of_track));
    let (rows, run) = split(&place, "--protocol column:Split");
    let count = |part: &str| rows.iter().filter(|row| row.part == part).count();
    assert_eq!((count("train"), count("valid"), count("test")), (36, 12, 6));
    assert_eq!(run["dataset"]["features"], 3, "the column is no feature");
    assert!(on_two_sides(&rows, |row| row.track.clone()).is_empty());
    let tested: BTreeSet<_> = rows.iter().filter(|r| r.part == "test").map(|r| r.track.as_str()).collect();
    assert_eq!(tested, BTreeSet::from(["blues.00008", "jazz.00008", "rock.00008"]));

    place.write("t.csv", with("fold", &|row| (row / 2 % 5 + 1).to_string()));
    let (rows, run) = split(&place, "--protocol column:fold");
    assert_eq!(run["dataset"]["features"], 3, "folds are no feature");
    let tested = rows.iter().filter(|row| row.part == "test").count();
    assert_eq!((tested, rows.len()), (60, 300));
    let of_fold = rows
        .iter()
        .filter(|row| row.part == "test" && row.fold == 1)
        .all(|row| row.track.ends_with(['1', '6']));
    assert!(of_fold, "fold 1 tests what is numbered 2");

    for (part, said) in [
        ("exam", "there is no part `exam`"),
        ("training", "`train` and `training` both name one part"),
        ("train", "no example is in the test part"),
    ] {
        place.write("t.csv", with("fold", &|row| if row % 2 == 0 { "train" } else { part }.to_owned()));
        let error = place.refused("all --data t.csv --models majority --protocol column:fold");
        assert!(error.contains(said) && error.contains("column:fold"), "{error}");
    }
    let error = place.refused("all --data t.csv --models majority --protocol column:flod");
    assert!(
        error.contains("no column matches `flod` (--protocol column:NAME)") && error.contains("fold"),
        "{error}"
    );
    let error = place.refused("all --data t.csv --models majority --protocol column:fold --folds 3");
    assert!(error.contains("the column says what the folds are"), "{error}");
}

#[test]
fn so_many_tracks_of_each_class_are_the_same_under_every_protocol() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 3));
    let mut drawn = Vec::new();
    for protocol in ["segment", "track"] {
        let (rows, run) = split(&place, &format!("--protocol {protocol} --per-class 6 --folds 3"));
        let tracks: BTreeSet<String> = rows.iter().map(|row| row.track.clone()).collect();
        for genre in ["blues", "jazz", "rock"] {
            assert_eq!(tracks.iter().filter(|track| track.starts_with(genre)).count(), 6, "{tracks:?}");
        }
        assert_eq!(run["scheme"], "3 folds, 6 tracks a class");
        assert_eq!(run["per_class"], 6);
        drawn.push(tracks);
    }
    assert_eq!(drawn[0], drawn[1]);
    let (_, run) = split(&place, "--per-class 50 --folds 3");
    assert!(run["warnings"].to_string().contains("fewer than 50 tracks"), "{run}");
    assert!(place.refused("all --data t.csv --per-class 1").contains("per-class"));
}

#[test]
fn validating_on_the_test_part_is_kept_in_the_split_and_never_silent() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 3));
    let (rows, run) = split(&place, "--validate-on-test --folds 3");
    let parts: BTreeSet<&str> = rows.iter().map(|row| row.part.as_str()).collect();
    assert_eq!(parts, BTreeSet::from(["train", "valid+test"]));
    assert!(run["scheme"].as_str().unwrap().ends_with("validated on the test part"));
    assert_eq!(run["validated_on_test"], true);
    let warns = |run: &serde_json::Value| run["warnings"].to_string().contains("OPTIMISTIC");
    // Nothing else leaks, and what was tested is not counted as a leak.
    assert!(warns(&run) && !run["warnings"].to_string().contains("same track"), "{run}");
    // Stored, exported and read back, it is the same split and says the same.
    assert!(place.run("show last").contains("OPTIMISTIC"));
    for format in ["csv", "json", "markdown", "latex"] {
        assert!(place.run(&format!("export last --format {format}")).contains("OPTIMISTIC"), "{format}");
    }
    place.run("export last --table split -o split.csv");
    let again = place.json("--data t.csv --models majority --protocol file:split.csv");
    assert_eq!(again["split_hash"], run["split_hash"]);
    assert!(warns(&again) && again["validated_on_test"] == true, "{again}");
    // Nothing may be fitted to a test part that is then said to be honest.
    for words in ["all --validate-on-test --calibrate platt", "tune svm --validate-on-test"] {
        assert!(place.refused(&format!("{words} --data t.csv")).contains("validate-on-test"), "{words}");
    }
    assert!(place.refused("all --data t.csv --validate-on-test --holdout 80/10/10").contains("of its own"));
}
