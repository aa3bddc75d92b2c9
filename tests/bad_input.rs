//! What is wrong with an input is said with its file, its line or column, the reason and what to try.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, skipped, small_table};

/// Runs `bench all` on a table; it must refuse it and say all of `words`.
#[track_caller]
fn refuses(table: &str, words: &[&str]) {
    let place = Place::new();
    place.write("t.csv", table);
    let said = place.refused("all --data t.csv");
    for word in words.iter().chain(&["t.csv", "try:"]) {
        assert!(said.contains(word), "`{word}` is not said:\n{said}");
    }
    assert!(!place.path("runs").exists(), "nothing was run, so nothing may be stored");
}

/// The small table with one cell of line 5 changed.
fn with_cell(column: usize, cell: &str) -> String {
    let change = |(number, line): (usize, &str)| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if number == 4 {
            cells[column] = cell;
        }
        cells.join(",")
    };
    small_table(10, 1).lines().enumerate().map(change).collect::<Vec<_>>().join("\n")
}

#[test]
fn missing_files_and_folders() {
    let place = Place::new();
    let said = place.refused("all --data none.csv");
    assert!(said.contains("none.csv") && said.contains("No such file"), "{said}");
    std::fs::create_dir(place.path("empty")).unwrap();
    let said = place.refused("all --data empty");
    assert!(said.contains("empty") && said.contains("features_30_sec.csv"), "{said}");
}

#[test]
fn empty_tables() {
    refuses("", &["empty"]);
    refuses("\n\n", &["empty"]);
    refuses("filename,tempo,label\n", &["no rows"]);
}

#[test]
fn tables_without_label_or_features() {
    refuses("filename,tempo\na.wav,1\n", &["no `label` column", "filename, tempo"]);
    refuses("filename,label\na.wav,rock\n", &["no feature column"]);
    refuses("filename,tempo,tempo,label\na.wav,1,2,rock\n", &["`tempo` twice"]);
}

#[test]
fn cells_that_are_no_numbers() {
    refuses(&with_cell(3, "loud"), &["line 5", "`mfcc1_mean`", "`loud` is not a number"]);
    refuses(&with_cell(3, ""), &["line 5", "`mfcc1_mean`", "empty"]);
    refuses(&with_cell(2, "NaN"), &["line 5", "`tempo`", "not a finite number"]);
    refuses(&with_cell(2, "inf"), &["line 5", "`tempo`", "not a finite number"]);
    refuses(&with_cell(2, "-Infinity"), &["line 5", "`tempo`", "not a finite number"]);
    refuses(&with_cell(2, "1e300"), &["line 5", "`tempo`", "too large"]);
    refuses(&with_cell(5, ""), &["line 5", "`label`", "empty"]);
}

#[test]
fn ragged_rows() {
    refuses(&with_cell(4, "0.5,0.5"), &["line 5", "7 cells", "header has 6"]);
    let short = small_table(10, 1).replacen(",rock\n", "\n", 1);
    refuses(&short, &["5 cells", "header has 6"]);
}

#[test]
fn text_that_is_no_text() {
    let place = Place::new();
    place.write("t.csv", b"filename,tempo,label\n\xff\xfe.wav,1,rock\n");
    let said = place.refused("all --data t.csv");
    assert!(said.contains("line 2") && said.contains("UTF-8"), "{said}");
}

#[test]
fn classes_that_cannot_be_divided() {
    let table = small_table(10, 1);
    let one = table.lines().filter(|l| !l.ends_with("jazz") && !l.ends_with("rock")).collect::<Vec<_>>();
    refuses(&one.join("\n"), &["only one class, `blues`"]);

    let place = Place::new();
    place.write("t.csv", small_table(3, 4));
    let said = place.refused("all --data t.csv");
    assert!(
        said.contains("class `blues`: has 3 tracks, too few for 5 parts") && said.contains("--folds 3"),
        "{said}"
    );
}

#[test]
fn one_recording_with_two_genres() {
    refuses(
        &with_cell(0, "blues.00000.wav").replacen("blues\n", "jazz\n", 1),
        &["blues.00000", "`blues`", "`jazz`"],
    );
}

#[test]
fn unknown_models_and_parameters() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    for (words, said) in [
        ("all --data t.csv --models svn", "did you mean svm?"),
        ("all --data t.csv --set svm.d=3", "only c, gamma"),
        ("all --data t.csv --set svm.c=-1", "is not a number > 0"),
        ("all --data t.csv --set svm.c", "MODEL.PARAMETER=VALUE"),
        ("all --data t.csv --models svm --set forest.trees=10", "not a model of this run"),
        ("all --data t.csv --protocol tracks", "segment, track, artist"),
        ("all --data t.csv --folds 1", "at least 2 folds"),
        ("all --data t.csv --holdout 80/30", "add up to 100"),
        ("all --data t.csv --protocol fault-filtered --folds 3", "one fixed partition"),
        ("all --data t.csv --device quantum", "cpu"),
        ("all --segment 40", "--segment 40"),
        ("show last", "no stored runs"),
    ] {
        let error = place.refused(words);
        assert!(error.contains(said), "{words}:\n{error}");
    }
}

#[test]
fn split_files() {
    let place = Place::new();
    place.write("t.csv", small_table(4, 2));
    for (split, said) in [
        (
            "example,fold,part\nfolk.00000.0.wav,0,train\n",
            "line 2: the dataset has no example `folk.00000.0.wav`",
        ),
        (
            "clip,fold,part\nblues.00000,0,train\nblues.00000,0,test\n",
            "line 3: track `blues.00000` stands in fold 0 already, on line 2",
        ),
        ("clip,fold,part\nblues.00000,0,exam\n", "line 2: there is no part `exam`"),
        ("clip,fold,part\nblues.00000,first,test\n", "line 2: column `fold`: `first` is not a whole number"),
        ("clip,fold,part\nblues.00000,0,train\n", "test part"),
        ("clip,fold\nblues.00000,0\n", "no column `part`"),
        ("clip,fold,part\n", "no rows"),
    ] {
        place.write("split.csv", split);
        let error = place.refused("all --data t.csv --protocol file:split.csv");
        assert!(
            error.contains(said) && error.contains("split.csv") && error.contains("try:"),
            "{split}\n{error}"
        );
    }
    assert!(place.refused("all --data t.csv --protocol file:none.csv").contains("none.csv"));
}

#[test]
fn artist_lists() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    place.write("artists.csv", "filename,singer\nblues.00000.wav,A\n");
    let error = place.refused("all --data t.csv --protocol artist --artists artists.csv");
    assert!(error.contains("artists.csv") && error.contains("artist"), "{error}");
    assert!(place.refused("all --data t.csv --artists none.csv").contains("none.csv"));
}

/// Files that flags name: a pipe nobody writes to is not waited for, a device not read.
#[test]
#[cfg(unix)]
fn pipes_and_devices_where_files_should_be() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    common::pipe(&place.path("pipe"));
    symlink("/dev/zero", place.path("zero")).unwrap();
    std::thread::scope(|scope| {
        for words in [
            "all --data NAME",
            "all --data t.csv --protocol file:NAME",
            "all --data t.csv --protocol artist --artists NAME",
            "all --data t.csv --drop-faults NAME",
            "run NAME",
            "data fetch gtzan --to new --from NAME",
        ] {
            for (name, said) in [("pipe", "is a pipe"), ("zero", "is a device, not a regular file")] {
                let place = &place;
                scope.spawn(move || {
                    let words = words.replace("NAME", name);
                    let output = common::ends_by_itself(place.bench().args(words.split(' ')), 2);
                    let error = String::from_utf8(output.stderr).unwrap();
                    assert!(error.contains(said) && error.contains(name), "{words}: {error}");
                });
            }
        }
    });
}

/// A shell's `<(zcat t.csv.gz)` is a pipe, as standard input is here.
#[test]
#[cfg(unix)]
fn tables_and_lists_may_come_through_a_pipe() {
    let place = Place::new();
    let table = small_table(10, 1);
    place.write("t.csv", &table);
    let tracks = |of: fn(usize) -> String| -> String {
        let name = |line: &str| line.split_once(".wav").map(|(track, _)| track.to_owned());
        let rows = table.lines().filter_map(name).enumerate();
        rows.map(|(row, track)| format!("{track},{}\n", of(row))).collect()
    };
    let artists = format!("filename,artist\n{}", tracks(|row| format!("artist {row}")));
    let part = |row| format!("0,{}", if row % 3 == 0 { "test" } else { "train" });
    let split = format!("clip,fold,part\n{}", tracks(part));
    for (words, text) in [
        ("--data /dev/stdin", &table),
        ("--data t.csv --protocol artist --artists /dev/stdin", &artists),
        ("--data t.csv --protocol file:/dev/stdin", &split),
    ] {
        place.write("input", text);
        let bench = env!("CARGO_BIN_EXE_bench");
        // Later than the program begins to read.
        let shell = format!("(sleep 0.3; cat input) | {bench} all --json --models knn-1 {words}");
        let mut command = std::process::Command::new("sh");
        let command = command.args(["-c", &shell]).current_dir(place.path("."));
        let output = common::ends_by_itself(command.env("GENRE_BENCH_CACHE", place.path("cache")), 0);
        let run: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(run["dataset"]["examples"], 30, "{words}");
    }
}

#[test]
fn output_folders_that_cannot_be_written() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    place.write("file", "in the way");
    let error = place.refused("all --data t.csv --out file/runs");
    assert!(error.contains("file/runs") && error.contains("--out DIR"), "{error}");
    let error = place.refused("all --data t.csv --out t.csv");
    assert!(error.contains("t.csv"), "{error}");
}

/// A read-only folder stops everybody but the superuser.
#[test]
#[cfg(unix)]
fn a_read_only_output_folder() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    let folder = place.path("runs");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_ok() {
        skipped("this user may write to read-only folders");
        return;
    }
    let error = place.refused("all --data t.csv");
    assert!(error.contains("runs") && error.contains("Permission denied"), "{error}");
}

/// Runs `bench all` where no file may grow beyond so many blocks of 512 bytes, which is as good as a full disk.
#[cfg(unix)]
fn on_a_full_disk(place: &Place, blocks: usize, words: &str) -> std::process::Output {
    let bench = env!("CARGO_BIN_EXE_bench");
    let shell = format!("ulimit -f {blocks}; trap '' XFSZ; exec {} all {words}", bench);
    std::process::Command::new("sh").args(["-c", &shell]).current_dir(place.path(".")).output().unwrap()
}

#[test]
#[cfg(unix)]
fn a_disk_that_is_full_from_the_start() {
    let place = Place::new();
    place.write("t.csv", small_table(40, 3));
    let output = on_a_full_disk(&place, 8, "--data t.csv --models knn-1");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{talk}");
    assert!(talk.contains("runs") && talk.contains("File too large") && talk.contains("--out DIR"), "{talk}");
}

/// The plan and the split still fit, with names as short as these, but no cell does.
#[test]
#[cfg(unix)]
fn a_disk_that_fills_up_in_the_middle() {
    let place = Place::new();
    let table = small_table(130, 1);
    let renamed = table.lines().enumerate().map(|(number, line)| {
        let rest = line.split_once(',').unwrap().1;
        if number == 0 { format!("filename,{rest}") } else { format!("{number},{rest}") }
    });
    place.write("t.csv", renamed.collect::<Vec<_>>().join("\n"));
    let output = on_a_full_disk(&place, 18, "--data t.csv --models svm --holdout 10/90");
    let (board, talk) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{board}{talk}");
    assert!(talk.contains("cells") && talk.contains("--out DIR"), "{talk}");
    assert!(board.lines().any(|line| line.starts_with("svm")), "finished work is not lost:\n{board}{talk}");
    for file in std::fs::read_dir(place.path("runs/cells")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(name.ends_with(".lock"), "no half-written cell may stay behind: {name}");
    }
}

#[test]
fn a_store_of_another_version() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    place.write("runs/store.json", r#"{"format":99,"written_by":"genre-bench 9.0.0"}"#);
    for words in ["all --data t.csv", "show last", "export last"] {
        let error = place.refused(words);
        assert!(error.contains("format 99") && error.contains("genre-bench 9.0.0"), "{error}");
    }
    place.write("runs/store.json", "not a store");
    assert!(place.refused("all --data t.csv").contains("store.json"));
}
