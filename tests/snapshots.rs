//! What people see: every help text, a leaderboard, the main errors. After a change that is meant,
//! `INSTA_UPDATE=always cargo test --release --test snapshots` writes them anew; read the difference before committing.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, small_table};

/// All commands, and those below them.
const COMMANDS: [&str; 29] = [
    "",
    "all",
    "run",
    "plan",
    "work",
    "status",
    "merge",
    "tune",
    "ablate",
    "reproduce",
    "features",
    "cache",
    "cache prune",
    "runs",
    "runs prune",
    "doctor",
    "data",
    "data fetch",
    "data audit",
    "data synth",
    "list",
    "show",
    "export",
    "check",
    "report",
    "plot",
    "completions",
    "man",
    "help",
];

/// What differs from version to version or, as the hash in a run's name, from build to build must not be in a snapshot.
fn settled(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("Again without fitting: ") {
        Some(_) => "Again without fitting: bench show RUN".to_owned(),
        None => line.trim_end().replace(env!("CARGO_PKG_VERSION"), "VERSION"),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn help() {
    let place = Place::new();
    for command in COMMANDS {
        let words = if command == "help" { "help".to_owned() } else { format!("{command} --help") };
        let name = format!("help {command}").trim().replace(' ', "-");
        insta::assert_snapshot!(name, settled(&place.run(&words)));
    }
}

#[test]
fn a_leaderboard() {
    let place = Place::new();
    place.write("t.csv", small_table(8, 2));
    let columns =
        "--columns macro_f1,accuracy,train_macro_f1,top3_accuracy,clip_vote_macro_f1,clip_mean_macro_f1";
    let text =
        place.run(&format!("all --data t.csv --models classical,baseline --protocol segment {columns}"));
    insta::assert_snapshot!("leaderboard", settled(&text));
    place.write(
        "e.toml",
        "models = [\"knn-1\", \"ridge\"]\n[data]\npath = \"t.csv\"\n[split]\nprotocol = [\"segment\", \"track\"]\n[parameters.ridge]\nalpha = [1, 100]\n",
    );
    let text = place.run("run e.toml --quiet");
    let closing: Vec<&str> =
        text.lines().skip_while(|line| !line.starts_with("model  ") || !line.contains("protocol")).collect();
    insta::assert_snapshot!("comparison", closing.join("\n"));
}

#[test]
fn lists() {
    let place = Place::new();
    for words in ["list models", "list models svm", "list protocols", "list experiment", "list metrics"] {
        insta::assert_snapshot!(words.replace(' ', "-"), settled(&place.run(words)));
    }
}

#[test]
fn errors() {
    let place = Place::new();
    place.write("t.csv", small_table(8, 2));
    place.write("broken.csv", "filename,x,label\nblues.0.wav,1,blues\njazz.0.wav,one,jazz\n");
    place.write("unlabelled.csv", "filename,x\nblues.0.wav,1\n");
    place.write("one.csv", "filename,x,label\nblues.0.wav,1,blues\nblues.1.wav,2,blues\n");
    place.write("e.toml", "modles = []\n");
    place.write("f.toml", "[split]\nfolds = \"five\"\n");
    let mut told = String::new();
    for words in [
        "all --data missing.csv",
        "all --data broken.csv",
        "all --data unlabelled.csv",
        "all --data one.csv",
        "all --data t.csv --folds 50",
        "all --data t.csv --protocol artist",
        "all --data t.csv --models svn",
        "all --data t.csv --models cnn-5block",
        "all --data t.csv --models svm --set svm.c=-1",
        "all --data t.csv --models svm --set svm.cost=1",
        "all --data t.csv --device cuda",
        "all --protocol tracks",
        "run e.toml",
        "run f.toml",
        "run missing.toml",
        "tune majority --data t.csv",
        "reproduce majority",
        "show last",
        "export last",
        "list models svn",
    ] {
        let output = ends(place.bench().args(words.split_whitespace()), 2);
        told += &format!("$ bench {words}\n{}\n", String::from_utf8(output.stderr).unwrap());
    }
    insta::assert_snapshot!("errors", settled(&told));
}
