//! Feature tables and leaderboards from audio, through the program.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, gtzan, row, tone};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Output;

/// Three genres told apart by pitch, four files each, and three files that cannot be used.
fn music(place: &Place) {
    for (genre, base) in [("blues", 200.0), ("jazz", 800.0), ("rock", 3000.0)] {
        for clip in 0..4_u8 {
            let pitch = base * (1.0 + 0.07 * f32::from(clip));
            place.write(&format!("music/{genre}/{genre}.0000{clip}.wav"), tone(pitch, 3.2));
        }
    }
    place.write("music/blues/empty.wav", "");
    place.write("music/jazz/not audio.mp3", "these are words");
    place.write("music/rock/short.wav", tone(440.0, 0.3));
    place.write("music/rock/cover.jpg", "passed over");
}

/// Runs the program with a cache of its own; it must end with this exit status.
fn bench(place: &Place, words: &str, status: i32) -> Output {
    let mut command = place.bench();
    ends(command.args(words.split(' ')).env("GENRE_BENCH_CACHE", place.path("cache")), status)
}

/// Rows of a CSV file by the column `filename`.
fn rows(path: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut csv = csv::Reader::from_path(path).unwrap();
    let rows = csv.deserialize().map(|row: Result<BTreeMap<String, String>, _>| row.unwrap());
    rows.map(|row| (row["filename"].clone(), row)).collect()
}

#[test]
fn a_folder_becomes_a_table_and_faults_are_named() {
    let place = Place::new();
    music(&place);
    let output = bench(&place, "features music --seconds 1 -o table.csv --json", 1);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["rows"], &report["recordings"]), (&36.into(), &12.into()));
    let kinds: Vec<&str> =
        report["faults"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["empty", "not-audio", "too-short"]);
    let said = String::from_utf8_lossy(&output.stderr);
    for text in ["empty.wav: is empty", "not audio.mp3: is no audio", "short.wav: is too short", "3 of 15"] {
        assert!(said.contains(text), "{text} is missing in {said}");
    }

    let header = fs::read_to_string(place.path("table.csv")).unwrap();
    let header: Vec<&str> = header.lines().next().unwrap().split(',').collect();
    assert_eq!(
        (header.len(), header[0], header[1], header[2]),
        (60, "filename", "length", "chroma_stft_mean")
    );
    assert_eq!(header[59], "label");
    let table = rows(&place.path("table.csv"));
    assert_eq!(table.len(), 36);
    assert_eq!(table["jazz.00003.2.wav"]["label"], "jazz");
    assert_eq!(table["jazz.00003.2.wav"]["length"], "22050");

    // The same whichever way it is made: other threads, to standard output, from the cache or not.
    let whole = fs::read(place.path("table.csv")).unwrap();
    for words in ["-o - --jobs 1", "-o - --jobs 3 --no-cache", "-o - --quiet"] {
        let again = bench(&place, &format!("features music --seconds 1 {words}"), 1);
        assert!(again.stdout == whole, "{words} gives another table");
    }
    // Overlapping examples are more of the same.
    bench(&place, "features music/rock --seconds 1 --hop 0.5 -o overlap.csv", 1);
    let overlapping = rows(&place.path("overlap.csv"));
    assert_eq!(overlapping.len(), 20);
    assert_eq!(overlapping["rock.00000.2.wav"]["mfcc1_mean"], table["rock.00000.1.wav"]["mfcc1_mean"]);
}

#[test]
fn nothing_is_written_when_nothing_can_be_used() {
    let place = Place::new();
    music(&place);
    place.write("table.csv", "what was there before");
    let said = place.refused("features music --seconds 4 --no-cache -o table.csv");
    assert!(said.contains("15 of 15 recordings") && said.contains("too-short"), "{said}");
    assert_eq!(fs::read_to_string(place.path("table.csv")).unwrap(), "what was there before");
    assert_eq!(fs::read_dir(place.path(".")).unwrap().count(), 2, "something was left behind");
    for (words, text) in [
        ("features nowhere -o x.csv", "nowhere: cannot be read"),
        ("features music -o nowhere/x.csv", "nowhere/x.csv: cannot be written"),
        ("features music --seconds 0 -o x.csv", "must be between"),
        ("features music --seconds 1 --hop -1 -o x.csv", "must be between"),
        ("features music --json -o -", "--json"),
        ("features music", "--output"),
    ] {
        let said = place.refused(words);
        assert!(said.contains(text), "{words}: {said}");
    }
}

#[test]
fn the_longest_recording_that_is_read_is_a_setting() {
    let place = Place::new();
    for (name, seconds) in
        [("blues/a", 2.0), ("blues/b", 2.0), ("rock/c", 2.0), ("rock/d", 2.0), ("rock/long", 5.0)]
    {
        place.write(&format!("music/{name}.wav"), tone(220.0 + 10.0 * seconds, seconds));
    }
    // First without the limit: what is in the cache is no answer to a question with another limit.
    bench(&place, "features music --seconds 1 -o all.csv", 0);
    let output = bench(&place, "features music --seconds 1 --max-seconds 4 -o short.csv", 1);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(talk.contains("long.wav: is too long: more than 4 s (--max-seconds)"), "{talk}");
    bench(&place, "features music --seconds 1 --max-seconds 6 -o again.csv", 0);
    let text = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(text("again.csv"), text("all.csv"));
    assert_eq!((text("all.csv").lines().count(), text("short.csv").lines().count()), (14, 9));

    let words = "--data music --segment 1 --models knn-1 --folds 2";
    let run = place.json(&format!("{words} --max-seconds 4"));
    assert_eq!(run["dataset"]["examples"], 8);
    assert!(run["notes"].to_string().contains("1 of 5 recordings (1 too-long) could not be used"), "{run}");
    assert_eq!(place.json(words)["dataset"]["examples"], 13);
    let error = place.refused(&format!("all {words} --max-seconds 1"));
    assert!(error.contains("5 too-long") && error.contains("--max-seconds 3600"), "{error}");
    for seconds in ["0", "100000"] {
        assert!(place.refused(&format!("all {words} --max-seconds {seconds}")).contains("--max-seconds"));
        place.write("e.toml", format!("[data]\nmax-seconds = {seconds}\n"));
        assert!(place.refused("run e.toml").contains("line 2: `data.max-seconds`"));
    }
    let report = place.run("data audit music --max-seconds 4 --json");
    assert!(report.contains("\"too-long\""), "{report}");
    assert!(!place.run("data audit music --json").contains("\"too-long\""));
}

#[test]
fn files_of_one_name_in_two_genres_stay_two_recordings() {
    let place = Place::new();
    for (number, genre) in ["blues", "jazz"].iter().enumerate() {
        for clip in 0..4_u16 {
            let hz = 300.0 + 900.0 * number as f32 + 20.0 * f32::from(clip);
            place.write(&format!("{genre}/0{clip}.wav"), tone(hz, 1.5));
        }
    }
    bench(&place, "features . --seconds 1 -o table.csv", 0);
    let names: Vec<String> = rows(&place.path("table.csv")).into_keys().collect();
    assert_eq!(names[..2], ["blues-00.0.wav", "blues-01.0.wav"]);
    let run = bench(&place, "all --data . --segment 1 --models knn-1 --folds 2 --json", 0);
    let run: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(run["dataset"]["clips"], 8);
}

#[test]
fn a_leaderboard_from_audio_is_that_of_its_table() {
    let place = Place::new();
    music(&place);
    let words = "--models svm,knn-5,logistic --folds 2 --json";
    let run = |data: &str| -> Value {
        let done = bench(&place, &format!("all --data {data} {words}"), 0);
        serde_json::from_slice(&done.stdout).unwrap()
    };
    let from_audio = run("music --segment 1");
    bench(&place, "features music --seconds 1 -o table.csv", 1);
    let from_table = run("table.csv");
    assert_eq!(common::scores(&from_audio), common::scores(&from_table));
    assert_eq!(from_audio["dataset"]["fingerprint"], from_table["dataset"]["fingerprint"]);
    let notes = from_audio["notes"].to_string();
    assert!(notes.contains("3 of 15 recordings") && notes.contains("empty.wav: is empty"), "{notes}");
}

#[test]
fn a_folder_without_tables_or_audio_says_so() {
    let place = Place::new();
    place.write("music/readme.txt", "nothing here");
    let said = place.refused("all --data music");
    assert!(said.contains("no audio"), "{said}");
}

/// The leaderboard from the 100 real clips is that of the published table with only their rows.
#[test]
fn real_audio_scores_as_the_published_table() {
    let Some(folder) = gtzan().filter(|folder| folder.join("genres_original").is_dir()) else { return };
    let place = Place::new();
    let audio = folder.join("genres_original");
    let words = format!("features {} -o ours.csv --quiet", audio.display());
    bench(&place, &words, 1);
    let ours = rows(&place.path("ours.csv"));
    let published = fs::read_to_string(folder.join("features_30_sec.csv")).unwrap();
    let ours: BTreeSet<&str> = ours.keys().map(String::as_str).collect();
    let kept = |line: &&str| line.starts_with("filename,") || ours.contains(line.split(',').next().unwrap());
    let lines: Vec<&str> = published.lines().filter(kept).collect();
    place.write("published.csv", lines.join("\n"));
    let models = "svm,knn-1,knn-5,logistic,forest";
    let run = |data: &str| -> Value {
        let words = format!("all --data {data} --models {models} --folds 5 --json");
        serde_json::from_slice(&bench(&place, &words, 0).stdout).unwrap()
    };
    let (from_audio, from_table) = (run(&audio.display().to_string()), run("published.csv"));
    assert_eq!(from_audio["dataset"]["examples"], ours.len());
    assert_eq!(from_audio["split_hash"], from_table["split_hash"], "examples or labels differ");
    for model in models.split(',') {
        let score = |run: &Value| row(run, model)["macro_f1"].as_f64().unwrap();
        let (audio, table) = (score(&from_audio), score(&from_table));
        assert!((audio - table).abs() <= 0.002, "{model}: {audio} from audio, {table} from the table");
    }
}

/// Shape and numbers of an NPY file of f32.
fn npy(bytes: &[u8]) -> (String, Vec<f32>) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!(end % 64, 0);
    let header = String::from_utf8(bytes[10..end].to_vec()).unwrap();
    assert!(header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': ("), "{header}");
    let shape = header.split(['(', ')']).nth(1).unwrap().to_owned();
    let numbers = bytes[end..].as_chunks::<4>().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
    (shape, numbers)
}

#[test]
fn spectrograms_are_the_same_in_every_format() {
    let place = Place::new();
    music(&place);
    let flags = "--seconds 1 --bands 20 --hop-length 441 --n-fft 1024 --no-cache";
    for name in ["mel.npy", "mel.npz", "mel.safetensors"] {
        bench(&place, &format!("features music {flags} --mel {name}"), 1);
    }
    // 36 examples, 20 bands, 1 + 22050 / 441 frames.
    let whole = fs::read(place.path("mel.npy")).unwrap();
    let (shape, numbers) = npy(&whole);
    assert_eq!((shape.as_str(), numbers.len()), ("36, 20, 51", 36 * 20 * 51));
    let (low, high) = numbers[..1020].iter().fold((0_f32, -100_f32), |(l, h), &x| (l.min(x), h.max(x)));
    assert!((high - low - 80.0).abs() < 1e-3, "from {low} to {high} dB");
    // The first clip is a tone of 200 Hz, the last one of 3.6 kHz.
    let loudest = |example: usize| {
        let power = |band: &usize| numbers[1020 * example + 51 * band..][..51].iter().sum::<f32>() as i64;
        (0..20).max_by_key(power).unwrap()
    };
    assert!(loudest(0) < 3 && loudest(35) > 10, "{} and {}", loudest(0), loudest(35));
    let names = fs::read_to_string(place.path("mel.csv")).unwrap();
    assert!(names.starts_with("filename,label\nblues.00000.0.wav,blues\n") && names.lines().count() == 37);

    let mut zip = zip::ZipArchive::new(fs::File::open(place.path("mel.npz")).unwrap()).unwrap();
    let mut entry = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert!(entry("mel.npy") == whole);
    let labels = entry("labels.npy");
    assert!(String::from_utf8_lossy(&labels).contains("'<U5', 'fortran_order': False, 'shape': (36,)"));
    assert_eq!(
        labels[labels.len() - 20..].as_chunks::<4>().0,
        [*b"r\0\0\0", *b"o\0\0\0", *b"c\0\0\0", *b"k\0\0\0", [0; 4]]
    );

    let bytes = fs::read(place.path("mel.safetensors")).unwrap();
    let (size, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*size) as usize);
    let header: Value = serde_json::from_slice(header).unwrap();
    assert_eq!(header["mel"]["shape"], serde_json::json!([36, 20, 51]));
    let end = 4 * numbers.len();
    assert!(whole.ends_with(&data[..end]) && data.len() == end + 8 * 36);
    assert_eq!(data[data.len() - 8..], 2_i64.to_le_bytes());
    assert_eq!(header["__metadata__"]["classes"], r#"["blues","jazz","rock"]"#);

    for (words, text) in [
        ("features music --mel mel.txt", "which format"),
        ("features music --mel mel.npy --bands 0", "bands"),
        ("features music -o x.csv --mel mel.npy", "cannot be used with"),
        ("features music -o x.csv --bands 40", "cannot be used with"),
    ] {
        let said = place.refused(words);
        assert!(said.contains(text), "{words}: {said}");
    }
}
