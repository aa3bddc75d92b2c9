//! A split that stands in a column of the table, or in a dataset's own lists.

use super::{Fold, Protocol, cross_validation};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// What the parts are called in published tables, in any case.
const TRAIN: [&str; 2] = ["train", "training"];
const VALID: [&str; 5] = ["valid", "validation", "val", "dev", "development"];
const TEST: [&str; 4] = ["test", "testing", "eval", "evaluation"];

/// The split of the dataset's makers.
///
/// # Errors
///
/// The dataset has none, or its lists name no part of an example that was found.
pub fn official(dataset: &Dataset) -> Result<Vec<Fold>> {
    let subject = format!("--protocol {}", Protocol::Official);
    if dataset.parts.iter().all(String::is_empty) {
        let reason = format!("no official split of {} is known", dataset.info.name);
        let hint = "`bench list datasets` shows which datasets have one and where it stands; --protocol track, or file:PATH";
        return Err(Error::new(subject, reason, hint));
    }
    of_parts(dataset, &subject)
}

/// The folds that the column `name` gives: one if it says `train`, `valid` and `test`, or the parts of a
/// cross-validation if it numbers them. Examples without a value are in no part.
///
/// # Errors
///
/// Another value, two words for one part, or a part that is missing.
pub fn folds(dataset: &Dataset, name: &str) -> Result<Vec<Fold>> {
    of_parts(dataset, &format!("--protocol column:{name}"))
}

fn of_parts(dataset: &Dataset, subject: &str) -> Result<Vec<Fold>> {
    let error = |reason: String, hint: &str| Err(Error::new(subject, reason, hint));
    let hint = "train, valid and test, or numbers of folds";
    let mut parts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (example, part) in dataset.parts.iter().enumerate() {
        if !part.is_empty() {
            parts.entry(part.to_lowercase()).or_default().push(example);
        }
    }
    let numbers: Option<BTreeMap<u64, Vec<usize>>> =
        parts.iter().map(|(part, examples)| Some((number(part)?, examples.clone()))).collect();
    if let Some(numbers) = numbers {
        return match numbers.len() {
            0 | 1 => error(format!("has {} fold", numbers.len()), "number two folds or more"),
            _ => Ok(cross_validation(0, &numbers.into_values().collect::<Vec<_>>())),
        };
    }
    let mut fold = Fold::default();
    let mut words: [Option<&str>; 3] = [None; 3];
    for (word, examples) in &parts {
        let places =
            [(&mut fold.train, &TRAIN[..]), (&mut fold.valid, &VALID[..]), (&mut fold.test, &TEST[..])];
        let found = places.into_iter().enumerate().find(|(_, (_, words))| words.contains(&word.as_str()));
        let Some((at, (part, _))) = found else {
            return error(format!("there is no part `{word}`"), hint);
        };
        if let Some(other) = words[at].replace(word) {
            return error(format!("`{other}` and `{word}` both name one part"), "call it by one word");
        }
        part.clone_from(examples);
    }
    match (fold.train.is_empty(), fold.test.is_empty()) {
        (true, _) => error("no example is in the training part".to_owned(), hint),
        (_, true) => error("no example is in the test part".to_owned(), hint),
        _ => Ok(vec![fold]),
    }
}

/// A fold's number, which pandas may have written as `3.0`.
fn number(part: &str) -> Option<u64> {
    part.strip_suffix(".0").unwrap_or(part).parse().ok()
}
