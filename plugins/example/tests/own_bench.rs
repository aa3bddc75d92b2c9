//! The `main.rs` that the README shows plugin authors: it runs, and its model stands on the leaderboard.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn a_model_of_ones_own_is_scored_beside_the_suites() {
    // Cargo builds the examples before it runs tests, and puts them beside the folder of the tests.
    let tests = std::env::current_exe().unwrap();
    let bench = tests.parent().unwrap().parent().unwrap().join("examples/bench");
    let out = tempfile::tempdir().unwrap();
    let output = Command::new(bench)
        .args(["all", "--models", "nearest-centroid,majority", "--json", "--out"])
        .arg(out.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let f1 = |at: usize| run["leaderboard"][at]["macro_f1"].as_f64().unwrap();
    assert_eq!(run["leaderboard"][0]["model"], "nearest-centroid");
    assert!(f1(0) > 0.3 && f1(0) > f1(1), "it learns: {run}");
}
