//! What a Parquet file states of its sizes, looked at before polars allocates by it: an allocation that fails ends the
//! program, and no handler of panics helps.

use super::limits::{LimitError, Unfolded};
use super::thrift::{Kind, Walker};
use polars::io::parquet::metadata::FileMetadata;

/// Behind the footer stand its length and this.
const MAGIC: &[u8] = b"PAR1";
/// Of a footer in bytes; what polars makes of one takes many times as much.
const MAX_FOOTER: usize = 64 << 20;
/// Columns of columns; polars reads them recursively.
const MAX_GROUPS: usize = 200;

const STATISTICS: Kind = Kind::Struct(&[
    (1, Kind::Binary),
    (2, Kind::Binary),
    (3, Kind::Int),
    (4, Kind::Int),
    (5, Kind::Binary),
    (6, Kind::Binary),
    (7, Kind::Bool),
    (8, Kind::Bool),
]);

/// The fields of `FileMetaData` that polars reads, by the kinds it takes them to be of.
const FOOTER: &[(i16, Kind)] = {
    use Kind::{Binary, Bool, Byte, Counted, Int, List, Struct};
    const NOTHING: Kind = Struct(&[]);
    const UNIT: Kind = Struct(&[(1, NOTHING), (2, NOTHING), (3, NOTHING)]);
    const LOGICAL: Kind = Struct(&[
        (1, NOTHING),
        (2, NOTHING),
        (3, NOTHING),
        (4, NOTHING),
        (5, Struct(&[(1, Int), (2, Int)])),
        (6, NOTHING),
        (7, Struct(&[(1, Bool), (2, UNIT)])),
        (8, Struct(&[(1, Bool), (2, UNIT)])),
        (10, Struct(&[(1, Byte), (2, Bool)])),
        (11, NOTHING),
        (12, NOTHING),
        (13, NOTHING),
        (14, NOTHING),
        (15, NOTHING),
    ]);
    const ELEMENT: Kind = Struct(&[
        (1, Int),
        (2, Int),
        (3, Int),
        (4, Binary),
        (5, Counted),
        (6, Int),
        (7, Int),
        (8, Int),
        (9, Int),
        (10, LOGICAL),
    ]);
    const COLUMN: Kind = Struct(&[
        (1, Int),
        (2, List(&Int)),
        (3, List(&Binary)),
        (4, Int),
        (5, Int),
        (6, Int),
        (7, Int),
        (9, Int),
        (10, Int),
        (11, Int),
        (12, STATISTICS),
        (14, Int),
        (15, Int),
    ]);
    const CHUNK: Kind = Struct(&[(1, Binary), (2, Int), (3, COLUMN), (4, Int), (5, Int), (6, Int), (7, Int)]);
    const SORTING: Kind = Struct(&[(1, Int), (2, Bool), (3, Bool)]);
    const GROUP: Kind =
        Struct(&[(1, List(&CHUNK)), (2, Int), (3, Int), (4, List(&SORTING)), (5, Int), (6, Int), (7, Int)]);
    const KEY_VALUE: Kind = Struct(&[(1, Binary), (2, Binary)]);
    const ORDER: Kind = Struct(&[(1, NOTHING), (2, NOTHING)]);
    &[
        (1, Int),
        (2, List(&ELEMENT)),
        (3, Int),
        (4, List(&GROUP)),
        (5, List(&KEY_VALUE)),
        (6, Binary),
        (7, List(&ORDER)),
    ]
};

/// Places of what is kept of the header of a page.
const UNFOLDED: usize = 0;
const FOLDED: usize = 1;
const VALUES: usize = 2;
const ENCODING: usize = 3;
const KIND: usize = 4;
const VALUES_OF_2: usize = 5;
const DISTINCT: usize = 6;

/// The fields of `PageHeader`.
const PAGE: &[(i16, Kind)] = {
    use Kind::{Bool, Int, Noted, Struct};
    &[
        (1, Noted(KIND)),
        (2, Noted(UNFOLDED)),
        (3, Noted(FOLDED)),
        (4, Int),
        (5, Struct(&[(1, Noted(VALUES)), (2, Noted(ENCODING)), (3, Int), (4, Int), (5, STATISTICS)])),
        (6, Struct(&[])),
        (7, Struct(&[(1, Noted(DISTINCT)), (2, Int), (3, Bool)])),
        (
            8,
            Struct(&[
                (1, Noted(VALUES_OF_2)),
                (2, Int),
                (3, Int),
                (4, Noted(ENCODING)),
                (5, Int),
                (6, Int),
                (7, Bool),
                (8, STATISTICS),
            ]),
        ),
    ]
};

/// Bytes that a text of a dictionary takes beside its own.
const VIEW: u64 = 16;

/// `DELTA_BINARY_PACKED`, `DELTA_LENGTH_BYTE_ARRAY` and `DELTA_BYTE_ARRAY`: how many values there are stands in the page,
/// where polars believes it, or each text goes on from the one before. So a few bytes may unfold to any number.
const DELTA: std::ops::RangeInclusive<i64> = 5..=7;

/// Looks at the footer.
///
/// # Errors
///
/// It is not whole or too large, has lists without their elements, or columns that are nested too deep.
pub fn footer(file: &[u8]) -> Result<(), LimitError> {
    let outside = || LimitError::broken("its footer is not whole");
    let (rest, length) = file.strip_suffix(MAGIC).and_then(<[u8]>::split_last_chunk).ok_or_else(outside)?;
    let length = u32::from_le_bytes(*length) as usize;
    let start = rest.len().checked_sub(length).ok_or_else(outside)?;
    if length > MAX_FOOTER {
        return Err(LimitError::broken(format!("its footer is larger than {} MiB", MAX_FOOTER >> 20)));
    }
    let mut walker = Walker::new(&rest[start..]);
    walker.fields(FOOTER, 0)?;
    if walker.counted > MAX_GROUPS {
        return Err(LimitError::broken(format!("it has more than {MAX_GROUPS} columns of columns")));
    }
    Ok(())
}

/// The number of rows of a file, if the pages of some columns may be read.
///
/// # Errors
///
/// A page lies outside of its column or the file, a column has more values than there are rows or is encoded so that it
/// may unfold to anything, or all together unfold to more than
/// [`MAX_UNFOLDED`](super::limits::MAX_UNFOLDED).
pub fn rows(file: &[u8], metadata: &FileMetadata, wanted: &[String]) -> Result<usize, LimitError> {
    let mut unfolded = Unfolded::default();
    let mut rows = 0_usize;
    for group in &metadata.row_groups {
        rows = rows.saturating_add(group.num_rows());
        for column in group.parquet_columns() {
            let of = column.descriptor().path_in_schema.first();
            if !of.is_some_and(|of| wanted.iter().any(|name| name == of.as_str())) {
                continue;
            }
            let outside = || LimitError::broken("a column lies outside of the file");
            let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
            let start = usize::try_from(start).map_err(|_| outside())?;
            let length = usize::try_from(column.compressed_size()).map_err(|_| outside())?;
            let bytes = file.get(start..).and_then(|bytes| bytes.get(..length)).ok_or_else(outside)?;
            let values = pages(bytes, column.num_values(), &mut unfolded)?;
            if values > group.num_rows() as u64 {
                return Err(LimitError::broken("a column has more values than there are rows"));
            }
        }
    }
    Ok(rows.max(metadata.num_rows))
}

/// Looks at the pages of a column until it has its values, as polars does. Returns how many there are.
fn pages(bytes: &[u8], stated: i64, unfolded: &mut Unfolded) -> Result<u64, LimitError> {
    let broken = || LimitError::broken("a page of it has less than no bytes or values");
    let stated = u64::try_from(stated).map_err(|_| broken())?;
    let mut walker = Walker::new(bytes);
    let mut values = 0_u64;
    while !walker.is_at_end() {
        walker.noted = [0; 7];
        walker.fields(PAGE, 0)?;
        let noted = |place: usize| u64::try_from(walker.noted[place]).map_err(|_| broken());
        unfolded.add(noted(UNFOLDED)?.max(noted(FOLDED)?))?;
        unfolded.add(noted(DISTINCT)?.saturating_mul(VIEW))?;
        values = values.saturating_add(match noted(KIND)? {
            0 => noted(VALUES)?,
            3 => noted(VALUES_OF_2)?,
            _ => 0,
        });
        if DELTA.contains(&walker.noted[ENCODING]) {
            return Err(LimitError::Encoding);
        }
        let folded = noted(FOLDED)?;
        walker.skip(usize::try_from(folded).map_err(|_| broken())?)?;
        // At the end, because a dictionary is read also where there are no values.
        if values >= stated {
            break;
        }
    }
    Ok(values.max(stated))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    /// A file that is a footer with a version and a schema.
    fn file(schema: &[u8]) -> Vec<u8> {
        let footer = [&[0x15, 2, 0x19], schema, &[0]].concat();
        [b"PAR1", &footer[..], &(footer.len() as u32).to_le_bytes(), MAGIC].concat()
    }

    /// So many columns, each but the last a column of the next.
    fn nested(count: u8) -> Vec<u8> {
        [vec![0xfc, count & 127 | 128, count >> 7], [0x48, 1, b'a', 0x15, 2, 0].repeat(count.into())].concat()
    }

    #[test]
    fn lists_longer_than_the_file_and_columns_without_end_are_refused() {
        assert!(footer(&file(&nested(200))).is_ok());
        let error = footer(&file(&nested(201))).unwrap_err().to_string();
        assert_eq!(error, "cannot be read: it has more than 200 columns of columns");
        let error = footer(&file(&[0xfc, 0xff, 0xff, 0xff, 0xff, 7])).unwrap_err().to_string();
        assert_eq!(error, "cannot be read: its metadata are not what Parquet's are");
        for whole in [file(&nested(1)), b"PAR1\xff\xff\xff\xffPAR1".to_vec()] {
            assert!(footer(&whole[..whole.len() - 1]).is_err());
        }
        assert!(footer(b"PAR1\xff\xff\xff\xffPAR1").is_err());
    }
    /// A page without a body: its kind, its unfolded size, the number of the field with its header, and what that holds.
    fn page(kind: u8, unfolded: &[u8], field: u8, header: &[u8]) -> Vec<u8> {
        [&[0x15, kind << 1, 0x15], unfolded, &[0x15, 0, (field - 3) << 4 | 12], header, &[0, 0]].concat()
    }

    #[test]
    fn pages_are_counted_as_polars_reads_them() {
        let mut unfolded = Unfolded::default();
        // One value, encoded plainly.
        let data = page(0, &[8], 5, &[0x15, 2, 0x15, 0]);
        assert_eq!(pages(&data.repeat(3), 2, &mut unfolded).unwrap(), 2);
        assert_eq!(pages(&data, 2, &mut unfolded).unwrap(), 2, "as is stated");
        // A dictionary of two texts that says to have a value.
        let dictionary = page(2, &[8], 5, &[0x15, 2]);
        assert_eq!(pages(&[dictionary, data.clone(), data].concat(), 1, &mut unfolded).unwrap(), 1);
        for encoding in 5..=7 {
            let delta = page(0, &[8], 5, &[0x15, 2, 0x15, encoding << 1]);
            assert!(matches!(pages(&delta, 1, &mut unfolded), Err(LimitError::Encoding)));
        }
        let large = page(2, &[0xfe, 0xff, 0xff, 0xff, 0x0f], 7, &[0x15, 4]);
        let twice = pages(&large.repeat(2), 1, &mut Unfolded::default());
        assert!(matches!(twice, Err(LimitError::TooLarge)));
        let distinct = page(2, &[8], 7, &[0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f]);
        assert!(matches!(pages(&distinct, 0, &mut unfolded), Err(LimitError::TooLarge)));
        let negative = page(0, &[9], 5, &[0x15, 2]);
        assert!(matches!(pages(&negative, 1, &mut unfolded), Err(LimitError::Broken(_))));
    }
}
