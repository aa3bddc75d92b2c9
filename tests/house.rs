//! The rooms of src/ stand in one tower: each imports from those below it alone.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::path::{Path, PathBuf};

/// From the top down. `score` stands beside the tower: it needs nothing of it, and only what is above `run` needs it.
const TOWER: [&str; 10] =
    ["cli", "experiment", "report", "run", "protocol", "dataset", "recordings", "features", "audio", "util"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    files
}

/// The rooms that a file imports from.
fn imports(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let names = text.split("crate::").skip(1);
    names.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn rooms_import_from_those_below_alone() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floor = |room: &str| TOWER.iter().position(|other| *other == room);
    let mut wrong = Vec::new();
    for room in TOWER.into_iter().chain(["score"]) {
        for file in sources(&src.join(room)) {
            for import in imports(&file) {
                let allowed = match (floor(room), floor(&import)) {
                    _ if import == room => true,
                    (Some(own), Some(other)) => own < other,
                    (None, Some(_)) => import == "util",
                    (Some(own), None) => import != "score" || own <= 3,
                    (None, None) => true,
                };
                if !allowed {
                    wrong.push(format!("{} imports {import}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_program_names_the_plugin_crates() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let naming = sources(&src).into_iter().filter(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().any(|line| {
            !line.trim_start().starts_with("//")
                && ["genre_bench_classical", "genre_bench_external", "genre_bench_neural", "genre_bench_onnx"]
                    .iter()
                    .any(|name| line.contains(name))
        })
    });
    assert_eq!(naming.collect::<Vec<_>>(), [src.join("main.rs")]);
}

/// A file that somebody else wrote comes in through one door, `util::open`.
#[test]
fn files_are_opened_at_one_door() {
    // The door, and what reads what the program itself wrote: a download's part, its own executable; the door of
    // networks and of the contract, which cannot use the harness's: weights and checkpoints; and what the system says of its
    // memory and of processes.
    const ALLOWED: [&str; 8] = [
        "src/util/open.rs",
        "src/recordings/fetch/part.rs",
        "src/run/budget.rs",
        "src/run/program.rs",
        "plugins/neural/src/layers/regular_file.rs",
        "plugins/neural/src/weights/files/door.rs",
        "plugins/api/src/given_file.rs",
        "plugins/external/src/process/descendants.rs",
    ];
    const DOORS: [&str; 5] = ["File::open(", "fs::read(", "fs::read_to_string(", "from_path(", ".read(true)"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = sources(&root.join("src"));
    for plugin in ["api", "classical", "example", "external", "neural", "onnx"] {
        files.extend(sources(&root.join("plugins").join(plugin).join("src")));
    }
    let mut opening = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let name = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        opening.extend(
            code.filter(|line| DOORS.iter().any(|door| line.contains(door)))
                .map(|line| (name.clone(), line.to_owned())),
        );
    }
    assert!(opening.iter().any(|(name, _)| name == ALLOWED[0]), "the search finds nothing");
    opening.retain(|(name, _)| !ALLOWED.contains(&name.as_str()));
    assert!(opening.is_empty(), "use `util::open_regular` and its like: {opening:#?}");
}
