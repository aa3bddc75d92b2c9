//! The steps of docs/your-model.md, word by word, in a package of its own outside of this workspace.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Block, Place, blocks, ends};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The suite's checkout.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo has built what this test runs.
fn target() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

/// Cargo as a user calls it: what it tells its tests of themselves would make it build anew.
fn cargo(folder: &Path, words: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    let own = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    let told = std::env::vars_os().map(|(name, _)| name);
    for name in told.filter(|name| own.iter().any(|start| name.to_string_lossy().starts_with(start))) {
        cargo.env_remove(name);
    }
    cargo.args(words.split_whitespace()).current_dir(folder).env("CARGO_TARGET_DIR", target());
    cargo
}

/// What the compiler calls this platform.
fn platform() -> String {
    let about = ends(Command::new(env!("CARGO")).arg("-vV"), 0).stdout;
    let about = String::from_utf8(about).unwrap();
    about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// The libraries of this workspace and all that they need, as they are built already, by the names that code calls them.
fn libraries() -> BTreeMap<String, PathBuf> {
    let output = ends(&mut cargo(root(), "build --release --offline --message-format=json"), 0).stdout;
    let messages = String::from_utf8(output).unwrap();
    let artifacts = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let library = |message: Value| {
        let file = message["filenames"].as_array()?.iter().find_map(|file| {
            let file = file.as_str()?;
            file.ends_with(".rlib").then(|| PathBuf::from(file))
        })?;
        Some((message["target"]["name"].as_str()?.replace('-', "_"), file))
    };
    artifacts.filter_map(library).collect()
}

/// Compiles a file of the package as cargo would, against the libraries that its manifest names.
fn compiled(package: &Path, file: &str, kind: &[&str], externs: &[(&str, &Path)]) -> PathBuf {
    let output = package.join(file.replace(['/', '.'], "_"));
    let output = if kind.contains(&"lib") { package.join("libmy_bench.rlib") } else { output };
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024"]).args(kind).arg(file).current_dir(package).arg("-o").arg(&output);
    rustc.arg("-L").arg(format!("dependency={}", target().join("release/deps").display()));
    for (name, library) in externs {
        rustc.arg("--extern").arg(format!("{name}={}", library.display()));
    }
    ends(&mut rustc, 0);
    output
}

/// Everything is done as the page says but for the build: what cargo would build anew for another workspace, a minute of
/// it, is linked as it is.
#[test]
fn the_steps_of_the_page_make_a_program_with_a_model_of_ones_own() {
    let page = std::fs::read_to_string(root().join("docs/your-model.md")).unwrap();
    let steps = page.split_once("## Steps").unwrap().1;
    let steps: Vec<Block> = blocks(steps).into_iter().filter(|block| block.info == "sh").collect();
    let [make, run] = &steps[..] else { panic!("the page has {} blocks of steps", steps.len()) };

    let place = Place::new();
    std::os::unix::fs::symlink(root(), place.path("genre-bench")).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &make.text]).current_dir(place.path(".")).env("CARGO_NET_OFFLINE", "true");
    ends(&mut shell, 0);
    let package = place.path("my-bench");

    // What it needs can be had as its manifest says, in the versions of the suite. Nobody has downloaded what other platforms need.
    let words = format!("metadata --offline --format-version 1 --filter-platform {}", platform());
    let metadata = ends(&mut cargo(&package, &words), 0).stdout;
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    let own = metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == "my-bench").unwrap();
    let needs: Vec<String> = own["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dependency| dependency["name"].as_str().unwrap().replace('-', "_"))
        .collect();
    assert_eq!(needs, ["genre_bench", "genre_bench_api", "genre_bench_classical", "ndarray"]);

    let libraries = libraries();
    let mut externs: Vec<(&str, &Path)> =
        needs.iter().map(|name| (name.as_str(), libraries[name].as_path())).collect();
    let library =
        compiled(&package, "src/lib.rs", &["--crate-type", "lib", "--crate-name", "my_bench"], &externs);
    externs.push(("my_bench", &library));
    let program = compiled(&package, "src/main.rs", &["--crate-name", "my_bench_main"], &externs);
    ends(&mut Command::new(compiled(&package, "tests/my_model.rs", &["--test"], &externs)), 0);

    let command =
        run.text.lines().find_map(|line| line.trim().strip_prefix("cargo run --release -- ")).unwrap();
    let mut bench = Command::new(program);
    bench.args(command.split_whitespace()).args(["--json", "--quiet"]).current_dir(&package);
    let board: Value = serde_json::from_slice(&ends(&mut bench, 0).stdout).unwrap();
    let row = common::row(&board, "nearest-centroid");
    assert!(row["macro_f1"].as_f64().unwrap() > 0.3, "{row}");
    common::row(&board, "svm");
}
