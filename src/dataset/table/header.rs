//! Names of columns, also where a header has several rows.

use crate::error::Result;
use csv::StringRecord;
use std::collections::VecDeque;

/// What the rows of the header of the Free Music Archive's `features.csv` start with. Under them stands the name of the
/// index, with no cell beside it.
const LEVELS: [&str; 3] = ["feature", "statistics", "number"];

/// Names of the columns, without spaces around, and the records that were read to find them but are rows. A header of
/// several rows is joined: `mfcc_mean_01`.
///
/// # Errors
///
/// The next record cannot be read.
pub fn names(
    first: StringRecord,
    next: &mut impl FnMut(&mut StringRecord) -> Result<bool>,
) -> Result<(Vec<String>, VecDeque<StringRecord>)> {
    let begins = |record: &StringRecord, with: &str| record.get(0).is_some_and(|cell| cell.trim() == with);
    let mut read: VecDeque<StringRecord> = VecDeque::from([first]);
    while read.len() <= LEVELS.len() && begins(&read[read.len() - 1], LEVELS[read.len() - 1]) {
        let mut record = StringRecord::new();
        if !next(&mut record)? {
            break;
        }
        read.push_back(record);
    }
    let is_index = |record: &StringRecord| record.iter().skip(1).all(|cell| cell.trim().is_empty());
    if read.len() > LEVELS.len() && read.back().is_some_and(is_index) {
        let joined = |column: usize| {
            let levels = read.iter().map(|record| record.get(column).unwrap_or("").trim());
            levels.filter(|level| !level.is_empty()).collect::<Vec<_>>().join("_")
        };
        let mut names: Vec<String> = (0..read[0].len()).map(joined).collect();
        names[0] = read[LEVELS.len()][0].trim().to_owned();
        return Ok((names, VecDeque::new()));
    }
    let header = read.pop_front().unwrap_or_default();
    Ok((header.iter().map(|name| name.trim().to_owned()).collect(), read))
}
