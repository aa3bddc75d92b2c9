//! A split as a table: one row for every example in every fold.
//!
//! ```text
//! example,clip,repeat,fold,part
//! blues.00000.0.wav,blues.00000,0,0,train
//! ```

use super::Fold;
use crate::dataset::Catalogue;
use crate::error::{Error, Result};
use crate::util::{hex, open_file_or_pipe};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Larger files are refused: this is room for 400 folds of 100,000 examples.
const MOST_BYTES: u64 = 2 << 30;

/// Names of the columns.
pub const COLUMNS: [&str; 5] = ["example", "clip", "repeat", "fold", "part"];

/// The part of examples that are tested and in the validation part, too.
pub const VALID_AND_TEST: &str = "valid+test";

/// One row of a split's table: what one example does in one fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitRow<'a> {
    /// Name of the example.
    pub example: &'a str,
    /// Name of its track; the column is called `clip`.
    pub track: &'a str,
    /// Number of the draw.
    pub repeat: usize,
    /// Number of the fold in its draw.
    pub fold: usize,
    /// `train`, `valid`, `test` or, where validation looks at the test part, [`VALID_AND_TEST`].
    pub part: &'static str,
}

/// The rows of a split's table: folds as they come, and of each the training, the validation and the test part. The one
/// place where a split becomes rows; whatever writes one, writes these under [`COLUMNS`].
pub fn rows<'a>(catalogue: &'a Catalogue, folds: &'a [Fold]) -> impl Iterator<Item = SplitRow<'a>> {
    folds.iter().flat_map(move |fold| {
        let parts = [("train", &fold.train), ("valid", &fold.valid), ("test", &fold.test)];
        parts.into_iter().flat_map(move |(part, examples)| {
            let is_both = |number: usize| fold.valid.binary_search(&number).is_ok() && fold.tests(number);
            let own = examples.iter().filter(move |&&number| part != "valid" || !is_both(number));
            own.map(move |&number| {
                let part = if part == "test" && is_both(number) { VALID_AND_TEST } else { part };
                let example = &catalogue.examples[number];
                let track = &catalogue.tracks[example.track];
                SplitRow { example: &example.name, track, repeat: fold.repeat, fold: fold.fold, part }
            })
        })
    })
}

/// The split's table. The same split always gives the same bytes.
pub fn csv(catalogue: &Catalogue, folds: &[Fold]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(vec![]);
    let mut write = |cells: [&str; 5]| {
        writer.write_record(cells).unwrap_or_else(|e| unreachable!("writing to memory: {e}"))
    };
    write(COLUMNS);
    for row in rows(catalogue, folds) {
        write([row.example, row.track, &row.repeat.to_string(), &row.fold.to_string(), row.part]);
    }
    writer.into_inner().unwrap_or_else(|e| unreachable!("flushing to memory: {e}"))
}

/// SHA-256 of a split's table: what the leaderboard shows and `sha256sum split.csv` prints.
pub fn hash(csv: &[u8]) -> String {
    hex(&Sha256::digest(csv))
}

/// Reads a split's table for the examples of a dataset. Columns: `example` or `clip`, which may be called `track` (a row
/// with a track and no example means all its examples), `fold`, `part` (`train`, `valid` or `test`) and perhaps `repeat`.
/// Folds and repeats may be counted from any number; they are counted from 0 from here on.
///
/// # Errors
///
/// Names the file and line: a missing column, an example or track that the dataset lacks, one that stands twice
/// in a fold, a part of another name, a fold without training or test part.
pub fn read(path: &Path, catalogue: &Catalogue) -> Result<Vec<Fold>> {
    let hint = "give a CSV with the columns example (or track), fold and part, as `bench export RUN --table split` writes it";
    let file = open_file_or_pipe(path, MOST_BYTES).map_err(|e| Error::at(path, e, hint))?;
    let mut csv = csv::Reader::from_reader(file);
    let header = csv.headers().map_err(|e| Error::at(path, e, hint))?.clone();
    let column = |name: &str| header.iter().position(|h| h.trim() == name);
    let need = |name: &str| {
        column(name).ok_or_else(|| Error::at(path, format!("there is no column `{name}`"), hint))
    };
    let (example_column, repeat_column) = (column("example"), column("repeat"));
    let track_column = column("clip").or_else(|| column("track"));
    let name_column = example_column
        .or(track_column)
        .ok_or_else(|| need("example").err().unwrap_or_else(|| unreachable!("it is missing")))?;
    let (fold_column, part_column) = (need("fold")?, need("part")?);
    let examples = Named::new(catalogue, example_column.is_some());

    let mut folds: BTreeMap<(usize, usize), Fold> = BTreeMap::new();
    let mut seen: HashMap<(usize, usize, usize), u64> = HashMap::new();
    for record in csv.into_records() {
        let record = record.map_err(|e| Error::at(path, e, hint))?;
        let line = record.position().map_or(0, csv::Position::line);
        let number = |column: usize| {
            record[column].trim().parse::<usize>().map_err(|_| {
                let reason =
                    format!("column `{}`: `{}` is not a whole number", &header[column], &record[column]);
                Error::at_line(path, line, reason, "number folds and repeats, from 0 or 1")
            })
        };
        let (repeat, fold) = (repeat_column.map_or(Ok(0), number)?, number(fold_column)?);
        let name = record[name_column].trim();
        let Some(found) = examples.of.get(name) else {
            let reason = format!("the dataset has no {} `{name}`", examples.unit);
            return Err(Error::at_line(
                path,
                line,
                reason,
                "is the split made for this table and segment length?",
            ));
        };
        let division =
            folds.entry((repeat, fold)).or_insert_with(|| Fold { repeat, fold, ..Fold::default() });
        let part = match record[part_column].trim() {
            "train" => &mut division.train,
            "valid" | "validation" => &mut division.valid,
            "test" => &mut division.test,
            VALID_AND_TEST => {
                division.valid.extend(found);
                &mut division.test
            }
            other => {
                let reason = format!("there is no part `{other}`");
                return Err(Error::at_line(path, line, reason, "train, valid, test or valid+test"));
            }
        };
        for &example in found {
            if let Some(first) = seen.insert((repeat, fold, example), line) {
                let unit = examples.unit;
                let reason = format!("{unit} `{name}` stands in fold {fold} already, on line {first}");
                return Err(Error::at_line(path, line, reason, format!("name each {unit} once in a fold")));
            }
            part.push(example);
        }
    }
    if folds.is_empty() {
        return Err(Error::at(path, "the split has no rows", hint));
    }
    let mut folds: Vec<Fold> = folds.into_values().collect();
    for fold in &mut folds {
        for (name, part) in [("training", &mut fold.train), ("test", &mut fold.test)] {
            if part.is_empty() {
                let reason = format!("fold {} has no {name} part", fold.fold);
                return Err(Error::at(
                    path,
                    reason,
                    "give every fold rows with part `train` and part `test`",
                ));
            }
            part.sort_unstable();
        }
        fold.valid.sort_unstable();
    }
    renumber(&mut folds);
    Ok(folds)
}

/// Counts repeats, and the folds of each, from 0 in their order, as every split here does: what is the same division has
/// the same hash, whatever its author counted from.
fn renumber(folds: &mut [Fold]) {
    let mut before: Option<(usize, usize, usize)> = None; // its repeat in the file, and its new numbers
    for fold in folds {
        let (repeat, number) = match before {
            Some((own, repeat, number)) if own == fold.repeat => (repeat, number + 1),
            Some((_, repeat, _)) => (repeat + 1, 0),
            None => (0, 0),
        };
        before = Some((fold.repeat, repeat, number));
        (fold.repeat, fold.fold) = (repeat, number);
    }
}

/// The dataset's examples by the names that stand in a split file.
struct Named<'a> {
    of: HashMap<&'a str, Vec<usize>>,
    unit: &'static str,
}

impl<'a> Named<'a> {
    fn new(catalogue: &'a Catalogue, by_example: bool) -> Self {
        let mut of: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, example) in catalogue.examples.iter().enumerate() {
            let name =
                if by_example { example.name.as_str() } else { catalogue.tracks[example.track].as_str() };
            of.entry(name).or_default().push(number);
        }
        Self { of, unit: if by_example { "example" } else { "track" } }
    }
}
