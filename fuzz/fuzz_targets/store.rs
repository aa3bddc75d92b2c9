//! A cell and a plan of the store: the input is both.
#![no_main]

use genre_bench_fuzz::protocol::Fold;
use genre_bench_fuzz::run::{CellOutcome, Store};
use libfuzzer_sys::fuzz_target;
use std::fs;

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::create(folder.path()).expect("a store");
    for path in ["cells/k.json", "runs/r/plan.json"] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, data).expect("a disk with room");
    }
    let fold = Fold { train: vec![0, 1], test: vec![2, 3], ..Fold::default() };
    if let CellOutcome::Done(record) = store.outcome("k", &fold, 2) {
        assert!(record.is_of(&fold, 2));
    }
    let _ = store.load_run("r");
    let _ = store.costs("svm");
});
