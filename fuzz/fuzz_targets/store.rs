//! The files of a store. The first letter of the input says which one the rest is the content of, and the target seals
//! it as the program does, so that its readers get past the checksum.
#![no_main]

use genre_bench_api::{Card, Family};
use genre_bench_fuzz::dataset::{Dataset, Source};
use genre_bench_fuzz::protocol::{Protocol, Resampling, Split, SplitRequest, table};
use genre_bench_fuzz::report::Results;
use genre_bench_fuzz::run::{Cell, CellOutcome, Conditions, Plan, PlannedModel, Store};
use genre_bench_fuzz::util::hex;
use genre_bench_fuzz::{check_error, file_of};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// A run of one model on two folds of four tracks.
struct Stored {
    dataset: Dataset,
    split: Split,
    plan: Plan,
}

static STORED: LazyLock<Stored> = LazyLock::new(|| {
    let csv = file_of(b"filename,tempo,label\na.00000.wav,1,a\na.00001.wav,2,a\nb.00000.wav,3,b\nb.00001.wav,4,b\n");
    let source = Source { data: Some(csv.path().to_owned()), ..Source::default() };
    let dataset = Dataset::load(&source, &|_, _| ()).expect("a table");
    let request = SplitRequest {
        protocol: Protocol::Track,
        resampling: Some(Resampling::Folds(2)),
        repeats: 1,
        seed: 0,
        valid: 0,
        per_class: None,
        shots: None,
        validate_on_test: false,
    };
    let split = Split::build(&dataset, &request).expect("two folds");
    let model = PlannedModel::new(&Card::new("svm", Family::Classical, ""), []).expect("no parameters");
    let conditions = Conditions {
        seed: 0,
        seeds: 1,
        device: genre_bench_api::Device::Cpu,
        spectrogram_size: None,
        calibration: None,
    };
    let plan = Plan::new(&dataset, &split, vec![model], conditions).expect("a program that can be read");
    Stored { dataset, split, plan }
});

fn sealed(object: &[u8]) -> Vec<u8> {
    let start = format!("{{\"sha256\":\"{}\",", hex(&Sha256::digest(object)));
    [start.as_bytes(), object.get(1..).unwrap_or_default()].concat()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, bytes).expect("a disk with room");
}

fuzz_target!(|data: &[u8]| {
    let Some((&letter, rest)) = data.split_first() else { return };
    let Stored { dataset, split, plan } = &*STORED;
    let of = plan.identity(Cell { model: 0, fold: 0, seed: 0 });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::create(folder.path()).expect("a store");
    let cell = |end: &str| folder.path().join("cells").join(format!("{}{end}", of.key));
    let run = store.run_folder(&plan.id);

    let content = [format!("{{\"of\":{},\"content\":", json!(of)).as_bytes(), rest, b"}"].concat();
    let mut examples = dataset.catalogue.csv();
    let mut folds = table::csv(&dataset.catalogue, &split.folds);
    let mut object = json!(plan).as_object().expect("an object").clone();
    match letter {
        b'c' => write(&cell(".json"), &sealed(&content)),
        b'f' => write(&cell(".failed.json"), &sealed(&content)),
        b'e' => examples = rest.to_vec(),
        b's' => folds = rest.to_vec(),
        // What differs from the plan.
        b'p' => object.extend(serde_json::from_slice::<Map<String, Value>>(rest).unwrap_or_default()),
        _ => {}
    }
    let checksums =
        json!({ "examples.csv": hex(&Sha256::digest(&examples)), "split.csv": hex(&Sha256::digest(&folds)) });
    object.entry("files").or_insert(checksums);
    write(&run.join("examples.csv"), &examples);
    write(&run.join("split.csv"), &folds);
    write(&run.join("plan.json"), &sealed(json!(object).to_string().as_bytes()));
    let line =
        format!("# run {}, SHA-256 of what follows this line: {}\n", plan.id, hex(&Sha256::digest(rest)));
    write(&run.join("experiment.toml"), &[line.as_bytes(), rest].concat());
    // As they come, without a seal.
    match letter {
        b'C' => [".json", ".failed.json"].iter().for_each(|end| write(&cell(end), rest)),
        b'P' => write(&run.join("plan.json"), rest),
        b'X' => write(&run.join("experiment.toml"), rest),
        b'H' => write(&folder.path().join("store.json"), rest),
        _ => {}
    }

    let fold = &split.folds[0];
    if let CellOutcome::Done(record) = store.outcome(&of, fold, 2) {
        assert!(record.is_of(fold, 2));
    }
    let _ = store.costs("svm");
    let _ = store.experiment(&plan.id);
    match store.load_run("last") {
        Ok((_, catalogue, folds)) => {
            let examples = folds.iter().flat_map(|fold| [&fold.train[..], &fold.valid, &fold.test].concat());
            assert!(examples.max().is_none_or(|last| last < catalogue.examples.len()));
        }
        Err(error) => check_error(&error),
    }
    for error in
        [Results::load(&store, &plan.id).err(), Store::open(folder.path()).err()].into_iter().flatten()
    {
        check_error(&error);
    }
});
