//! `bench all`, `list`, `show` and `export` as a user sees them, on small tables and the built-in data.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, ends, row, scores, small_table};
use polars::prelude::{
    CsvReadOptions, DataFrame, IpcReader, JsonFormat, JsonReader, ParquetReader, SerReader,
};
use serde_json::Value;
use std::fs::File;

/// Every classical model and baseline that runs without being named.
const DEFAULT_MODELS: [&str; 20] = [
    "majority",
    "random",
    "knn-1",
    "knn-5",
    "naive-bayes",
    "lda",
    "ridge",
    "logistic",
    "svm-linear",
    "decision-tree",
    "forest",
    "extra-trees",
    "boosting",
    "svm",
    "svm-c10",
    "stack",
    "svm-linfa",
    "logistic-linfa",
    "knn-5-smartcore",
    "forest-smartcore",
];

/// Every network that does.
const NETWORKS: [&str; 11] = [
    "ann-table",
    "ann",
    "cnn-7x7",
    "cnn-5block",
    "choi-fcn5",
    "choi-fcn5-dropout",
    "crnn-base",
    "rnn-64x2",
    "lstm-64x2",
    "bilstm-64",
    "mlfi",
];

#[test]
fn without_data_it_scores_all_default_models_on_data_that_is_labelled_synthetic() {
    let place = Place::new();
    let output = ends(place.bench().arg("all"), 0);
    let (leaderboard, talk) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(leaderboard.contains("SYNTHETIC DATA"), "{leaderboard}");
    assert!(talk.contains("synthetic"), "{talk}");
    for model in DEFAULT_MODELS.into_iter().chain(NETWORKS) {
        assert!(
            leaderboard.lines().any(|line| line.starts_with(model)),
            "{model} is missing:\n{leaderboard}"
        );
    }
    assert!(!leaderboard.contains('\u{1b}'), "colour belongs on terminals alone");
    for line in leaderboard.lines() {
        assert!(line.chars().count() <= 100, "wider than 100 columns: {line}");
    }
}

#[test]
fn json_is_one_object_with_the_promised_fields() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let run = place.json("--data t.csv --models svm,knn-1");
    for field in ["run", "dataset", "protocol", "split_hash", "leaderboard"] {
        assert!(!run[field].is_null(), "{field} is missing");
    }
    assert_eq!(run["protocol"], "track");
    assert_eq!(run["split_hash"].as_str().unwrap().len(), 64);
    let rows = run["leaderboard"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let score = |name: &str| row[name].as_f64().unwrap_or_else(|| panic!("{name} is missing in {row}"));
        for name in ["macro_f1", "accuracy", "train_macro_f1", "top3_accuracy", "clip_vote_macro_f1"] {
            assert!((0.0..=1.0).contains(&score(name)), "{name} of {row}");
        }
        assert!(score("macro_f1_low") <= score("macro_f1"));
        assert!(score("macro_f1") <= score("macro_f1_high"));
        assert!(score("fit_seconds") > 0.0 && score("predict_seconds") > 0.0);
        assert!(score("peak_bytes") > 0.0);
    }
    let f1 = |at: usize| rows[at]["macro_f1"].as_f64().unwrap();
    assert!(f1(0) >= f1(1), "the best comes first");
}

#[test]
fn same_seed_same_numbers_at_any_number_of_jobs() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let run = |words: &str| place.json(&format!("--data t.csv {words}"));
    let one = run("--seed 7 --jobs 1 --out one");
    let four = run("--seed 7 --jobs 4 --out four");
    assert_eq!(one["split_hash"], four["split_hash"]);
    assert_eq!(scores(&one), scores(&four));
    let other = run("--seed 8 --out other");
    assert_ne!(one["split_hash"], other["split_hash"]);
    assert_ne!(row(&one, "random")["macro_f1"], row(&other, "random")["macro_f1"]);
}

/// Rewrites a table's rows, each given as its cells.
fn rewrite(table: &str, change: impl Fn(usize, Vec<&str>) -> Vec<String>) -> String {
    let lines = table.lines().enumerate().map(|(n, line)| change(n, line.split(',').collect()).join(","));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn order_index_and_extra_columns_change_nothing() {
    let place = Place::new();
    let table = small_table(10, 2);
    let (header, rows) = table.split_once('\n').unwrap();
    let mut backwards: Vec<&str> = rows.lines().rev().collect();
    backwards.insert(0, header);
    place.write("plain.csv", &table);
    place.write("rows.csv", backwards.join("\n"));
    place.write(
        "columns.csv",
        rewrite(&table, |_, cells| cells.iter().rev().map(|c| c.to_string()).collect()),
    );
    place.write(
        "extra.csv",
        rewrite(&table, |n, cells| {
            let (index, note) = if n == 0 {
                (String::new(), "loudness".to_owned())
            } else {
                (n.to_string(), format!("take {}", n % 5))
            };
            [vec![index], cells.iter().map(|c| c.to_string()).collect(), vec![note]].concat()
        }),
    );
    place.write("semicolons.csv", table.replace(',', ";"));
    let run = |name: &str| place.json(&format!("--data {name} --models svm,forest --out {name}.runs"));
    let plain = run("plain.csv");
    for name in ["rows.csv", "columns.csv", "extra.csv", "semicolons.csv"] {
        let other = run(name);
        assert_eq!(other["dataset"]["fingerprint"], plain["dataset"]["fingerprint"], "{name}");
        assert_eq!(other["split_hash"], plain["split_hash"], "{name}");
        assert_eq!(scores(&other), scores(&plain), "{name}");
    }
    assert!(run("extra.csv")["notes"].to_string().contains("loudness"), "what was left out is said");
}

#[test]
fn a_table_needs_neither_filename_nor_length() {
    let place = Place::new();
    place.write(
        "bare.csv",
        rewrite(&small_table(10, 1), |_, cells| cells[2..].iter().map(|c| c.to_string()).collect()),
    );
    let run = place.json("--data bare.csv --models knn-1");
    assert_eq!(run["dataset"]["clips"], 30);
    assert!(run["notes"].to_string().contains("no `filename` column"), "{}", run["notes"]);
}

#[test]
fn a_folder_in_the_kaggle_layout_gives_the_table_of_the_length_asked_for() {
    let place = Place::new();
    place.write("gtzan/features_30_sec.csv", small_table(10, 1));
    place.write("gtzan/features_10_sec.csv", small_table(10, 3));
    let examples = |words: &str| {
        place.json(&format!("--data gtzan --models majority {words}"))["dataset"]["examples"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(examples(""), 30);
    assert_eq!(examples("--segment 10"), 90);
    assert!(place.refused("all --data gtzan --segment 3").contains("features_3_sec.csv"));
}

#[test]
fn models_and_families_can_be_chosen() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    let names = |words: &str| -> Vec<String> {
        let run = place.json(&format!("--data t.csv --models {words}"));
        let mut names: Vec<String> = run["leaderboard"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["model"].as_str().unwrap().into())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("svm,knn-1"), ["knn-1", "svm"]);
    assert_eq!(names("baseline"), ["majority", "random"]);
    assert_eq!(names("baseline,svm-linfa"), ["majority", "random", "svm-linfa"]);
    assert_eq!(names("classical").len(), DEFAULT_MODELS.len() - 2);
}

#[test]
fn set_changes_a_parameter_and_the_record_says_so() {
    let place = Place::new();
    place.write("t.csv", small_table(20, 1));
    let c10 = place.json("--data t.csv --models svm-c10");
    let set = place.json("--data t.csv --models svm --set svm.c=10");
    assert_eq!(row(&set, "svm")["params"]["c"], 10.0);
    assert_eq!(row(&set, "svm")["macro_f1"], row(&c10, "svm-c10")["macro_f1"]);
}

#[test]
fn repeats_draw_other_folds() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    let run = place.json("--data t.csv --models knn-1 --folds 3 --repeats 4");
    assert_eq!(row(&run, "knn-1")["folds"], 12);
    let split = place.run("export last --table split");
    let tests_of = |repeat: &str| -> Vec<String> {
        let is_test = |line: &&str| line.contains(&format!(",{repeat},0,test"));
        split.lines().filter(is_test).map(|l| l.split(',').next().unwrap().to_owned()).collect()
    };
    assert_eq!(tests_of("0").len(), 10);
    assert_ne!(tests_of("0"), tests_of("1"));
}

#[test]
fn show_prints_a_stored_run_again_without_fitting() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let leaderboard = place.run("all --data t.csv --models svm,knn-1 --quiet");
    let id = place.json("--data t.csv --models svm,knn-1")["run"].as_str().unwrap().to_owned();
    std::fs::remove_file(place.path("t.csv")).unwrap();
    assert_eq!(place.run(&format!("show {id}")), leaderboard);
    assert_eq!(place.run("show last"), leaderboard);
    let matrix = place.run("show last --confusion svm");
    for genre in ["blues", "jazz", "rock"] {
        assert!(matrix.contains(genre), "{matrix}");
    }
    assert!(place.refused("show nothing").contains("no such run"));
}

/// The confusion matrix, the per-class table and the leaderboard are all computed from the predictions, so they
/// must agree with what a reader of the predictions computes.
#[test]
fn exported_tables_agree_with_each_other() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let run = place.json("--data t.csv --models logistic");
    let read = |table: &str| -> Vec<Value> {
        serde_json::from_str(&place.run(&format!("export last --table {table} --format json"))).unwrap()
    };
    let predictions = read("predictions");
    assert_eq!(predictions.len(), 60, "every example is tested once");
    let correct = predictions.iter().filter(|p| p["truth"] == p["predicted"]).count();
    let on_diagonal: u64 = read("confusion")
        .iter()
        .filter(|cell| cell["truth"] == cell["predicted"])
        .map(|cell| cell["examples"].as_u64().unwrap())
        .sum();
    assert_eq!(correct as u64, on_diagonal);
    for class in read("per-class") {
        let of_class = |field: &str| predictions.iter().filter(|p| p[field] == class["class"]).count() as f64;
        let hits = predictions
            .iter()
            .filter(|p| p["truth"] == class["class"] && p["predicted"] == class["class"])
            .count();
        assert_eq!(class["support"].as_f64().unwrap(), of_class("truth"));
        assert!((class["recall"].as_f64().unwrap() - hits as f64 / of_class("truth")).abs() < 1e-12);
        assert!((class["precision"].as_f64().unwrap() - hits as f64 / of_class("predicted")).abs() < 1e-12);
    }
    // Folds of equal size, so the mean over folds is the share over all.
    let accuracy = row(&run, "logistic")["accuracy"].as_f64().unwrap();
    assert!((accuracy - correct as f64 / 60.0).abs() < 1e-12);
    for prediction in &predictions {
        let scores = prediction.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("score_"));
        let best = scores.max_by(|a, b| a.1.as_f64().unwrap().total_cmp(&b.1.as_f64().unwrap())).unwrap().0;
        assert_eq!(best["score_".len()..], *prediction["predicted"].as_str().unwrap());
    }
}

#[test]
fn every_format_can_be_read_back() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    let run = place.json("--data t.csv --models svm,knn-1,majority");
    let expected: Vec<f64> =
        run["leaderboard"].as_array().unwrap().iter().map(|row| row["macro_f1"].as_f64().unwrap()).collect();
    let open = |name: &str| File::open(place.path(name)).unwrap();
    let f1 = |frame: DataFrame| -> Vec<f64> {
        frame.column("macro_f1").unwrap().f64().unwrap().into_no_null_iter().collect()
    };
    for name in ["b.csv", "b.parquet", "b.json", "b.ndjson", "b.arrow", "b.md", "b.tex"] {
        place.run(&format!("export last -o {name}"));
    }
    let csv = CsvReadOptions::default().with_has_header(true);
    assert_eq!(f1(csv.into_reader_with_file_handle(open("b.csv")).finish().unwrap()), expected);
    assert_eq!(f1(ParquetReader::new(open("b.parquet")).finish().unwrap()), expected);
    assert_eq!(f1(JsonReader::new(open("b.json")).finish().unwrap()), expected);
    let lines = JsonReader::new(open("b.ndjson")).with_json_format(JsonFormat::JsonLines);
    assert_eq!(f1(lines.finish().unwrap()), expected);
    assert_eq!(f1(IpcReader::new(open("b.arrow")).finish().unwrap()), expected);
    let markdown = std::fs::read_to_string(place.path("b.md")).unwrap();
    assert_eq!(markdown.lines().count(), 2 + expected.len());
    assert!(markdown.starts_with("| model |"), "{markdown}");
    let latex = std::fs::read_to_string(place.path("b.tex")).unwrap();
    assert!(latex.contains("\\begin{tabular}") && latex.contains("95 \\% interval"), "{latex}");
    assert!(place.refused("export last -o b.xyz").contains("--format"));
    assert!(place.refused("export last --format csv -o none/b.csv").contains("none/b.csv"));
}

/// The first words of a printed leaderboard's rows.
fn models(table: &str) -> Vec<&str> {
    let rows = table.lines().skip_while(|line| !line.starts_with("model ")).skip(1);
    rows.map_while(|line| line.split_whitespace().next()).collect()
}

#[test]
fn any_metric_sorts_the_leaderboard_the_better_first() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let run = place.json("--data t.csv --models svm,logistic,decision-tree,majority");
    for key in ["macro_f1", "accuracy", "matthews_correlation", "log_loss", "fit_seconds"] {
        let value = |model: &str| row(&run, model)[key].as_f64();
        let table = place.run(&format!("show last --sort {key}"));
        let sorted = models(&table);
        assert_eq!(sorted.len(), 4, "{table}");
        for pair in sorted.windows(2) {
            let in_order = match (value(pair[0]), value(pair[1])) {
                (Some(a), Some(b)) if ["log_loss", "fit_seconds"].contains(&key) => a <= b,
                (Some(a), Some(b)) => a >= b,
                (_, None) => true,
                (None, Some(_)) => false,
            };
            assert!(in_order, "{pair:?} by {key}:\n{table}");
        }
        assert_eq!(table.contains(&format!("Sorted by {key}")), key != "macro_f1", "{table}");
    }
    let exported = place.run("export last --sort log_loss");
    assert!(exported.lines().nth(1).unwrap().starts_with(models(&place.run("show last --sort log_loss"))[0]));
}

#[test]
fn columns_choose_what_is_printed_and_exported() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let run = place.json("--data t.csv --models svm,logistic");
    let chosen = "--columns accuracy,roc-auc,peak_bytes";
    let head = |words: &str| -> String {
        let table = place.run(words);
        table.lines().find(|line| line.contains("model")).unwrap().to_owned()
    };
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&head(&format!("show last {chosen}"))), "model acc. 95 % interval ROC AUC MB");
    let csv = "model,accuracy,accuracy_low,accuracy_high,roc_auc,roc_auc_low,roc_auc_high,peak_bytes";
    assert_eq!(head(&format!("export last {chosen}")), csv);
    assert_eq!(
        head(&format!("export last --format markdown {chosen}")),
        "| model | acc. | 95 % interval | ROC AUC | MB |"
    );
    let shown: Value = serde_json::from_str(&place.run(&format!("show last --json {chosen}"))).unwrap();
    assert_eq!(row(&shown, "svm")["accuracy"], row(&run, "svm")["accuracy"]);
    assert_eq!(row(&shown, "svm")["macro_f1"], Value::Null);

    assert_eq!(head("export last --columns peak_bytes,peak-bytes"), "model,peak_bytes");
    let refused = place.refused("show last --columns accuracy,macrof1");
    assert!(refused.contains("'macro_f1'"), "the nearest key is suggested: {refused}");
    assert!(place.refused("export last --sort f2").contains("possible values"));
}

#[test]
fn people_are_given_percent_and_megabytes_and_programs_every_digit() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let run = place.json("--data t.csv --models svm");
    let svm = row(&run, "svm");
    let (f1, bytes) = (svm["macro_f1"].as_f64().unwrap(), svm["peak_bytes"].as_u64().unwrap());
    let table = place.run("export last --format markdown --columns macro_f1,peak_bytes");
    let cells: Vec<&str> = table.lines().nth(2).unwrap().split('|').map(str::trim).collect();
    assert_eq!(
        (cells[2], cells[4]),
        (&*format!("{:.1}", 100.0 * f1), &*format!("{:.1}", bytes as f64 / 1e6))
    );
    let csv = place.run("export last --columns macro_f1,peak_bytes");
    let cells: Vec<f64> =
        csv.lines().nth(1).unwrap().split(',').skip(1).map(|cell| cell.parse().unwrap()).collect();
    assert_eq!((cells[0], cells[3]), (f1, bytes as f64));
}

/// What scikit-learn needs for the probability metrics is exported, so a reader of the predictions must get the same.
#[test]
fn probability_metrics_are_those_of_the_predictions() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    let run = place.json("--data t.csv --models logistic,svm-linear,ridge --holdout 70/30");
    let brier = |row: &Value| {
        let score = |class: &str| row[format!("score_{class}")].as_f64().unwrap();
        let error = |class| (score(class) - f64::from(u8::from(row["truth"] == class))).powi(2);
        ["blues", "jazz", "rock"].into_iter().map(error).sum::<f64>()
    };
    let text = place.run("export last --table predictions --format json");
    let predictions: Vec<Value> = serde_json::from_str(&text).unwrap();
    let of: Vec<f64> = predictions.iter().filter(|row| row["model"] == "logistic").map(brier).collect();
    let logistic = row(&run, "logistic");
    let ours = logistic["brier_score"].as_f64().unwrap();
    assert!((ours - of.iter().sum::<f64>() / of.len() as f64).abs() < 1e-6, "{ours}");
    let ends = ["brier_score_low", "brier_score_high"].map(|key| logistic[key].as_f64().unwrap());
    assert!(ends[0] <= ours && ours <= ends[1], "{ends:?} around {ours}");
    assert!(logistic["roc_auc"].is_f64() && logistic["roc_auc_low"].is_null(), "{logistic}");
    assert!(row(&run, "ridge")["log_loss"].is_null(), "its scores are no probabilities");
    assert!(row(&run, "ridge")["cohens_kappa"].is_f64());
}

#[test]
fn list_names_models_protocols_metrics_and_datasets() {
    let list = Place::new().run("list");
    for model in DEFAULT_MODELS.into_iter().chain(NETWORKS) {
        assert!(list.contains(model), "{model}");
    }
    for word in ["segment", "track", "artist", "fault-filtered", "synthetic", "log_loss"] {
        assert!(list.contains(word), "{word} is missing:\n{list}");
    }
    let metrics: Value = serde_json::from_str(&Place::new().run("list metrics --json")).unwrap();
    let metrics = metrics["metrics"].as_array().unwrap();
    let log_loss = metrics.iter().find(|metric| metric["metric"] == "log_loss").unwrap();
    assert_eq!((log_loss["better"].as_str(), log_loss["least"].as_f64()), (Some("lower"), Some(0.0)));
}

#[test]
fn models_are_a_screen_and_each_has_a_page() {
    let place = Place::new();
    let screen = place.run("list models");
    assert!(screen.lines().count() <= 50, "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
    assert!(screen.contains("mlfi") && !screen.contains("mlfi-a1"), "variants are one line:\n{screen}");
    let page = place.run("list models svm-c10 mlfi");
    for word in ["gamma", "78.03", "mlfi-b2d", "MACs", "reduced"] {
        assert!(page.contains(word), "{word} is missing:\n{page}");
    }
    assert!(place.refused("list models svn").contains("did you mean svm"));
    assert!(place.refused("list protocols svm").contains("only models"));
}

#[test]
fn shells_and_man_are_told_of_the_program() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.run(&format!("completions {shell}")).contains("reproduce"), "{shell}");
    }
    assert!(place.run("man").contains(".TH bench 1"));
    place.run("man -o pages");
    for page in ["bench.1", "bench-all.1", "bench-data-fetch.1"] {
        assert!(place.path("pages").join(page).is_file(), "{page}");
    }
}

#[test]
fn help_teaches_by_example() {
    let place = Place::new();
    for words in [
        "--help",
        "all --help",
        "tune --help",
        "ablate --help",
        "show --help",
        "export --help",
        "list --help",
    ] {
        let help = place.run(words);
        assert!(help.contains("bench "), "{words}: {help}");
    }
    assert!(place.run("all --help").contains("Examples:"));
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let place = Place::new();
    let bench = env!("CARGO_BIN_EXE_bench");
    let shell = format!("{} list | head -n 1", bench);
    let output =
        std::process::Command::new("sh").args(["-c", &shell]).current_dir(place.path(".")).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
