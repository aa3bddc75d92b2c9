//! Trained weights of others, through the program: a made ResNet-18 under torchvision's names.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, tone};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A sixteenth of the filters, which all files of these tests have.
const NARROW: usize = 16;
const WORDS: &str = "all --json --data music --segment 3 --folds 2 --models resnet18 --epochs 1 --set \
                     resnet18.width=0.0625 --set resnet18.size=32";

/// Two genres of four recordings: low and high notes.
fn recordings(place: &Place, folder: &str) {
    for (genre, hz) in [("low", 200.0), ("high", 2000.0)] {
        for number in 0..4_u8 {
            let hz = hz * (1.0 + 0.05 * f32::from(number));
            place.write(&format!("{folder}/{genre}/{genre}.0000{number}.wav"), tone(hz, 6.5));
        }
    }
}

/// safetensors with the arrays of torchvision's ResNet-18, each shape divided by `NARROW` from 64 on.
fn resnet18(start: u32) -> Vec<u8> {
    let names = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/neural/weight_names.json");
    let names: Value = serde_json::from_slice(&std::fs::read(names).unwrap()).unwrap();
    let shapes: BTreeMap<String, Vec<usize>> =
        serde_json::from_value(names["resnet18"]["torchvision"].clone()).unwrap();
    let (mut header, mut data, mut state) = (serde_json::Map::new(), Vec::new(), start);
    for (name, shape) in shapes {
        let narrow = |&axis: &usize| if axis >= 64 && axis != 1000 { axis / NARROW } else { axis };
        let shape: Vec<usize> = shape.iter().map(narrow).collect();
        let begin = data.len();
        for _ in 0..shape.iter().product() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let even = (state >> 8) as f32 / (1 << 24) as f32;
            let value = if name.ends_with("running_var") { 0.5 + even } else { 0.2 * (even - 0.5) };
            data.extend(value.to_le_bytes());
        }
        let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()]});
        header.insert(name, entry);
    }
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
}

fn row(place: &Place, more: &str) -> Value {
    let printed: Value = serde_json::from_str(&place.run(&format!("{WORDS} {more}"))).unwrap();
    common::row(&printed, "resnet18").clone()
}

/// Standard output and error of a run in which the model cannot be fitted.
fn fails(place: &Place, more: &str) -> String {
    let words = format!("{WORDS} {more}");
    let output = ends(place.bench().args(words.split(' ')), 1);
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn a_network_starts_from_the_file_and_is_stored_by_its_hash() {
    let place = Place::new();
    recordings(&place, "music");
    place.write("a.safetensors", resnet18(1));
    place.write("copy.safetensors", resnet18(1));
    place.write("b.safetensors", resnet18(2));
    let scratch = row(&place, "");
    let head = row(&place, "--set resnet18.weights=a.safetensors --set resnet18.trainable=head");
    let sha256 = head["params"]["weights"].as_str().unwrap().to_owned();
    assert!(sha256.starts_with("a.safetensors sha256:") && sha256.len() == 21 + 64, "{sha256}");
    assert_eq!(scratch["params"]["weights"], "none");
    // The same bytes under another name are the same cells, taken from the store.
    let cells = || std::fs::read_dir(place.path("runs/cells")).unwrap().filter_map(Result::ok);
    let files = || cells().filter(|entry| entry.path().extension().is_some_and(|end| end == "json")).count();
    let before = files();
    let copy = row(&place, "--set resnet18.weights=copy.safetensors --set resnet18.trainable=head");
    assert_eq!((files(), &copy["macro_f1"]), (before, &head["macro_f1"]));
    row(&place, "--set resnet18.weights=b.safetensors --set resnet18.trainable=head");
    assert!(files() > before, "another file makes cells of its own");
}

#[test]
fn what_is_no_such_file_is_refused_with_the_reason() {
    let place = Place::new();
    recordings(&place, "music");
    let whole = resnet18(1);
    place.write("cut.safetensors", &whole[..whole.len() / 2]);
    place.write("words.pth", "these are no weights at all");
    let mut other = resnet18(1);
    let at = other.windows(12).position(|window| window == b"conv1.weight").unwrap();
    other[at] = b'x';
    place.write("other.safetensors", other);
    let said = |file: &str| fails(&place, &format!("--set resnet18.weights={file}"));
    for (file, why) in [
        ("cut.safetensors", "cut.safetensors"),
        ("words.pth", "is no safetensors, PyTorch or NumPy file"),
        ("other.safetensors", "are not the weights of this network"),
    ] {
        let said = said(file);
        assert!(said.contains(why), "{file}: {said}");
    }
    let refused = |file: &str| place.refused(&format!("{WORDS} --set resnet18.weights={file}"));
    let missing = refused("missing.pth");
    assert!(missing.contains("missing.pth") && missing.contains("cannot be read"), "{missing}");
    let unset = place
        .bench()
        .env_remove("GENRE_BENCH_WEIGHTS")
        .args(WORDS.split(' '))
        .args(["--set", "resnet18.weights=imagenet"])
        .output()
        .unwrap();
    let told = String::from_utf8(unset.stderr).unwrap();
    assert_eq!(unset.status.code(), Some(2), "{told}");
    for word in ["resnet18-f37072fd.pth", "torchvision", "BSD-3-Clause", "GENRE_BENCH_WEIGHTS", "not set"] {
        assert!(told.replace("\n", " ").contains(word), "{word} is not in {told}");
    }
}

#[test]
fn known_files_are_found_in_their_folder_and_checked() {
    let place = Place::new();
    place.write("weights/resnet18-f37072fd.pth", "cut short");
    place.write("weights/vgg19.safetensors", "whatever");
    let list = |words: &str| {
        let output = ends(place.bench().env("GENRE_BENCH_WEIGHTS", "weights").args(words.split(' ')), 0);
        String::from_utf8(output.stdout).unwrap()
    };
    let listed: Value = serde_json::from_str(&list("list weights --json")).unwrap();
    let of = |file: &str| {
        listed["weights"].as_array().unwrap().iter().find(|entry| entry["file"] == file).unwrap()
    };
    let damaged = of("resnet18-f37072fd.pth");
    assert_eq!(damaged["there"], false);
    assert!(damaged["problem"].as_str().unwrap().contains("begins with"), "{damaged}");
    assert_eq!(damaged["models"], json!(["crnn-resnet18", "crnn-resnet18-steps", "resnet18"]));
    let found = of("vgg19.safetensors");
    assert_eq!((&found["there"], found["sha256"].as_str().unwrap().len()), (&json!(true), 64));
    assert_eq!(of("resnet18.a1_in1k.safetensors")["problem"], Value::Null);
    let text = list("list weights");
    for word in ["not there", "cannot be used", "there, sha256", "Apache-2.0", "Nothing is downloaded"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn published_figures_of_pretrained_networks_are_measured_from_scratch_where_the_file_is_not() {
    let place = Place::new();
    recordings(&place, "gtzan/genres_original");
    let words = "reproduce --json crnn-resnet18 --data gtzan --epochs 1 --set crnn-resnet18.width=0.05";
    // The recordings are too short for chunks of 10 and 30 s.
    let output = place.bench().env_remove("GENRE_BENCH_WEIGHTS").args(words.split(' ')).output().unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let tables = printed["reproductions"].as_array().unwrap();
    let rows = tables.iter().flat_map(|table| table["rows"].as_array().unwrap());
    let changed: Vec<&str> = rows.map(|row| row["changed"].as_str().unwrap()).collect();
    assert!(!changed.is_empty(), "{printed}");
    assert!(changed.iter().all(|text| text.contains("weights none instead of imagenet")), "{changed:?}");
}
