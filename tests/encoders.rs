//! Models on encoders, with encoders that need no weights (`tests/common/encoders.rs`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::png::{Pixel, png};
use common::{Place, ends, row, scores, tone};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Tracks of each of two genres, low and high tones of six seconds.
const TRACKS: usize = 4;

/// The tone of a track.
fn hertz(genre: usize, track: usize) -> f32 {
    [200.0, 1000.0][genre] * (1.0 + 0.1 * track as f32)
}

fn music(place: &Place) {
    for (genre, name) in ["blues", "rock"].iter().enumerate() {
        for track in 0..TRACKS {
            place.write(&format!("music/{name}/{name}.{track:05}.wav"), tone(hertz(genre, track), 6.0));
        }
    }
}

/// The program with encoders.
fn bench(place: &Place, words: &str) -> Command {
    let mut command = place.faulty();
    command
        .env("GENRE_BENCH_CACHE", place.path("cache"))
        .env_remove("GENRE_BENCH_WEIGHTS")
        .env_remove("COLUMNS");
    command.args(words.split_whitespace());
    command
}

fn json(place: &Place, words: &str) -> Value {
    let output = ends(&mut bench(place, &format!("all --json --folds 2 {words}")), 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is said where nothing is run.
fn refused(place: &Place, words: &str) -> String {
    let output = ends(&mut bench(place, words), 2);
    String::from_utf8(output.stderr).unwrap()
}

fn entries(folder: &Path, ending: &str) -> usize {
    let Ok(files) = std::fs::read_dir(folder) else { return 0 };
    files.flatten().filter(|file| file.file_name().to_string_lossy().contains(ending)).count()
}

const MUSIC: &str = "--data music --segment 3";

#[test]
fn a_model_stands_on_an_encoder_and_says_so() {
    let place = Place::new();
    music(&place);
    let run = json(&place, &format!("{MUSIC} --models ears+logistic,ears+knn-1,naive-bayes"));
    let on_ears = row(&run, "ears+logistic");
    assert_eq!((on_ears["accuracy"].as_f64(), &on_ears["family"]), (Some(1.0), &"classical".into()), "{run}");
    assert_eq!(on_ears["reads"], "embeddings of ears");
    assert_eq!(on_ears["encoder"]["trained_on"], "ten thousand songs");
    assert_eq!(row(&run, "naive-bayes")["reads"], "table");
    let caution = "the encoder ears may know recordings of the dataset: it was trained on ten thousand songs";
    assert_eq!((&run["cautions"][0], &on_ears["caution"]), (&caution.into(), &caution.into()));
    assert!(row(&run, "naive-bayes")["caution"].is_null());
    assert_eq!(run["dataset"]["examples"], 4 * TRACKS);

    let shown = String::from_utf8(ends(&mut bench(&place, "show last"), 0).stdout).unwrap();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("ears+logistic") && shown.contains("may know recordings"), "{shown}");
    let csv = String::from_utf8(ends(&mut bench(&place, "export last"), 0).stdout).unwrap();
    assert!(csv.contains(",embeddings of ears,") && csv.contains(caution), "{csv}");
    let matrix = ends(&mut bench(&place, "show last --confusion ears+knn-1"), 0).stdout;
    assert!(String::from_utf8(matrix).unwrap().contains("blues"));
    let compared = ends(&mut bench(&place, "compare last --models ears+logistic,naive-bayes"), 0).stdout;
    assert!(String::from_utf8(compared).unwrap().contains("ears+logistic"));

    // The same again is stored.
    let again = bench(&place, &format!("all --json --folds 2 {MUSIC} --models ears+logistic --dry-run"));
    let dry: Value = serde_json::from_slice(&ends(&mut { again }, 0).stdout).unwrap();
    let embedded = serde_json::json!([{ "encoder": "ears", "recordings": 8, "cached": 8 }]);
    assert_eq!(dry["embeddings"], embedded, "{dry}");
}

#[test]
fn cells_of_other_models_are_what_they_were_without_encoders() {
    let place = Place::new();
    music(&place);
    let alone = json(&place, &format!("{MUSIC} --models naive-bayes"));
    let cells = || {
        let mut names: Vec<String> = std::fs::read_dir(place.path("runs/cells"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("naive-bayes"))
            .collect();
        names.sort();
        names
    };
    let before = cells();
    let both = json(&place, &format!("{MUSIC} --models naive-bayes,ears+naive-bayes"));
    assert_eq!(cells(), before);
    assert_eq!(row(&alone, "naive-bayes")["accuracy"], row(&both, "naive-bayes")["accuracy"]);
}

#[test]
fn embeddings_are_computed_once_for_what_a_recording_is() {
    let place = Place::new();
    music(&place);
    std::fs::create_dir(place.path("marks")).unwrap();
    let windows = || entries(&place.path("marks"), "window-");
    let run = |words: &str| {
        let words = format!("all --json --folds 2 {MUSIC} {words}");
        let output = ends(bench(&place, &words).env("GENRE_BENCH_MARKS", place.path("marks")), 0);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let first = run("--models ears+knn-1");
    // Three windows of a second in each of two segments.
    assert_eq!(windows(), 6 * 2 * TRACKS);
    assert_eq!(entries(&place.path("cache/features"), ".embeddings"), 2 * TRACKS);
    let folder = place.path("music/rock");
    std::fs::rename(folder.join("rock.00000.wav"), folder.join("rock.00007.wav")).unwrap();
    for words in ["--models ears+knn-1 --seed 5", "--models ears+svm --protocol segment"] {
        run(words);
        assert_eq!(windows(), 6 * 2 * TRACKS, "{words}");
    }
    place.write("music/rock/rock.00007.wav", tone(1234.0, 6.0));
    run("--models ears+knn-1");
    assert_eq!(windows(), 6 * (2 * TRACKS + 1));
    // Another setting, and another length, is something else.
    run("--models ears+knn-1 --set ears.lags=4");
    assert_eq!(windows(), 6 * (4 * TRACKS + 1));

    // What is damaged is not believed, and the numbers do not depend on the cache.
    let features = place.path("cache/features");
    let entry = std::fs::read_dir(&features).unwrap().flatten().map(|file| file.path());
    for path in entry.filter(|path| path.extension().is_some_and(|ending| ending == "embeddings")) {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[60] ^= 1;
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::rename(folder.join("rock.00007.wav"), folder.join("rock.00000.wav")).unwrap();
    place.write("music/rock/rock.00000.wav", tone(hertz(1, 0), 6.0));
    let again = run("--models ears+knn-1 --out elsewhere");
    assert_eq!(scores(&first), scores(&again));
    assert_eq!(windows(), 6 * (6 * TRACKS + 1));
}

#[test]
fn numbers_do_not_depend_on_threads_nor_on_the_cache() {
    let place = Place::new();
    music(&place);
    let with = |threads: &str, words: &str| {
        let words = format!("all --json --folds 2 {MUSIC} --models ears+logistic {words}");
        let output = ends(bench(&place, &words).env("RAYON_NUM_THREADS", threads), 0);
        scores(&serde_json::from_slice(&output.stdout).unwrap())
    };
    let one = with("1", "--no-cache --out a");
    assert_eq!(with("3", "--no-cache --out b"), one);
    assert_eq!(with("2", "--out c"), one);
    assert_eq!(with("2", "--out d"), one);
}

#[test]
fn an_encoder_that_fails_is_told_and_does_no_harm_to_others() {
    let place = Place::new();
    music(&place);
    for (fault, said) in [
        ("load", "its weights are for another ear"),
        ("panic", "it panicked: this encoder panics on purpose"),
        ("odd", "its embedding has the number NaN"),
    ] {
        let words =
            format!("all --json --folds 2 {MUSIC} --models ears+knn-1,knn-1 --set ears.fault={fault}");
        let output = ends(&mut bench(&place, &words), 1);
        let run: Value = serde_json::from_slice(&output.stdout).unwrap();
        let error = row(&run, "ears+knn-1")["errors"][0].as_str().unwrap();
        assert!(error.contains(said), "{fault}: {error}");
        assert!(row(&run, "knn-1")["accuracy"].is_f64());
        assert_eq!(run["dataset"]["examples"], 4 * TRACKS);
    }
    // One recording that cannot be embedded is left out for all models.
    place.write("music/rock/rock.00009.wav", tone(440.0, 6.0));
    let run = json(&place, &format!("{MUSIC} --models ears+knn-1,knn-1 --set ears.fault=one"));
    assert_eq!(run["dataset"]["examples"], 4 * TRACKS);
    let notes = run["notes"].to_string();
    assert!(notes.contains("2 of 18 examples have no embedding of ears and were left out"), "{notes}");
    assert!(notes.contains("rock.00009.0.wav: that tone hurts"), "{notes}");
    assert_eq!(row(&run, "ears+knn-1")["accuracy"], 1.0);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_try() {
    let place = Place::new();
    music(&place);
    place.write("t.csv", common::small_table(6, 2));
    for (words, said) in [
        ("all --models earss+svm", "there is no encoder `earss`\n  try: did you mean ears"),
        ("all --models ears+svn", "there is no model `svn`\n  try: did you mean svm"),
        ("all --models ears+knn-1 --data t.csv", "its encoder reads recordings, but a table has none"),
        ("all --models eyes+knn-1 --data music", "`sights` is a file that is not there: put one of these"),
        (
            "all --models ears+knn-1 --set ears.depth=3",
            "the encoder has no such parameter, only: fault, lags",
        ),
        ("all --models ears+knn-1 --set ears.lags=0", "`0` is not a whole number from 1 to 64"),
        ("all --models knn-1 --set ears.lags=3", "is not a model of this run"),
        ("all --models knn-1 --from-scratch", "no model of this run starts from trained weights"),
        (
            "ablate --models ears+knn-1 --data music",
            "it reads embeddings of ears, and only columns of the table",
        ),
        ("all --encoder a+b=t.csv --models knn-1", "a name has lower-case letters, digits and hyphens alone"),
        ("all --encoder mine=t.csv --models mine+knn-1", "is no encoder of this test"),
        ("all --encoder ears=ears.txt --models knn-1", "another encoder has this name"),
        ("list encoders nose", "is not there"),
    ] {
        place.write("ears.txt", "ears");
        let told = refused(&place, words);
        assert!(told.contains(said), "{words}\n{told}");
    }
    let folder = Place::new();
    folder.write("i/a/1.png", png(8, 8, Pixel::Grey, |x, _| x as u8));
    for name in ["a/2", "b/1", "b/2"] {
        folder.write(&format!("i/{name}.png"), png(8, 8, Pixel::Grey, |x, _| 20 * x as u8));
    }
    let told = refused(&folder, "all --data i --models ears+knn-1");
    assert!(told.contains("its encoder reads recordings, but there are only images"), "{told}");
}

#[test]
fn a_file_is_an_encoder_under_the_name_it_is_given() {
    let place = Place::new();
    music(&place);
    place.write("one.txt", "ears of one");
    place.write("other.txt", "ears of another");
    std::fs::create_dir(place.path("marks")).unwrap();
    let words =
        "--encoder a=one.txt --encoder b=one.txt --encoder c=other.txt --models a+knn-1,b+knn-1,c+knn-1";
    let words = format!("all --json --folds 2 {MUSIC} {words} --set c.lags=3 --save-experiment e.toml");
    let output = ends(bench(&place, &words).env("GENRE_BENCH_MARKS", place.path("marks")), 0);
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    // The same under two names is computed once.
    assert_eq!(entries(&place.path("marks"), "window-"), 6 * 2 * 2 * TRACKS);
    let identity = |name: &str| row(&run, name)["encoder"]["identity"].as_str().unwrap().to_owned();
    assert_eq!(identity("a+knn-1"), identity("b+knn-1"));
    assert_ne!(identity("a+knn-1"), identity("c+knn-1"));
    let saved = std::fs::read_to_string(place.path("e.toml")).unwrap();
    assert!(saved.contains("[encoders]\na = \"one.txt\""), "{saved}");
    let again = ends(&mut bench(&place, "run e.toml --json"), 0);
    assert_eq!(scores(&serde_json::from_slice(&again.stdout).unwrap()), scores(&run));
    // So does what is stored beside the run.
    let stored = ends(&mut bench(&place, "show last --experiment"), 0).stdout;
    assert!(String::from_utf8(stored).unwrap().contains("other.txt"));

    let listed = ends(&mut bench(&place, "list encoders --encoder mine=one.txt"), 0).stdout;
    let listed = String::from_utf8(listed).unwrap();
    assert!(listed.contains("ears ") && listed.contains("mine ") && listed.contains("eyes "), "{listed}");
    let page = String::from_utf8(ends(&mut bench(&place, "list encoders ears"), 0).stdout).unwrap();
    assert!(page.contains("lags") && page.contains("ten thousand songs"), "{page}");
    let page = String::from_utf8(ends(&mut bench(&place, "list models ears+svm"), 0).stdout).unwrap();
    assert!(page.contains("embeddings of ears"), "{page}");
}

#[test]
fn a_model_on_an_encoder_is_tuned_and_calibrated_as_any_other() {
    let place = Place::new();
    music(&place);
    let words = format!("tune ears+logistic {MUSIC} --folds 2 --inner 2 --grid c=0.01,1 --json");
    let run: Value = serde_json::from_slice(&ends(&mut bench(&place, &words), 0).stdout).unwrap();
    assert_eq!(row(&run, "ears+logistic tuned")["accuracy"], 1.0, "{run}");
    assert_eq!(row(&run, "ears+logistic tuned")["reads"], "embeddings of ears");
    let run = json(
        &place,
        &format!("{MUSIC} --models ears+knn-5,ears+logistic --calibrate temperature --valid 30"),
    );
    assert!(row(&run, "ears+logistic")["calibration_error"].is_f64(), "{run}");
    let run = json(&place, &format!("{MUSIC} --models ears+probe"));
    assert_eq!(row(&run, "ears+probe")["accuracy"], 1.0, "{run}");
    let insights = ends(&mut bench(&place, "show last --insights ears+probe"), 0).stdout;
    assert!(String::from_utf8(insights).unwrap().contains("chosen C"));
    // A list of values makes rows, of the encoder's too.
    place.write(
        "e.toml",
        "models = [\"ears+knn-1\"]\n[data]\npath = \"music\"\nsegment = 3\n[split]\nfolds = 2\n[parameters.ears]\nlags = [2, 4]\n",
    );
    let run: Value =
        serde_json::from_slice(&ends(&mut bench(&place, "run e.toml --json"), 0).stdout).unwrap();
    assert!(
        row(&run, "ears+knn-1 lags=2")["accuracy"].is_f64()
            && row(&run, "ears+knn-1 lags=4")["accuracy"].is_f64()
    );
}

#[test]
fn pictures_are_of_images_or_of_recordings() {
    let place = Place::new();
    music(&place);
    for (genre, bright) in [("blues", 0), ("rock", 1)] {
        for track in 0..TRACKS {
            let grey = |x: usize, y: usize| if x / 20 == bright { 255 } else { (7 * y + track) as u8 };
            place.write(&format!("images/{genre}/{genre}.{track:05}.png"), png(40, 24, Pixel::Grey, grey));
        }
    }
    let name = "eyes+knn-1 (random weights)";
    let run = json(&place, "--data images --models eyes+knn-1 --from-scratch");
    assert_eq!(row(&run, name)["accuracy"], 1.0, "{run}");
    assert!(row(&run, name)["encoder"]["trained_on"].is_null());
    let note = "eyes reads the images, resized to 32x32; grey ones have three equal channels";
    assert!(run["notes"].to_string().contains(note), "{}", run["notes"]);
    let run = json(&place, &format!("{MUSIC} --models eyes+knn-1,ears+knn-1 --set eyes.weights=none"));
    assert_eq!(row(&run, name)["accuracy"], 1.0, "{run}");
    assert!(run["notes"].to_string().contains("eyes reads pictures of the recordings"), "{}", run["notes"]);
    // With weights it says what they were trained on.
    place.write("eyes.bin", "weights");
    let run = json(&place, "--data images --models eyes+knn-1 --set eyes.weights=eyes.bin");
    assert_eq!(row(&run, "eyes+knn-1")["encoder"]["trained_on"], "sights");
}

#[test]
fn recordings_beside_a_table_are_joined_to_it() {
    let place = Place::new();
    let mut table = "filename,x,label\n".to_owned();
    for (genre, name) in ["blues", "rock"].iter().enumerate() {
        for track in 0..TRACKS {
            let path = format!("d/genres_original/{name}/{name}.{track:05}.wav");
            place.write(&path, tone(hertz(genre, track), 6.0));
            for segment in 0..2 {
                table +=
                    &format!("{name}.{track:05}.{segment}.wav,{},{name}\n", (track * 7 + segment * 3) % 5);
            }
        }
    }
    place.write("d/features_3_sec.csv", &table);
    let run = json(&place, "--data d --segment 3 --models ears+knn-1,knn-1");
    assert_eq!(row(&run, "ears+knn-1")["accuracy"], 1.0, "{run}");
    assert!(row(&run, "knn-1")["accuracy"].as_f64().unwrap() < 1.0);
    assert!(
        run["notes"].to_string().contains("embeddings are made of the recordings in d"),
        "{}",
        run["notes"]
    );
    assert_eq!(run["dataset"]["spectrograms"]["from"], "audio");
}

#[test]
fn shots_cut_the_training_part_and_nothing_else() {
    let place = Place::new();
    place.write("t.csv", common::small_table(10, 2));
    let words = "all --data t.csv --models knn-1 --folds 2 --shots 1,3,4 --json";
    let all: Value = serde_json::from_slice(&ends(&mut bench(&place, words), 0).stdout).unwrap();
    let runs = all["runs"].as_array().unwrap();
    assert_eq!(all["comparison"]["runs"], serde_json::json!(["shots 1", "shots 3", "shots 4"]));
    let split = |run: &Value, part: &str| -> Vec<(String, String)> {
        let id = run["run"].as_str().unwrap();
        let csv = ends(&mut bench(&place, &format!("export {id} --table split")), 0).stdout;
        let csv = String::from_utf8(csv).unwrap();
        let rows = csv.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        let of_part = rows.filter(|cells| cells[4] == part);
        of_part.map(|cells| (cells[3].to_owned(), cells[1].to_owned())).collect()
    };
    let whole = json(&place, "--data t.csv --models knn-1");
    let mut before: Vec<(String, String)> = Vec::new();
    for (run, shots) in runs.iter().zip([1, 3, 4]) {
        assert_eq!(run["shots"], shots);
        assert_eq!(split(run, "test"), split(&whole, "test"));
        let mut tracks = split(run, "train");
        // Both segments of so many tracks of three genres in two folds.
        assert_eq!(tracks.len(), 2 * 2 * 3 * shots);
        tracks.sort();
        tracks.dedup();
        for genre in ["blues", "jazz", "rock"] {
            assert_eq!(tracks.iter().filter(|(_, track)| track.starts_with(genre)).count(), 2 * shots);
        }
        assert!(
            before.iter().all(|track| tracks.contains(track)),
            "those of fewer shots are among those of more"
        );
        before = tracks;
    }
    let hashes: Vec<&Value> = runs.iter().map(|run| &run["split_hash"]).collect();
    assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && *hashes[2] != whole["split_hash"]);
    // From a file, and back.
    ends(
        &mut bench(
            &place,
            "all --data t.csv --models knn-1 --folds 2 --shots 1,3,4 --save-experiment e.toml --dry-run",
        ),
        0,
    );
    let saved = std::fs::read_to_string(place.path("e.toml")).unwrap();
    assert!(saved.contains("shots = [1, 3, 4]") || saved.contains("shots = [\n"), "{saved}");
    let again: Value =
        serde_json::from_slice(&ends(&mut bench(&place, "run e.toml --json"), 0).stdout).unwrap();
    assert_eq!(again["comparison"], all["comparison"]);
    let told = refused(&place, "all --data t.csv --models knn-1 --folds 2 --shots 6");
    assert!(told.contains("class `blues` has 5 tracks in the training part of fold 0"), "{told}");
}

#[cfg(unix)]
#[test]
fn what_is_embedded_when_the_user_stops_is_kept() {
    let place = Place::new();
    const RECORDINGS: usize = 24;
    for track in 0..RECORDINGS {
        place.write(
            &format!("music/{}/{track:05}.wav", ["a", "b"][track % 2]),
            tone(300.0 + track as f32, 6.0),
        );
    }
    let words = format!("all --folds 2 {MUSIC} --models ears+knn-1 --set ears.fault=slow");
    // Four recordings at a time, whatever the machine.
    let mut child = bench(&place, &words)
        .env("RAYON_NUM_THREADS", "1")
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let kept = || entries(&place.path("cache/features"), ".embeddings");
    while kept() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before anything was kept");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let stopped = kept();
    assert!((1..RECORDINGS).contains(&stopped), "{stopped}");
    let dry = ends(&mut bench(&place, &format!("{words} --dry-run --json")), 0);
    let dry: Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert_eq!(dry["embeddings"][0]["cached"], stopped);
    ends(&mut bench(&place, &words), 0);
    assert_eq!(kept(), RECORDINGS);
}
