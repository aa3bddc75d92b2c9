//! What is no part of the program and is used where it is there.

use super::{FindPython, Finding};
use crate::recordings::layouts::{self, KNOWN};
use serde_json::json;
use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long Python is waited for.
const PATIENCE: Duration = Duration::from_millis(900);
/// Folders that are looked at for datasets.
const MOST_FOLDERS: usize = 200;
/// Says which Python it is, and which of the packages it has: they are found and not imported, which takes seconds.
const PROBE: &str = "import sys\nfrom importlib.util import find_spec\n\
    print(sys.version.split()[0], *[n for n in ('numpy', 'pyarrow', 'sklearn') if find_spec(n)])";

/// The Python that runs models in Python.
pub(super) fn python(find: Option<FindPython>) -> Finding {
    let Some(python) = find.map(|find| find()) else {
        let hint = "`Bench::opening_models` adds them";
        return Finding::note(
            "python",
            "this program has no models in Python",
            hint,
            json!({ "python": null }),
        );
    };
    let name = python.to_string_lossy().into_owned();
    let install = "For models in Python (`--models sklearn:svm.SVC`) install numpy and pyarrow there, or name another with \
                   GENRE_BENCH_PYTHON";
    let said = match answer(&python) {
        Ok(said) => said,
        Err(Silent::Slow) => {
            let says = format!("{name} did not answer in {} ms", PATIENCE.as_millis());
            let hint = "Models in Python wait longer; again when the machine is less busy";
            return Finding::note("python", says, hint, json!({ "python": name }));
        }
        Err(Silent::Fault(why)) => {
            return Finding::note("python", format!("{name} {why}"), install, json!({ "python": name }));
        }
    };
    let mut words = said.split_whitespace();
    let version = words.next().unwrap_or("of unknown version");
    let has: Vec<&str> = words.collect();
    let missing: Vec<&str> =
        ["numpy", "pyarrow"].into_iter().filter(|wanted| !has.contains(wanted)).collect();
    let facts = json!({ "python": name, "version": version, "has": has, "missing": missing });
    let packages = if has.is_empty() { "none of the packages".to_owned() } else { has.join(", ") };
    let says = format!("{name} {version} with {packages}");
    if missing.is_empty() {
        return Finding::ok("python", says, facts);
    }
    Finding::note("python", format!("{says}, without {}", missing.join(", ")), install, facts)
}

/// Why Python says nothing.
enum Silent {
    /// It takes its time.
    Slow,
    /// It cannot, for this reason.
    Fault(String),
}

/// What Python says.
fn answer(python: &OsString) -> Result<String, Silent> {
    let mut child = Command::new(python)
        .args(["-c", PROBE])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| Silent::Fault(format!("is not there or cannot be started: {e}")))?;
    let start = Instant::now();
    let ended = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(3)),
            _ => {
                let _ = child.kill().and_then(|()| child.wait());
                return Err(Silent::Slow);
            }
        }
    };
    let mut said = String::new();
    let read = child.stdout.take().map(|out| out.take(4096).read_to_string(&mut said));
    match (ended, read) {
        (true, Some(Ok(_))) if !said.trim().is_empty() => Ok(said),
        _ => Err(Silent::Fault("does not run as a Python should".to_owned())),
    }
}

/// What `bench all --on slurm` submits with.
pub(super) fn slurm() -> Finding {
    match on_path("sbatch") {
        Some(path) => Finding::ok(
            "slurm",
            format!("{} (`bench all --on slurm`)", path.display()),
            json!({ "sbatch": path }),
        ),
        None => {
            let hint = "Only `--on slurm` needs it; docs/clusters.md shows other ways to many machines";
            Finding::note("slurm", "sbatch is not on PATH", hint, json!({ "sbatch": null }))
        }
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Datasets that are known by their layout, here and in the folders here.
pub(super) fn data() -> Finding {
    let below = std::fs::read_dir(".").into_iter().flatten().flatten().take(MOST_FOLDERS);
    let mut folders: Vec<PathBuf> = below
        .filter(|entry| entry.path().is_dir())
        .map(|entry| PathBuf::from(entry.file_name()))
        .chain([PathBuf::from(".")])
        .chain(std::env::var_os("GENRE_BENCH_GTZAN").map(PathBuf::from))
        .collect();
    folders.sort();
    folders.dedup();
    // The last is any folder.
    let any = KNOWN[KNOWN.len() - 1];
    let found: Vec<(String, &str)> = folders
        .iter()
        .filter(|folder| folder.is_dir())
        .map(|folder| (folder.display().to_string(), layouts::of_folder(folder).name))
        .filter(|(_, name)| *name != any.name)
        .collect();
    let facts = json!({
        "found": found.iter().map(|(folder, name)| json!({ "folder": folder, "layout": name })).collect::<Vec<_>>(),
    });
    if found.is_empty() {
        let hint = "`bench data fetch` gets one, `--data DIR` names any folder; without, built-in music is used, which is synthetic";
        return Finding::note("data", "no dataset of a known layout in this folder", hint, facts);
    }
    let found: Vec<String> = found.iter().map(|(folder, name)| format!("{folder} ({name})")).collect();
    Finding::ok("data", format!("--data {}", found.join(", ")), facts)
}
