//! Tasks on a real Slurm: two nodes on this machine, a killed worker, a killed node. Only when it is asked for, because it
//! needs root and takes minutes:
//!
//! ```sh
//! apt-get install slurm-wlm munge
//! GENRE_BENCH_SLURM=1 cargo test --release --test slurm -- --nocapture --test-threads 1
//! ```

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::damage::files_below;
use common::{Place, ends, scores, skipped, small_table};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// 4 models on 35 folds; `slow` takes 0.2 s and marks every fit.
const EXPERIMENT: &str = "models = [\"slow\", \"svm\", \"knn-5\", \"forest\"]\n[data]\npath = \"t.csv\"\n[split]\nfolds = 5\n\
                          repeats = 7\n";

/// The cluster, which goes when it is dropped.
struct Slurm {
    folder: tempfile::TempDir,
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slurm").join(name)
}

impl Slurm {
    /// Starts it; says why and returns nothing where it cannot.
    fn start() -> Option<Self> {
        if std::env::var_os("GENRE_BENCH_SLURM").is_none_or(|asked| asked != "1") {
            skipped("Slurm: GENRE_BENCH_SLURM=1 sets a cluster up here (as root, with slurm-wlm and munge)");
            return None;
        }
        // Its daemons want a folder that every user can look into.
        let folder = tempfile::Builder::new().prefix("bench-slurm-").tempdir_in("/tmp").unwrap();
        // They keep what they are given, so it is no pipe that somebody waits for.
        let said = folder.path().join("up.log");
        let log = fs::File::create(&said).unwrap();
        let mut up = Command::new("sh");
        up.arg(script("up.sh")).arg(folder.path()).stdout(Stdio::null()).stderr(log);
        let status = up.status().unwrap();
        let slurm = Self { folder };
        if !status.success() {
            skipped(&format!(
                "Slurm does not start: {}",
                fs::read_to_string(said).unwrap_or_default().trim()
            ));
            return None;
        }
        Some(slurm)
    }

    fn conf(&self) -> PathBuf {
        self.folder.path().join("slurm.conf")
    }

    /// One of its commands; what it prints.
    fn ask(&self, words: &str) -> String {
        let mut words = words.split(' ');
        let mut command = Command::new(words.next().unwrap());
        let output = command.args(words).env("SLURM_CONF", self.conf()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Numbers and states of the tasks that are not over.
    fn queue(&self) -> Vec<String> {
        self.ask("squeue --noheader --array --format=%i:%T").lines().map(str::to_owned).collect()
    }

    /// Waits until a condition holds. Slurm lets a task that was put back wait for two minutes; that is taken off here.
    fn wait_for(&self, what: &str, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            for task in self.ask("squeue --noheader --array --states=PENDING --format=%A:%r").lines() {
                if let Some(job) = task.strip_suffix(":BeginTime") {
                    self.ask(&format!("scontrol update JobId={job} StartTime=now"));
                }
            }
            assert!(
                start.elapsed() < Duration::from_secs(300),
                "{what} never came to pass: {:?}",
                self.queue()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        let _ = Command::new("sh").arg(script("down.sh")).arg(self.folder.path()).status();
    }
}

/// Names of the cells in a store.
fn cells(store: &Path) -> Vec<String> {
    let files = files_below(&store.join("cells")).into_iter();
    let names = files.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name.ends_with(".json")).collect()
}

/// How often each cell of `slow` was fitted, by its seed.
fn fits(marks: &Path) -> BTreeMap<String, usize> {
    let mut fits = BTreeMap::new();
    for mark in fs::read_dir(marks).unwrap() {
        let name = mark.unwrap().file_name().into_string().unwrap();
        *fits.entry(name.split('-').next().unwrap().to_owned()).or_default() += 1;
    }
    fits
}

/// The processes that are at work on a plan.
fn workers(plan: &Path) -> Vec<u32> {
    let folders = fs::read_dir("/proc").unwrap().flatten();
    let pids = folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok());
    let is_at_work = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&format!(" work {} --task", plan.display()))
    };
    pids.filter(is_at_work).collect()
}

fn kill(pid: u32) {
    let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_array_survives_killed_workers_and_nodes() {
    let Some(slurm) = Slurm::start() else { return };
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    place.write("e.toml", EXPERIMENT);
    fs::create_dir_all(place.path("marks")).unwrap();
    let faulty = |words: &str, status: i32| ends(place.faulty().args(words.split(' ')), status);
    let expected = scores(&json_of(&faulty("run e.toml --out single --json --quiet", 0)));
    let count = cells(&place.path("single")).len();
    assert_eq!(count, 4 * 35);

    let planned = json_of(&faulty("plan e.toml -o plan --minutes 2 --json", 0));
    let tasks = planned["tasks"]["tasks"].as_u64().unwrap();
    assert_eq!(planned["tasks"]["cells"], count);
    assert!(tasks >= 6, "{tasks} tasks");
    println!("{count} cells in {tasks} tasks: {}", planned["tasks"]["groups"]);
    let plan = place.path("plan");
    let scripts =
        files_below(&plan).into_iter().filter(|path| path.extension().is_some_and(|e| e == "sbatch"));
    for script in scripts {
        let mut sbatch = Command::new("sbatch");
        sbatch.arg(script).env("SLURM_CONF", slurm.conf()).env("GENRE_BENCH_MARKS", place.path("marks"));
        println!("{}", String::from_utf8_lossy(&ends(&mut sbatch, 0).stdout).trim());
    }
    let store = plan.join("store");
    let at_least = |share: usize| cells(&store).len() * 100 >= share * count;

    // A worker, by SIGKILL: its script puts the task back.
    slurm.wait_for("the first cells", || at_least(8));
    let victim = *workers(&plan).first().expect("somebody is at work");
    kill(victim);
    println!("killed a worker at {} of {count} cells", cells(&store).len());

    // A node, whose tasks go on without it for a while, as they do behind a broken switch.
    slurm.wait_for("a fifth", || at_least(20));
    let pid = fs::read_to_string(slurm.folder.path().join("slurmd-two.pid")).unwrap();
    kill(pid.trim().parse().unwrap());
    println!("killed slurmd of node two at {} of {count} cells", cells(&store).len());
    // And tasks of the other node are put back by hand while they are at work.
    for task in slurm.queue().iter().filter_map(|task| task.strip_suffix(":RUNNING")).take(2) {
        slurm.ask(&format!("scontrol requeue {task}"));
        println!("requeued {task} at {} of {count} cells", cells(&store).len());
    }
    let is_down = || slurm.ask("sinfo --noheader --Node --format=%N:%T").contains("two:down");
    slurm.wait_for("that it is noticed", is_down);
    println!("node two is down at {} of {count} cells", cells(&store).len());
    let log = fs::File::create(slurm.folder.path().join("again.log")).unwrap();
    let mut again = Command::new("slurmd");
    again.args(["-N", "two"]).env("SLURM_CONF", slurm.conf()).stdout(Stdio::null()).stderr(log);
    assert!(again.status().unwrap().success());
    slurm.wait_for("the end", || slurm.queue().is_empty());

    let status = json_of(&faulty(&format!("status {} --json", plan.display()), 0));
    println!("{}", status["all"]);
    assert_eq!(status["all"]["done"], tasks);
    assert_eq!((&status["all"]["cells_done"], &status["all"]["cells_failed"]), (&json!(count), &json!(0)));
    assert!(status["all"]["retried"].as_u64().unwrap() >= 2, "tasks were not begun again");
    // None lost, none twice.
    let merged = json_of(&faulty("merge plan/store --into merged --json", 0));
    assert_eq!((&merged["merged"]["cells"], &merged["merged"]["conflicts"]), (&json!(count), &json!([])));
    assert_eq!(cells(&place.path("merged")), cells(&place.path("single")));
    let fits = fits(&place.path("marks"));
    let twice = fits.values().filter(|&&n| n > 1).count();
    println!(
        "{} cells of `slow` were fitted, {twice} of them twice: those that were at work when killed",
        fits.len()
    );
    assert_eq!(fits.len(), 35);
    // At most the one that a process was at when it was killed: one by SIGKILL, and those that were put back.
    assert!(twice <= 6 && fits.values().all(|&n| n <= 3), "{fits:?}");
    let shown = json_of(&faulty("run e.toml --out merged --json --quiet", 0));
    assert_eq!(scores(&shown), expected, "the leaderboard of one machine, to the last digit");
    let logs = fs::read_dir(plan.join("logs")).unwrap().count() as u64;
    assert!(logs >= tasks, "{logs} logs of {tasks} tasks");
}

#[test]
fn bench_all_on_slurm_does_everything() {
    let Some(slurm) = Slurm::start() else { return };
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let words = "all --data t.csv --models svm,knn-5,forest --folds 3 --json";
    let bench = |more: &[&str]| {
        let mut command = place.bench();
        command.args(words.split(' ')).args(more).env("SLURM_CONF", slurm.conf());
        ends(&mut command, 0)
    };
    let expected = bench(&["--out", "single", "--quiet"]);
    let computed = bench(&["--on", "slurm"]);
    let told = String::from_utf8_lossy(&computed.stderr).into_owned();
    println!("{told}");
    assert!(told.contains("submitted as") && told.contains("9 cells and 1 run copied"), "{told}");
    assert_eq!(scores(&json_of(&computed)), scores(&json_of(&expected)));
    let again = bench(&["--on", "slurm"]);
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains("0 cells in 0 tasks") && !told.contains("submitted"), "{told}");

    // What fails is told, with the leaderboard of the rest.
    let mut command = place.faulty();
    command.args("all --data t.csv --models fails,knn-5 --folds 3 --on slurm --out other".split(' '));
    command.env("SLURM_CONF", slurm.conf()).env("BENCH_RETRIES", "0");
    let output = ends(&mut command, 1);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("only 0 of 1 tasks are done") && told.contains("logs"), "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("knn-5"));
}
