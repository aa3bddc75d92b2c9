//! Models in other processes that end, hang, flood or multiply: an error says so, and nothing of them is left.
//!
//! The process is the example `outsider`, which cargo builds before it runs all tests of the package; alone:
//! `cargo test -p genre-bench-external --examples --test isolation`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use genre_bench_api::{Error, Examples, Fitted, Inputs, Model, Observer, Run};
use ndarray::Array2;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A model that is the outsider, with a fault of its own and some more lines of TOML.
struct Place {
    folder: TempDir,
    model: Box<dyn Model>,
}

fn outsider() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples/outsider")
}

fn place(fault: &str, more: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outsider.toml");
    let parameters = format!("[parameters]\nfault = \"{fault}\"\n");
    let env = format!("OUTSIDER_SECONDS={}", seconds(fault));
    let mark = format!("OUTSIDER_MARK={}", folder.path().join("mark").display());
    let command = format!("command = [\"env\", {env:?}, {mark:?}, {:?}]\n", outsider());
    std::fs::write(&path, format!("{command}{more}\n{parameters}")).unwrap();
    let model = genre_bench_external::open(&format!("external:{}", path.display())).unwrap().unwrap();
    Place { folder, model }
}

/// How long what a fault leaves behind sleeps, by which it is found; another for each, and for each run of the tests.
fn seconds(fault: &str) -> String {
    let of_fault: u32 = fault.bytes().map(u32::from).sum();
    format!("{}.{}", 10_000 + of_fault, std::process::id())
}

/// How many processes have these words in their command.
fn processes(words: &str) -> usize {
    let commands = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let command =
        |path: PathBuf| std::fs::read_to_string(path.join("cmdline")).unwrap_or_default().replace('\0', " ");
    commands.filter(|entry| command(entry.path()).contains(words)).count()
}

/// Two classes on a line.
fn examples(count: usize) -> Examples {
    Examples {
        inputs: Inputs {
            table: Array2::from_shape_fn((count, 3), |(row, column)| {
                (row % 2) as f32 * 4.0 + (column + row) as f32 / count as f32
            }),
            columns: ["a", "b", "c"].map(str::to_owned).into(),
            ..Inputs::default()
        },
        labels: (0..count).map(|row| row % 2).collect(),
        tracks: (0..count).collect(),
        groups: (0..count).collect(),
        classes: ["x", "y"].map(str::to_owned).into(),
    }
}

/// Fits and scores.
fn scores(place: &Place, observer: &dyn Observer) -> Result<(Array2<f32>, Box<dyn Fitted>), Error> {
    let params = place.model.card().resolve([]).unwrap();
    let run = Run { observer, ..Run::with(params, 7) };
    let fitted = place.model.fit(&examples(40), &examples(0), &run)?;
    Ok((fitted.scores_unless_cancelled(&examples(11).inputs, observer)?, fitted))
}

#[derive(Default)]
struct Listener {
    told: Mutex<Vec<(usize, usize, String)>>,
    peak: Mutex<u64>,
    stops_after: Option<Duration>,
    since: Option<Instant>,
}

impl Observer for Listener {
    fn progress(&self, done: usize, total: usize, note: &str) {
        self.told.lock().unwrap().push((done, total, note.to_owned()));
    }
    fn cancelled(&self) -> bool {
        self.stops_after.zip(self.since).is_some_and(|(after, since)| since.elapsed() > after)
    }
    fn took_elsewhere(&self, bytes: u64) {
        *self.peak.lock().unwrap() = bytes;
    }
}

#[test]
fn a_good_process_is_fitted_and_scores_and_tells_how_far_it_is() {
    let (place, listener) = (place("tells", ""), Listener::default());
    let (scores, fitted) = scores(&place, &listener).unwrap();
    for (row, of_row) in scores.rows().into_iter().enumerate() {
        assert!(of_row[row % 2] > of_row[1 - row % 2], "{row}: {of_row}");
    }
    // Asked again, by parts, it says the same.
    let part = fitted.scores(&examples(11).inputs.select(&[3, 4])).unwrap();
    assert_eq!(part, scores.select(ndarray::Axis(0), &[3, 4]));
    let told = listener.told.lock().unwrap().clone();
    assert_eq!(told.last(), Some(&(2, 3, "on it".to_owned())));
    assert_eq!(*listener.peak.lock().unwrap(), 0, "what the last answer said");
    assert!(fitted.save().is_err());
}

#[test]
fn every_way_to_fail_is_told() {
    for (fault, told) in [
        ("exits", "ended by itself with status 3; it said: cannot find my glasses"),
        ("crashes", "crashed (signal 6)"),
        ("says no", "I would rather not"),
        ("prints", "the process wrote `hello, world` to standard output"),
        ("floods", "more than 1 MiB to standard output"),
        ("talks", "more than 64 MiB to standard error"),
        ("promises", "the process answered with 1099511627776 bytes, where at most 0 are expected"),
        ("wide", "the scores have shape (11, 3), not (11, 2)"),
        ("short", "the scores have shape (10, 2), not (11, 2)"),
        ("garbles", "the scores"),
        ("exits later", "ended by itself with status 4"),
    ] {
        let refused = scores(&place(fault, ""), &Listener::default()).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains(told), "{fault}: {refused}");
    }
    // This is for the harness to find.
    let (scores, _) = scores(&place("nan", ""), &Listener::default()).unwrap();
    assert!(scores[[0, 0]].is_nan());
}

#[test]
fn a_process_that_hangs_is_ended_in_time_with_all_that_it_started() {
    let place = place("leaves and hangs", "timeout = 1.5");
    let refused = scores(&place, &Listener::default()).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("no answer to `fit` within 1.5 s"), "{refused}");
    assert_eq!(processes(&seconds("leaves and hangs")), 0);
}

#[test]
fn what_a_good_process_leaves_behind_is_ended_with_it() {
    let (_, fitted) = scores(&place("leaves", ""), &Listener::default()).unwrap();
    let left = processes(&format!("sleep {}", seconds("leaves")));
    if cfg!(target_os = "linux") {
        assert!(left >= 4, "{left}: the test leaves nothing to end");
    }
    drop(fitted);
    assert_eq!(processes(&seconds("leaves")), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_process_that_multiplies_is_stopped() {
    let refused = scores(&place("multiplies", "processes = 40"), &Listener::default())
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("started more than 40 others"), "{refused}");
    assert_eq!(processes("outsider multiply"), 0);
}

#[test]
fn a_process_is_told_to_stop_and_ended_if_it_does_not() {
    let place = place("waits to be told", "");
    let (stops_after, since) = (Some(Duration::from_millis(300)), Some(Instant::now()));
    let listener = Listener { stops_after, since, ..Listener::default() };
    assert!(matches!(scores(&place, &listener), Err(Error::Cancelled)));
    assert!(since.unwrap().elapsed() < Duration::from_secs(60), "it would sleep for ten minutes");
    let told = std::fs::read_to_string(place.folder.path().join("mark")).unwrap();
    assert_eq!(told, "Some(\"cancel\")");
}

#[test]
fn a_file_that_changed_since_the_command_began_is_not_run() {
    let place = place("", "");
    let params = place.model.card().resolve([]).unwrap();
    let path = place.folder.path().join("outsider.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n# another comment")).unwrap();
    let refused = place.model.fit(&examples(4), &examples(0), &Run::with(params, 0)).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("outsider.toml has changed"), "{refused}");
    let again = genre_bench_external::open(&format!("external:{}", path.display())).unwrap().unwrap();
    assert_ne!(again.card().content, place.model.card().content, "and its cells are others");
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.toml");
    std::fs::write(&path, "command = [\"no-such-program\"]").unwrap();
    let model = genre_bench_external::open(&format!("external:{}", path.display())).unwrap().unwrap();
    let run = Run::with(model.card().resolve([]).unwrap(), 0);
    let refused = model.fit(&examples(4), &examples(0), &run).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("`no-such-program` cannot be started"), "{refused}");
    assert!(refused.contains("`command` in"), "{refused}");
}
