//! Experiments as tasks: planned, worked on by several processes in several stores, killed, merged.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::damage::files_below;
use common::in_process::{Listener, session};
use common::{Place, ends, scores, skipped, small_table};
use genre_bench::experiment::cluster::PlanRequest;
use genre_bench::experiment::{Registry, read};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Two runs of 4 models on 3 folds, one of which is fitted with two seeds: 42 cells, of which no two are the same.
const EXPERIMENT: &str = "models = [\"svm\", \"knn-5\", \"forest\"]\n[data]\npath = \"t.csv\"\n[split]\nfolds = 3\nseeds = 2\n\
                          protocol = [\"track\", \"segment\"]\n[parameters.svm]\nc = [1, 10]\n";

fn place() -> Place {
    let place = Place::new();
    place.write("t.csv", small_table(9, 2));
    place.write("e.toml", EXPERIMENT);
    place
}

/// Names of the cells in a store.
fn cells(store: &Path) -> BTreeSet<String> {
    let files = files_below(&store.join("cells")).into_iter();
    let names = files.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name.ends_with(".json") && !name.ends_with(".failed.json")).collect()
}

fn tasks(place: &Place, plan: &str) -> usize {
    place.status(plan)["all"]["tasks"].as_u64().unwrap() as usize
}

impl Place {
    fn status(&self, plan: &str) -> Value {
        let output = self.bench().args(["status", plan, "--json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// All leaderboards of the experiment as they come from a store.
    fn leaderboards(&self, experiment: &str, store: &str) -> Vec<Value> {
        let text = self.run(&format!("run {experiment} --out {store} --json --quiet"));
        let run: Value = serde_json::from_str(&text).unwrap();
        match run["runs"].as_array() {
            Some(runs) => runs.iter().flat_map(scores).collect(),
            None => scores(&run),
        }
    }
}

#[test]
fn tasks_of_several_stores_come_to_the_leaderboard_of_one_machine() {
    let place = place();
    let expected = place.leaderboards("e.toml", "single");

    let told = place.run("plan e.toml -o plan --minutes 0.0001");
    assert!(told.contains("\n  sbatch plan/cpu-1g.sbatch\n"), "{told}");
    let count = tasks(&place, "plan");
    assert!(count >= 3, "{count} tasks are too few to tell anything");
    for task in (0..count).rev() {
        let out = format!("node-{}", task % 3);
        let mut command = place.bench();
        command.args(["work", "plan", "--out", &out]);
        // As different schedulers say it.
        match task % 4 {
            0 => command.args(["--task", &task.to_string()]),
            1 => command.env("SLURM_ARRAY_TASK_ID", task.to_string()),
            2 => command.env("JOB_COMPLETION_INDEX", task.to_string()),
            _ => command.env("SGE_TASK_ID", (task + 1).to_string()),
        };
        ends(&mut command, 0);
    }
    let nodes = ["node-0", "node-1", "node-2"].map(|node| cells(&place.path(node)));
    let all: BTreeSet<String> = nodes.iter().flatten().cloned().collect();
    assert_eq!(nodes.iter().map(BTreeSet::len).sum::<usize>(), all.len(), "a cell is in two tasks");
    assert_eq!(all, cells(&place.path("single")), "the same cells, under the same names");

    let merged: Value =
        serde_json::from_str(&place.run("merge node-0 node-1 node-2 --into merged --json")).unwrap();
    assert_eq!((&merged["merged"]["cells"], &merged["merged"]["runs"]), (&json!(all.len()), &json!(2)));
    let again: Value =
        serde_json::from_str(&place.run("merge node-0 node-1 node-2 --into merged --json")).unwrap();
    assert_eq!((&again["merged"]["cells"], &again["merged"]["same"]), (&json!(0), &json!(all.len())));
    assert_eq!((&again["merged"]["runs"], &again["merged"]["conflicts"]), (&json!(0), &json!([])));
    assert!(place.run("show last --out merged").contains("macro"), "the runs came with their cells");

    let before = fs::metadata(place.path("merged/cells")).unwrap().modified().unwrap();
    assert_eq!(place.leaderboards("e.toml", "merged"), expected);
    let after = fs::metadata(place.path("merged/cells")).unwrap().modified().unwrap();
    assert_eq!(before, after, "something was computed that the tasks had computed");
}

#[test]
fn what_is_stored_is_left_out_and_the_rest_is_counted() {
    let place = place();
    place.run("all --data t.csv --models knn-5 --folds 3 --seeds 2");
    let plan: Value = serde_json::from_str(&place.run("plan e.toml -o plan --json")).unwrap();
    assert_eq!(plan["tasks"]["stored"], 3, "{plan}");
    let status = place.status("plan");
    assert_eq!(status["all"]["cells"], plan["tasks"]["cells"]);
    assert_eq!(
        (&status["all"]["waiting"], &status["all"]["cells_done"]),
        (&status["all"]["tasks"], &json!(0))
    );
    // A folder that holds something is nobody's to write into.
    assert!(place.refused("plan e.toml -o plan").contains("is not empty"));
    for task in 0..tasks(&place, "plan") {
        place.run(&format!("work plan --task {task} --quiet"));
    }
    let status = place.status("plan");
    assert_eq!(
        (&status["all"]["done"], &status["all"]["cells_done"]),
        (&status["all"]["tasks"], &status["all"]["cells"])
    );
    assert!(place.run("status plan").contains("cells done, 0 failed"));
    place.run("merge plan/store --into runs");
    let told = place.run("plan e.toml -o nothing");
    assert!(told.starts_with("0 cells in 0 tasks"), "{told}");
    assert!(place.refused("work nothing --task 0").contains("it has no tasks"));
    assert_eq!(place.leaderboards("e.toml", "runs"), place.leaderboards("e.toml", "single"));
}

#[test]
fn a_worker_with_other_data_or_another_build_computes_nothing() {
    let place = place();
    place.run("plan e.toml -o plan --quiet");
    assert!(place.refused("work plan --task 999").contains("the plan has the tasks 0 to"));
    assert!(place.refused("work plan").contains("SLURM_ARRAY_TASK_ID"));
    let output = place.faulty().args(["work", "plan", "--task", "0"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("another build"), "{told}");
    place.write("t.csv", small_table(9, 2).replacen("0.", "0.1", 1));
    let told = place.refused("work plan --task 0");
    assert!(told.contains("the data here is not what was planned with"), "{told}");
    assert!(cells(&place.path("plan/store")).is_empty());
    let status = place.status("plan");
    assert_eq!((&status["all"]["failed"], &status["unfinished"]), (&json!(1), &json!([0])));
    let told = ends(place.bench().args(["status", "plan"]), 1).stdout;
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("sbatch --array=0 plan/cpu-1g.sbatch"), "{told}");
    place.write("t.csv", small_table(9, 2));
    place.run("work plan --task 0");
    assert_eq!(place.status("plan")["all"]["failed"], 0);
    // Paths are relative to where the program runs: the same data may lie elsewhere.
    let elsewhere = Place::new();
    elsewhere.write("t.csv", small_table(9, 2));
    let plan = place.path("plan");
    ends(elsewhere.bench().args(["work", plan.to_str().unwrap(), "--task", "0", "--out", "own"]), 0);
    assert_eq!(cells(&elsewhere.path("own")), cells(&place.path("plan/store")));
}

#[test]
fn a_cell_that_fails_is_named_and_tried_again() {
    let place = place();
    place.write("f.toml", "models = [\"fails\", \"knn-5\"]\n[data]\npath = \"t.csv\"\n[split]\nfolds = 3\n");
    let faulty = |words: &str, status: i32| {
        let output = ends(place.faulty().args(words.split(' ')), status);
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    faulty("plan f.toml -o plan", 0);
    for _ in 0..2 {
        let told = faulty("work plan --task 0", 1);
        assert!(told.contains("fails on purpose") && told.contains("3 of 6 cells done"), "{told}");
    }
    let status = place.status("plan");
    assert_eq!((&status["all"]["cells_failed"], &status["all"]["retried"]), (&json!(3), &json!(1)));
    assert!(status["failures"][0]["reason"].as_str().unwrap().contains("on purpose"));
    let merged: Value = serde_json::from_str(&faulty("merge plan/store --into runs --json", 0)).unwrap();
    assert_eq!((&merged["merged"]["failures"], &merged["merged"]["cells"]), (&json!(3), &json!(3)));
    assert!(faulty("show last", 0).contains("knn-5"));
}

/// A file of a store with something else in it, whose checksum is right.
fn forge(path: &Path, change: impl FnOnce(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let object = format!("{{{}", &text["{\"sha256\":\"".len() + 64 + 2..]);
    let object = change(&object);
    let digits: String = Sha256::digest(&object).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(path, format!("{{\"sha256\":\"{digits}\",{}", &object[1..])).unwrap();
}

#[test]
fn merging_names_conflicts_and_copies_no_damage() {
    let place = place();
    place.run("all --data t.csv --models knn-5,majority --folds 3 --out a");
    for store in ["b", "c"] {
        place.run(&format!("merge a --into {store}"));
    }
    let names: Vec<String> = cells(&place.path("a")).into_iter().collect();
    let of = |store: &str, number: usize| place.path(&format!("{store}/cells/{}", names[number]));
    // Other seconds are no conflict, other predictions are one.
    forge(&of("b", 0), |text| text.replacen("\"fit_seconds\":", "\"fit_seconds\":1", 1));
    forge(&of("b", 1), |text| text.replacen("\"test_scores\":[[", "\"test_scores\":[[7", 1));
    let damaged = fs::read_to_string(of("b", 2)).unwrap().replacen("test_scores", "test_score5", 1);
    fs::write(of("b", 2), damaged).unwrap();
    fs::remove_file(of("c", 2)).unwrap();
    fs::write(of("c", 3), "not a cell").unwrap();
    fs::write(place.path("b/cells/notes.txt"), "not ours").unwrap();

    let output = ends(place.bench().args(["merge", "b", "--into", "c", "--json"]), 1);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let conflicts = told["merged"]["conflicts"].as_array().unwrap();
    assert!(
        conflicts.len() == 1 && conflicts[0].as_str().unwrap().contains(names[1].trim_end_matches(".json"))
    );
    assert_eq!((&told["merged"]["cells"], &told["merged"]["same"]), (&json!(1), &json!(names.len() - 3)));
    assert_eq!(told["damaged"].as_array().unwrap().len(), 2, "{told}");
    assert!(!of("c", 2).exists(), "damage is copied");
    assert_eq!(
        fs::read(of("c", 3)).unwrap(),
        fs::read(of("b", 3)).unwrap(),
        "a good cell mends a damaged one"
    );
    assert_eq!(fs::read(of("c", 1)).unwrap(), fs::read(of("a", 1)).unwrap(), "what was there first stays");
    assert!(place.refused("merge b --into b").contains("into itself"));
    assert!(place.refused("merge missing --into c").contains("no stored runs"));
    place.run("merge a --into c");
    assert_eq!(cells(&place.path("c")), cells(&place.path("a")));
}

#[test]
fn a_killed_task_goes_on_and_two_at_the_same_task_share_it() {
    let place = place();
    place.write("s.toml", "models = [\"slow\"]\n[data]\npath = \"t.csv\"\n[split]\nfolds = 9\n");
    ends(place.faulty().args(["plan", "s.toml", "-o", "plan"]), 0);
    fs::create_dir_all(place.path("marks")).unwrap();
    let start = || {
        let mut command: Command = place.faulty();
        command.args(["work", "plan", "--task", "0", "--jobs", "2"]);
        command.env("GENRE_BENCH_MARKS", place.path("marks"));
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut killed = start();
    for _ in 0..6000 {
        if cells(&place.path("plan/store")).len() >= 3 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    killed.kill().unwrap(); // SIGKILL: no handler runs
    killed.wait().unwrap();
    let before = cells(&place.path("plan/store")).len();
    assert!((3..9).contains(&before), "{before} cells: the kill came too late to test anything");
    assert_eq!(place.status("plan")["all"]["working"], 1, "nobody knows yet that it was killed");
    let [mut one, mut two] = [start(), start()];
    assert!(one.wait().unwrap().success() && two.wait().unwrap().success());
    assert_eq!(cells(&place.path("plan/store")).len(), 9);
    // Of the killed one, at most the two cells that it was at are fitted again.
    let fits = fs::read_dir(place.path("marks")).unwrap().count();
    assert!((9..=11).contains(&fits), "{fits} fits of 9 cells");
    let status = place.status("plan");
    assert_eq!((&status["all"]["done"], &status["all"]["cells_done"]), (&json!(1), &json!(9)));
}

#[test]
fn a_search_is_planned_in_two_steps() {
    let place = place();
    place.write(
        "t.toml",
        "models = [\"svm\"]\n[data]\npath = \"t.csv\"\n[split]\nfolds = 2\n[tune]\ninner = 2\n[tune.grid]\nc = [0.1, 10]\n",
    );
    let mut cells_of_plans = Vec::new();
    for plan in ["first", "second", "third"] {
        let told: Value = serde_json::from_str(&place.run(&format!("plan t.toml -o {plan} --json"))).unwrap();
        cells_of_plans
            .push((told["tasks"]["unfinished_runs"].clone(), told["tasks"]["cells"].as_u64().unwrap()));
        for task in 0..tasks(&place, plan) {
            place.run(&format!("work {plan} --task {task} --quiet"));
        }
        place.run(&format!("merge {plan}/store --into runs"));
    }
    assert_eq!(cells_of_plans[0].0, 1);
    assert!(cells_of_plans[0].1 >= 8, "{cells_of_plans:?}");
    assert_eq!((&cells_of_plans[1].0, &cells_of_plans[2]), (&json!(0), &(json!(0), 0)), "{cells_of_plans:?}");
    assert!(place.run("show last").contains("svm tuned"));
    assert_eq!(place.leaderboards("t.toml", "runs"), place.leaderboards("t.toml", "single"));
}

#[test]
fn networks_of_a_run_on_a_gpu_are_a_group_of_their_own() {
    let place = place();
    place.write("g.toml", "models = [\"knn-5\", \"ann-table\"]\ndevice = \"cuda\"\n[data]\npath = \"t.csv\"\n[split]\nfolds = 3\n");
    let models = [genre_bench_classical::models(), genre_bench_neural::models()];
    // It was built with CUDA, and there is none here.
    let registry = Registry::new(models.into_iter().flatten().collect(), Some(Ok(0))).unwrap();
    let listener = Listener::default();
    let mut file = read(&place.path("g.toml"), &registry).unwrap();
    file.experiments[0].data.path = Some(place.path("t.csv"));
    let planning = session(&registry, &place.path("runs"), &listener);
    let request = PlanRequest { seconds: 600.0, cpus: 2 };
    let (folder, header) =
        planning.plan_tasks(&file.experiments, &request, &place.path("plan")).unwrap().unwrap();
    let groups: Vec<_> = header.groups.iter().map(|group| (group.gpu, group.cells, group.first)).collect();
    assert_eq!(groups, [(false, 3, 0), (true, 3, 1)]);
    let script = fs::read_to_string(place.path("plan/gpu-1g.sbatch")).unwrap();
    assert!(script.contains("#SBATCH --gres=gpu:1") && script.contains("--task $((1 + "), "{script}");
    // What needs no GPU is computed where there is none, and what needs one is not.
    let working = session(&registry, &folder.store(), &listener);
    assert_eq!(working.work(&folder, &header, 0).unwrap().unwrap().done, 3);
    let refused = working.work(&folder, &header, 1).unwrap_err().to_string();
    assert!(refused.contains("no CUDA device"), "{refused}");
}

#[test]
fn damage_in_a_plan_is_noticed() {
    let place = place();
    place.run("plan e.toml -o plan --quiet");
    for name in ["tasks/00000.json", "runs/00000.json", "plan.json"] {
        let path = place.path(&format!("plan/{name}"));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen('0', "1", 1)).unwrap();
        let told = place.refused("work plan --task 0");
        assert!(told.contains("checksum does not match") && told.contains("plan again"), "{told}");
        fs::write(&path, text).unwrap();
    }
    assert!(place.refused("status missing").contains("is no plan"));
}

/// The line of the plan, as it is.
#[test]
fn gnu_parallel_does_all_tasks() {
    if Command::new("parallel").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err()
    {
        skipped("no GNU parallel: apt-get install parallel");
        return;
    }
    let place = place();
    place.run("plan e.toml -o plan --minutes 0.0001 --quiet");
    let output =
        Command::new("sh").arg(place.path("plan/parallel.sh")).arg("--jobs").arg("2").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.status("plan")["all"]["done"], place.status("plan")["all"]["tasks"]);
}
