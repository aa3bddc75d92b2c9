//! The rooms of the crate form a straight tower: none uses one that is above it.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::{Path, PathBuf};

/// From the top to the bottom.
const ROOMS: [&str; 9] =
    ["models", "network", "train", "weights", "layers", "autograd", "ops", "kernels", "geometry"];
/// What stands beside the tower and uses nothing of it.
const BESIDE: [&str; 3] = ["cuda_libraries", "device", "failure"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The file or folder of `src` that a source file is in.
fn room_of(source: &Path) -> String {
    let inside = source.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The rooms that a text names behind `crate::`.
fn named(text: &str) -> Vec<String> {
    let names = |rest: &str| -> Vec<String> {
        let first = |path: &str| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            path.trim_start().chars().take_while(|&c| is_name(c)).collect()
        };
        match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(',').map(first).collect(),
            None => vec![first(rest)],
        }
    };
    let code =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    code.split("crate::").skip(1).flat_map(names).collect()
}

#[test]
fn no_room_uses_one_above_it() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut seen = Vec::new();
    for file in &files {
        let (room, text) = (room_of(file), std::fs::read_to_string(file).unwrap());
        if ["lib", "on_kernels"].contains(&room.as_str()) {
            continue;
        }
        let level = ROOMS.iter().position(|name| *name == room);
        assert!(level.is_some() || BESIDE.contains(&room.as_str()), "{} is in no room", file.display());
        for used in named(&text) {
            let place = format!("{} uses crate::{used}", file.display());
            match (level, ROOMS.iter().position(|name| *name == used)) {
                (_, None) => assert!(BESIDE.contains(&used.as_str()), "{place}, which is no room"),
                (Some(own), Some(other)) => assert!(own <= other, "{place}, which is above it"),
                (None, Some(_)) => panic!("{place}, but stands beside the tower"),
            }
        }
        // A `super::` that leaves the room would not be found by its name.
        let depth = file
            .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
            .unwrap()
            .components()
            .count();
        let up = "super::".repeat(if file.ends_with("mod.rs") { depth - 1 } else { depth });
        let tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        assert!(!tests.contains(&up), "{} leaves its room by {up}", file.display());
        seen.push(room);
    }
    assert!(ROOMS.iter().chain(&BESIDE).all(|room| seen.iter().any(|seen| seen == room)), "{seen:?}");
}

#[test]
fn the_choice_between_cpu_and_cuda_is_made_in_one_place() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let choosing = |file: &&PathBuf| std::fs::read_to_string(file).unwrap().contains("kernels::run_on(");
    let mut choosing: Vec<String> = files
        .iter()
        .filter(choosing)
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    choosing.sort();
    // ops/mod.rs says which devices have bf16, and chooses nothing.
    assert_eq!(choosing, ["dispatch.rs", "mod.rs"]);
}
