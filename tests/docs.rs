//! README, CONTRIBUTING and docs/: their examples run, their commands are ones that the program has, their links lead
//! somewhere.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Block, Place, blocks, ends, small_table};
use std::path::{Path, PathBuf};

/// Folders that CONTRIBUTING names files of.
const ROOMS: [&str; 9] =
    ["src/", "plugins/", "tests/", "docs/", "data/", "benches/", "results/", "scripts/", ".ci/"];

/// Where the paths of the repository start.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a command is told that is right, where what it reads is not there. Files are opened as encoders with the feature
/// `onnx` alone.
const MISSING: [&str; 7] = [
    "No such file",
    "no stored runs",
    "is not empty",
    "built without CUDA",
    "opens no files as encoders",
    "has no module",
    "is a file that is not there",
];

/// The pages, by their paths in the repository, with their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let in_docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let beside = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md"];
    let paths = beside.map(|name| root().join(name)).into_iter().chain(in_docs);
    let mut pages: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| (path.strip_prefix(root()).unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    pages.sort();
    pages
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// What `bench` is given in the lines of a block that call it: its arguments without comments, pipes and redirections.
fn commands(block: &Block) -> Vec<Vec<String>> {
    let language = block.info.split(' ').next().unwrap_or_default();
    if !["sh", "console"].contains(&language) {
        return Vec::new();
    }
    let arguments = |line: &str| {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let whole = match line.strip_prefix("bench ") {
            Some(rest) => rest,
            None => {
                line.strip_prefix("cargo run ").filter(|rest| !rest.contains(" -p "))?.split_once("-- ")?.1
            }
        };
        let ends_at = [" #", " |", " >"].iter().filter_map(|mark| whole.find(mark)).min();
        let whole = &whole[..ends_at.unwrap_or(whole.len())];
        Some(whole.split_whitespace().map(str::to_owned).collect())
    };
    block.text.lines().filter_map(arguments).collect()
}

/// A folder with what the examples of the pages read.
fn place() -> Place {
    let place = Place::new();
    let table = small_table(10, 3);
    let mut artists = String::from("filename,artist\n");
    for (number, row) in table.lines().skip(1).step_by(3).enumerate() {
        let (filename, _) = row.split_once(',').unwrap();
        artists += &format!("{filename},artist {}\n", number / 2);
    }
    place.write("my.csv", table);
    place.write("artists.csv", artists);
    place.write("other.csv", small_table(6, 1));
    place.write("my.safetensors", "only hashed where nothing is run");
    place
}

#[test]
fn examples_of_experiments_run() {
    let examples: Vec<Block> =
        blocks(&page("docs/experiments.md")).into_iter().filter(|block| block.info == "toml").collect();
    assert!(examples.len() >= 3, "the page promises three examples");
    let place = place();
    for Block { text, .. } in examples {
        place.write("experiment.toml", &text);
        let output = ends(place.bench().args(["run", "experiment.toml"]), 0);
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains("95 % interval"), "{text}\n{printed}");
    }
}

#[test]
fn experiments_of_other_pages_can_be_read() {
    for (path, text) in pages().iter().filter(|(path, _)| path != Path::new("docs/experiments.md")) {
        for Block { text, .. } in blocks(text).iter().filter(|block| block.info == "toml") {
            let place = Place::new();
            place.write("experiment.toml", text);
            let output = place.bench().args(["run", "experiment.toml", "--dry-run"]).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            let understood = MISSING.iter().any(|reason| told.contains(reason));
            assert!(understood, "{}\n{text}\n{told}", path.display());
        }
    }
}

#[test]
fn blocks_that_say_so_run() {
    for (path, text) in pages() {
        // The commands of a page follow each other in one folder.
        let place = place();
        for block in blocks(&text).iter().filter(|block| block.info == "sh run") {
            let commands = commands(block);
            assert!(!commands.is_empty(), "{}: nothing to run in\n{}", path.display(), block.text);
            for command in commands {
                ends(place.bench().args(&command), 0);
            }
        }
    }
}

/// Every other command gets as far as the data that it has not: so its subcommand, flags, values, models and parameters
/// are right.
#[test]
fn all_other_commands_are_ones_that_the_program_has() {
    let mut count = 0;
    for (path, text) in pages() {
        for block in blocks(&text).iter().filter(|block| block.info != "sh run") {
            for mut command in commands(block) {
                let place = Place::new();
                let words: Vec<&str> = command.iter().map(String::as_str).collect();
                match words[..] {
                    // Nothing may be written where something lies already.
                    ["data", "synth", folder, ..] => drop(place.write(&format!("{folder}/occupied"), "")),
                    ["all" | "tune" | "ablate" | "reproduce", ..] if !words.contains(&"--help") => {
                        if !words.contains(&"--data") {
                            command.extend(["--data", "missing"].map(str::to_owned));
                        }
                        command.push("--dry-run".to_owned());
                    }
                    _ => {}
                }
                let output = place.bench().args(&command).output().unwrap();
                let told = String::from_utf8(output.stderr).unwrap();
                let understood =
                    output.status.success() || MISSING.iter().any(|reason| told.contains(reason));
                assert!(understood, "{}: bench {}\n{told}", path.display(), command.join(" "));
                count += 1;
            }
        }
    }
    assert!(count > 30, "only {count} commands were found");
}

#[test]
fn every_key_of_an_experiment_is_explained() {
    let page = page("docs/experiments.md");
    for key in genre_bench::experiment::keys() {
        let name = format!("`{}", key.path.trim_end_matches('*'));
        assert!(page.contains(&name), "docs/experiments.md does not explain `{}`", key.path);
    }
}

#[test]
fn links_lead_somewhere() {
    let mut count = 0;
    for (path, text) in pages() {
        for target in
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
        {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let linked = if file.is_empty() {
                root().join(&path)
            } else {
                root().join(&path).parent().unwrap().join(file)
            };
            assert!(linked.exists(), "{}: there is no {target}", path.display());
            if !heading.is_empty() {
                let there = std::fs::read_to_string(&linked).unwrap();
                let headings = there.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(headings.into_iter().any(|other| other == heading), "{}: {target}", path.display());
            }
            count += 1;
        }
    }
    assert!(count > 20, "only {count} links were found");
}

/// The name by which a heading is linked to.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn walkthroughs_name_files_that_are_there() {
    let text = page("CONTRIBUTING.md");
    let spans = text.split('`').skip(1).step_by(2);
    // Names of files that somebody is to write hold the word NAME.
    let paths = spans.filter(|span| {
        ROOMS.iter().any(|room| span.starts_with(room)) && !span.contains("NAME") && !span.contains(' ')
    });
    let missing = paths.filter(|path| !root().join(path).exists());
    let missing: Vec<&str> = missing.collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md names {missing:?}");
}

#[test]
fn the_readme_is_short_and_shows_the_example_plugin_as_it_is() {
    let readme = page("README.md");
    let words = readme.split_whitespace().count();
    assert!(words <= 1300, "README.md has {words} words");
    let shown: Vec<Block> = blocks(&readme).into_iter().filter(|block| block.info == "rust").collect();
    for (block, file) in shown.iter().zip(["plugins/example/src/lib.rs", "plugins/example/examples/bench.rs"])
    {
        let source = page(file);
        let code = source
            .trim_start_matches(|c| c != '\n')
            .lines()
            .skip_while(|line| line.starts_with("//!") || line.is_empty());
        let code: String = code.map(|line| format!("{line}\n")).collect();
        // There it is in a crate of the reader's.
        let code = code.replace("genre_bench_example", "my_bench");
        assert_eq!(block.text, code, "the README shows {file} otherwise");
    }
    assert_eq!(shown.len(), 2);
}

#[test]
fn the_table_of_reduced_configurations_is_whole() {
    let page = page("docs/models.md");
    let listed: serde_json::Value = serde_json::from_str(&Place::new().run("list models --json")).unwrap();
    let mut count = 0;
    for model in listed["models"].as_array().unwrap() {
        let (name, variant_of) = (model["model"].as_str().unwrap(), model["variant_of"].as_str());
        let row = page.lines().find(|line| {
            let networks = line.strip_prefix('|').and_then(|rest| rest.split('|').next()).unwrap_or_default();
            networks.contains(&format!("`{name}`"))
                || variant_of.is_some_and(|of| networks.contains(&format!("`{of}` and all its variants")))
        });
        for (parameter, reduced) in model["quick"].as_object().unwrap() {
            let params = model["params"].as_array().unwrap();
            let default =
                &params.iter().find(|param| param["name"] == parameter.as_str()).unwrap()["default"];
            let reduced = reduced.as_str().unwrap();
            let published: genre_bench_api::Value = serde_json::from_value(default.clone()).unwrap();
            let published = published.to_string();
            if reduced == published {
                continue;
            }
            let row = row.unwrap_or_else(|| panic!("{name} has no row"));
            let change = format!("{parameter} {reduced} instead of {published}");
            assert!(row.contains(&change), "{name}: `{change}` is missing in {row}");
            count += 1;
        }
    }
    assert!(count > 50, "only {count} changes were found");
}

#[test]
fn every_page_is_in_the_index() {
    let index = page("docs/README.md");
    for (path, _) in pages() {
        if let Ok(name) = path.strip_prefix("docs") {
            let name = name.to_str().unwrap();
            assert!(
                name == "README.md" || index.contains(&format!("]({name})")),
                "docs/README.md lacks {name}"
            );
        }
    }
}
