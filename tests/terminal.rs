//! What people see on a terminal: it fits, it gives no orders, and its numbers do not say more than they know.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, ends, row, small_table};
use serde_json::Value;

/// Standard output and error of `bench` on a terminal of so many columns.
fn on_columns(place: &Place, columns: usize, words: &str) -> (String, String) {
    let mut bench = place.bench();
    bench.args(words.split_whitespace()).env("COLUMNS", columns.to_string());
    let output = ends(&mut bench, 0);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn everything_fits_a_narrow_terminal() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    place.run("all --data t.csv --models svm,ann-table,forest --calibrate platt --folds 3 --quiet");
    for columns in [1, 20, 30, 45, 80] {
        for words in [
            "show last",
            "show last --sort accuracy --columns accuracy,macro_f1,cohens_kappa,roc_auc,fit_seconds",
            "show last --confusion svm",
            "show last --per-class svm",
            "show last --reliability svm",
            "show last --insights forest",
            "show last --history ann-table",
            "all --data t.csv --dry-run",
            "list",
            "list models svm-c10 mlfi",
            "list experiment",
        ] {
            let (printed, _) = on_columns(&place, columns, words);
            // Narrower than a word there is only not to fail.
            let fits = |line: &&str| columns < 30 || line.chars().count() <= columns;
            let wide: Vec<&str> = printed.lines().filter(|line| !fits(line)).collect();
            assert!(wide.is_empty(), "{words}, {columns} columns: {wide:#?}");
        }
    }
    // Nothing is lost: every column of the wide table stands in the narrow ones.
    let (narrow, _) = on_columns(&place, 30, "show last");
    for head in
        ["F1", "95 % interval*", "acc.", "train", "top-3", "vote", "mean", "ECE", "fit s", "pred. s", "MB"]
    {
        assert!(
            narrow.lines().any(|line| line.starts_with("model") && line.contains(head)),
            "{head}\n{narrow}"
        );
    }
}

#[test]
fn examples_in_help_are_laid_out_once() {
    let place = Place::new();
    let (help, _) = on_columns(&place, 40, "show --help");
    assert!(
        help.contains("\n  bench show last --sort accuracy\n      the most accurate model first\n"),
        "{help}"
    );
    assert!(help.contains("\n      other metrics (`bench list\n      metrics` shows all)\n"), "{help}");
    let (help, _) = on_columns(&place, 100, "show --help");
    assert!(help.contains("  bench show last                         the latest leaderboard\n"), "{help}");
}

/// Labels, names of files and of tables that would clear the screen, set the window's title or turn the text around.
#[test]
fn names_give_a_terminal_no_orders() {
    let place = Place::new();
    let hostile = "ja\u{1b}[2J\u{1b}]0;x\u{7}zz\u{202e}";
    let table =
        small_table(6, 2).replace(",jazz\n", &format!(",{hostile}\n")).replace("blues.", "bl\u{9b}ues.");
    place.write("t\u{1b}[31m.csv", &table);
    place.write("split.csv", format!("clip,fold,part\nrock.00000,0,{hostile}\n"));
    let data = "--data t\u{1b}[31m.csv";
    let mut told = on_columns(&place, 100, &format!("all {data} --models knn-1 --folds 2")).0;
    for words in ["show last --confusion knn-1", "show last --per-class knn-1", "list runs"] {
        told += &place.run(words);
    }
    told += &place.run(&format!("all {data} --models knn-1 --folds 2 --dry-run"));
    told += &place.run("show last --json");
    for words in [format!("all {data} --protocol file:split.csv"), "all --data no\u{1b}[2J.csv".to_owned()] {
        told += &place.refused(&words);
    }
    let obeyed = |c: &char| (c.is_control() && *c != '\n') || *c == '\u{202e}';
    assert_eq!(told.chars().filter(obeyed).collect::<Vec<_>>(), [], "{told:?}");
    assert!(told.contains("ja�[2J�]0;x�zz�"), "{told}");
    // For programs they are what they are.
    let json: Value = serde_json::from_str(&place.run("show last --json")).unwrap();
    assert_eq!(json["dataset"]["classes"][1], hostile);
    assert!(place.run("export last --table per-class").contains(hostile));
}

#[test]
fn a_run_can_be_named_whatever_the_data_is_called() {
    let place = Place::new();
    for (name, start) in [("日本.csv", "日本-track-"), ("-x.csv", "x-track-"), ("(★).csv", "track-")] {
        place.write(name, small_table(4, 1));
        let run = place.json(&format!("--data ./{name} --models majority --folds 2"));
        let id = run["run"].as_str().unwrap();
        assert!(id.starts_with(start), "{name}: {id}");
        assert!(place.run(&format!("show {start}")).contains(id), "{name}");
    }
    let long = format!("{}.csv", "é".repeat(120));
    place.write(&long, small_table(4, 1));
    place.run(&format!("all --data {long} --models majority --folds 2"));
}

#[test]
fn names_that_were_read_as_segments_are_told_unless_they_are_gtzans() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let notes =
        |words: &str| place.json(&format!("{words} --models majority --folds 2"))["notes"].to_string();
    assert!(!notes("--data t.csv").contains("segment"));
    place.write("a.csv", small_table(10, 2).replace("blues.00003.", "blues album."));
    let told = notes("--data a.csv");
    assert!(told.contains("2 file names of 1 track end in a number"), "{told}");
    assert!(told.contains("`blues album.0.wav` as segment 0 of `blues album`"), "{told}");
}

#[test]
fn numbers_below_zero_are_refused_by_their_range() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    for (flag, said) in [
        ("--folds -1", "at least 2 folds"),
        ("--folds=-1", "at least 2 folds"),
        ("--seed -1", "a whole number from 0"),
        ("--segment -3", "a whole number of seconds"),
        ("--segment 1.5", "a whole number of seconds"),
        ("--repeats -1", "1..=1000"),
        ("--valid -5", "1..=50"),
        ("--jobs -2", "1..=1024"),
    ] {
        let error = place.refused(&format!("all --data t.csv {flag}"));
        assert!(error.contains(said) && !error.contains("unexpected argument"), "{flag}: {error}");
    }
    assert!(place.refused("tune svm --data t.csv --inner -1").contains("2..=100"));
}

#[test]
fn intervals_of_few_folds_say_so_wherever_they_stand() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    let words = "all --data t.csv --models knn-1,majority --quiet";
    let few = place.run(&format!("{words} --folds 3"));
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(few.contains("95 % interval*"), "{few}");
    assert!(flat(&few).contains("* The intervals rest on 3 folds alone"), "{few}");
    let json: Value = serde_json::from_str(&place.run("show last --json")).unwrap();
    assert!(json["interval_warning"].as_str().unwrap().contains("3 folds"), "{json}");
    assert!(place.run("export last").lines().next().unwrap().contains(",interval_warning,"));
    assert!(place.run("export last --format markdown").contains("| 95 % interval (3 folds) |"));
    assert!(place.run("export last --format latex").contains("95 \\% interval (3 folds)"));
    place.write("e.toml", "models = [\"knn-1\"]\n[data]\npath = \"t.csv\"\n[split]\nfolds = [2, 5]\n");
    assert!(
        flat(&place.run("run e.toml --quiet")).contains("it has one. The intervals rest on 2 folds alone")
    );
    let enough = place.run(&format!("{words} --folds 5"));
    assert!(!enough.contains("rest on") && !enough.contains("interval*"), "{enough}");
    assert!(!place.run(&format!("{words} --holdout 60/40")).contains("rest on"));
}

#[test]
fn calibration_that_made_a_model_worse_is_told() {
    let place = Place::new();
    place.write("t.csv", small_table(8, 1));
    let words = "all --data t.csv --models svm,logistic,naive-bayes,knn-1 --calibrate platt --quiet";
    let board = place.run(words).split_whitespace().collect::<Vec<_>>().join(" ");
    let json: Value = serde_json::from_str(&place.run("show last --json")).unwrap();
    let worse: Vec<&str> =
        json["worse_calibrated"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
    let ece = |model: &str, key: &str| row(&json, model)[key].as_f64().unwrap();
    for model in ["svm", "logistic", "naive-bayes", "knn-1"] {
        let is_worse = ece(model, "calibration_error") > ece(model, "calibration_error_before");
        assert_eq!(worse.contains(&model), is_worse, "{model}: {json}");
        assert_eq!(board.contains(&format!("{model} (ECE ")), is_worse, "{model}:\n{board}");
        let curve = place.run(&format!("show last --reliability {model}"));
        assert!(curve.contains("of all test parts pooled"), "{curve}");
    }
    assert!(!worse.is_empty(), "so few examples cannot calibrate all of them: {json}");
    assert!(board.contains("mean over folds (`bench"), "{board}");
}

#[test]
fn a_table_without_rows_has_its_heads_and_says_why() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    place.run("all --data t.csv --models knn-1 --folds 2");
    for (table, why) in [
        ("history", "no model of the run is trained in epochs"),
        ("reliability", "the run was not calibrated"),
        ("ablation", "left out no columns"),
        ("importances", "tells what its columns count"),
    ] {
        let mut bench = place.bench();
        let output = ends(bench.args(["export", "last", "--table", table]), 0);
        let (text, told) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(text.starts_with("model,") && text.lines().count() == 1, "{table}: {text}");
        assert!(told.contains("the table has no rows") && told.contains(why), "{table}: {told}");
    }
}

#[test]
fn tables_for_people_are_in_peoples_units() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    place.run("all --data t.csv --models knn-1,ann-table --set ann-table.epochs=2 --folds 2");
    let board = place.run("export last --format markdown");
    assert!(board.starts_with("| model | F1 | 95 % interval (2 folds) | acc. |"), "{board}");
    assert!(
        board.lines().next().unwrap().ends_with("| MB | not as published |"),
        "bytes are for programs: {board}"
    );
    let classes = place.run("export last --table per-class --format latex");
    assert!(classes.contains("precision in \\% & recall in \\% & f1 in \\% & support"), "{classes}");
    assert!(!classes.contains("0.9"), "{classes}");
    let history = place.run("export last --table history --format markdown");
    assert!(
        history.starts_with("| model | repeat | fold | epoch | train loss | train accuracy in % |"),
        "{history}"
    );
    assert!(history.contains("| ann-table | 0 | 0 | 1 |"), "{history}");
    assert!(place.run("show last --history ann-table").starts_with("ann-table, fold 0\n"));
}

/// As the help and docs/results.md list them.
#[test]
fn exit_statuses_are_those_of_the_help() {
    let place = Place::new();
    for (genre, hz) in [("blues", 200.0), ("rock", 900.0)] {
        for number in 0..3 {
            let tone = common::tone(hz + 10.0 * number as f32, 3.2);
            place.write(&format!("music/{genre}/{genre}.{number:05}.wav"), tone);
        }
    }
    place.write("music/rock/broken.wav", "no sound");
    let status = |words: &str, status| ends(place.bench().args(words.split_whitespace()), status);
    let all = status("all --data music --segment 3 --models majority --folds 2", 0);
    assert!(String::from_utf8(all.stdout).unwrap().contains("could not be used"));
    status("data audit music", 0);
    status("features music --seconds 3 -o f.csv", 1);
    status("data audit none", 2);
}
