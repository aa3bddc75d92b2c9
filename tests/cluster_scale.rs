//! How planning, claiming, merging and asking for the status grow: 10^5 cells in 10^3 tasks, each begun by a worker of its
//! own, on one folder. docs/clusters.md has the figures of
//!
//! ```sh
//! cargo test --release --test cluster_scale -- --ignored --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::in_process::{Listener, experiment, session};
use common::{Place, small_table};
use genre_bench::experiment::cluster::PlanRequest;
use genre_bench::experiment::{Experiment, Registry};
use genre_bench::run::Store;
use genre_bench_api::{Card, Examples, Family, Fitted, Inputs, Model, Run};
use ndarray::Array2;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Cells of a run, which is a task.
const CELLS: usize = 100;

/// Takes no time.
struct Quick;

impl Model for Quick {
    fn card(&self) -> Card {
        Card::new("quick", Family::Other, "takes no time")
    }
    fn fit(&self, train: &Examples, _: &Examples, _: &Run) -> genre_bench_api::Result<Box<dyn Fitted>> {
        Ok(Box::new(Even(train.classes.len())))
    }
}

struct Even(usize);

impl Fitted for Even {
    fn scores(&self, inputs: &Inputs) -> genre_bench_api::Result<Array2<f32>> {
        Ok(Array2::zeros((inputs.len(), self.0)))
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

/// The cells of a store as so many stores, without copying any.
fn divided(store: &Path, into: &Path, count: usize) -> Vec<Store> {
    for number in 0..count {
        let own = into.join(number.to_string());
        Store::create(&own).unwrap();
    }
    for (number, entry) in fs::read_dir(store.join("cells")).unwrap().enumerate() {
        let entry = entry.unwrap();
        let own = into.join((number % count).to_string()).join("cells");
        fs::hard_link(entry.path(), own.join(entry.file_name())).unwrap();
    }
    for (number, entry) in fs::read_dir(store.join("runs")).unwrap().enumerate() {
        let entry = entry.unwrap();
        let own = into.join((number % count).to_string()).join("runs").join(entry.file_name());
        fs::create_dir(&own).unwrap();
        for file in fs::read_dir(entry.path()).unwrap() {
            let file = file.unwrap();
            fs::hard_link(file.path(), own.join(file.file_name())).unwrap();
        }
    }
    (0..count).map(|number| Store::open(&into.join(number.to_string())).unwrap()).collect()
}

/// Plans, works, asks and merges; a line of a table.
fn measured(runs: usize) -> String {
    let place = Place::new();
    place.write("t.csv", small_table(5, 1));
    let registry = Registry::new(vec![Box::new(Quick)], None).unwrap();
    let experiments: Vec<Experiment> = (0..runs)
        .map(|seed| {
            let mut experiment = experiment(&place, &["quick"], seed as u64);
            experiment.split.folds = Some(5);
            experiment.split.repeats = (CELLS / 5) as u16;
            experiment
        })
        .collect();
    let listener = Listener::default();
    let request = PlanRequest { seconds: 30.0 * CELLS as f64, cpus: 1 };
    let planning = session(&registry, &place.path("runs"), &listener);
    let (planned, plan_time) =
        timed(|| planning.plan_tasks(&experiments, &request, &place.path("plan")).unwrap().unwrap());
    let (folder, header) = planned;
    assert_eq!((header.cells, header.tasks), (runs * CELLS, runs));

    // As many workers as tasks; two at a time, as the machine has cores.
    let next = AtomicUsize::new(0);
    let times: Vec<Vec<(usize, Duration)>> = std::thread::scope(|scope| {
        let worker = || {
            let listener = Listener::default();
            let mut times = Vec::new();
            loop {
                let task = next.fetch_add(1, Ordering::Relaxed);
                if task >= runs {
                    return times;
                }
                let mut working = session(&registry, &folder.store(), &listener);
                working.jobs = Some(1);
                let (worked, time) = timed(|| working.work(&folder, &header, task).unwrap().unwrap());
                assert_eq!(worked.done, CELLS);
                times.push((task, time));
            }
        };
        let threads = [scope.spawn(worker), scope.spawn(worker)];
        threads.map(|thread| thread.join().unwrap()).into()
    });
    let mut times: Vec<(usize, Duration)> = times.concat();
    times.sort();
    let tenth = (runs / 10).max(1);
    let mean = |part: &[(usize, Duration)]| {
        part.iter().map(|(_, time)| time.as_secs_f64()).sum::<f64>() / part.len() as f64
    };
    let (first, last) = (mean(&times[..tenth]), mean(&times[runs - tenth..]));

    let (status, status_time) = timed(|| folder.status(&header));
    assert!(status.is_done() && status.all.cells_done == runs * CELLS);
    let stores = divided(&folder.store(), &place.path("nodes"), runs);
    let into = Store::create(&place.path("merged")).unwrap();
    let merge = || {
        let merged = stores.iter().map(|store| into.merge(store, &|| false).unwrap().unwrap());
        merged.fold(genre_bench::run::Merged::default(), genre_bench::run::Merged::and)
    };
    let (merged, merge_time) = timed(merge);
    assert_eq!((merged.cells, merged.runs, merged.conflicts.len()), (runs * CELLS, runs, 0));
    let (again, again_time) = timed(merge);
    assert_eq!((again.cells, again.same), (0, runs * CELLS));
    let planning = session(&registry, &place.path("merged"), &listener);
    let (planned, left_out_time) =
        timed(|| planning.plan_tasks(&experiments, &request, &place.path("plan-2")).unwrap().unwrap());
    assert_eq!((planned.1.cells, planned.1.stored), (0, runs * CELLS));
    let (costs, costs_time) = timed(|| into.measured_costs().of("quick"));
    assert!(costs.is_some());
    format!(
        "{:>7} {:>6} {:>8.1} {:>9.1} {:>9.1} {:>8.2} {:>8.1} {:>8.1} {:>9.1} {:>8.0}",
        runs * CELLS,
        runs,
        plan_time.as_secs_f64(),
        1e3 * first / CELLS as f64,
        1e3 * last / CELLS as f64,
        status_time.as_secs_f64(),
        merge_time.as_secs_f64(),
        again_time.as_secs_f64(),
        left_out_time.as_secs_f64(),
        1e3 * costs_time.as_secs_f64()
    )
}

#[test]
#[ignore = "minutes and some gigabytes of a disk; for docs/clusters.md"]
fn a_hundred_thousand_cells_and_a_thousand_workers() {
    let sizes: Vec<usize> = match std::env::var("GENRE_BENCH_SCALE") {
        Ok(text) => text.split(',').map(|runs| runs.parse().unwrap()).collect(),
        Err(_) => vec![100, 300, 1000],
    };
    println!("  cells  tasks   plan s  first ms   last ms status s  merge s  again s  stored s costs ms");
    for runs in sizes {
        println!("{}", measured(runs));
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
}
