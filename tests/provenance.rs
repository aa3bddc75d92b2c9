//! By what and where results were made.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, ends, small_table};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Command;

/// What `bench show last` tells beside the leaderboard, as one line.
fn told(place: &Place) -> String {
    let output = ends(place.bench().args(["show", "last"]), 0);
    String::from_utf8(output.stderr).unwrap().replace('\n', " ")
}

/// What git says of the checkout that the tests are of; `None` outside of one.
fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(words).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn results_say_which_commit_and_machine_made_them() {
    let place = Place::new();
    place.write("t.csv", small_table(8, 2));
    let run = place.json("--data t.csv --models knn-1,majority --folds 2 --jobs 1");
    let made = run["made"].as_array().unwrap();
    assert_eq!((made.len(), &made[0]["fits"]), (1, &4.into()));
    let made = &made[0]["made"];
    let machine = &made["machine"];
    assert!(
        machine["cores"].as_u64().unwrap() > 0 && machine["memory"].as_u64().unwrap() > 1 << 26,
        "{machine}"
    );
    assert_eq!((&made["jobs"], &machine["arch"]), (&1.into(), &std::env::consts::ARCH.into()));
    // The program is compiled again for every commit that the checkout's log has.
    let logged = git(&["rev-parse", "--git-path", "logs/HEAD"])
        .is_some_and(|log| Path::new(env!("CARGO_MANIFEST_DIR")).join(log).is_file());
    let commit = made["commit"].as_str().map(|commit| commit.trim_end_matches("-dirty").to_owned());
    if logged {
        assert_eq!(commit, git(&["rev-parse", "HEAD"]));
    }
    let commit = commit.unwrap_or_else(|| "built outside of a checkout".to_owned());
    let arch = std::env::consts::ARCH;
    place.run("report last -o report.html");
    place.run("export last --card knn-1 -o card.md");
    place.run("export last --mlflow mlflow");
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    for (what, text) in [("show", told(&place)), ("report", read("report.html")), ("card", read("card.md"))] {
        let text: String = text.replace('\n', " ").replace('\\', "");
        assert!(text.contains(&commit) && text.contains(arch), "{what}: {text}");
    }
    let tag = |name: &str| {
        let output = Command::new("find")
            .args([".", "-path", &format!("*/tags/{name}")])
            .current_dir(place.path("mlflow"))
            .output();
        let found = String::from_utf8(output.unwrap().stdout).unwrap();
        read(&format!("mlflow/{}", found.lines().next().unwrap_or_else(|| panic!("no tag {name}"))))
    };
    assert!(tag("machine").contains(arch) && tag("commit").starts_with(&commit));
    if logged {
        assert_eq!(tag("mlflow.source.git.commit"), commit);
    }
}

/// Cells of before there was such a record.
#[test]
fn results_without_such_a_record_open_and_say_so() {
    let place = Place::new();
    place.write("t.csv", small_table(8, 2));
    place.run("all --data t.csv --models knn-1,majority --folds 2");
    for entry in std::fs::read_dir(place.path("runs/cells")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut cell: Value = serde_json::from_str(&text).unwrap();
            cell.as_object_mut().unwrap().remove("sha256").unwrap();
            cell["content"].as_object_mut().unwrap().remove("made").unwrap();
            let text = cell.to_string();
            let checksum: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
            std::fs::write(&path, format!("{{\"sha256\":\"{checksum}\",{}", &text[1..])).unwrap();
        }
    }
    let run: Value = serde_json::from_str(&place.run("show last --json")).unwrap();
    assert_eq!((&run["made"][0]["made"], &run["made"][0]["fits"]), (&Value::Null, &4.into()));
    let text = told(&place);
    assert!(text.contains("commit: not recorded; on: not recorded"), "{text}");
}
