//! The text of a table: unpacked, decoded to UTF-8, of bounded length.

use super::{MAX_BYTES, too_large, unreadable};
use crate::error::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufReader, Chain, Cursor, ErrorKind, Read};
use std::path::Path;

/// Bytes that are looked at to tell what a file is.
const START: u64 = 64 << 10;

/// A line that is longer is no row of a table; it would be held in memory as a whole.
const MAX_LINE: u64 = 256 << 20;

/// What other files start with, and what to do with them.
const OTHER_KINDS: [(&[u8], &str, &str); 5] = [
    (
        b"PK\x03\x04",
        "an Excel workbook or another ZIP archive",
        "save the sheet as CSV, or unpack the archive",
    ),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "unpack it, or compress it with gzip"),
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it, or compress it with gzip"),
    (b"BZh", "compressed with bzip2", "unpack it, or compress it with gzip"),
];

/// A source of bytes whose start was looked at.
type Peeked<R> = Chain<Cursor<Vec<u8>>, R>;

/// The text of a table.
pub struct Text {
    /// In UTF-8, perhaps with a mark, which the CSV reader passes over.
    pub reader: Box<dyn Read>,
    /// The byte that separates cells.
    pub delimiter: u8,
    /// Whether lines end in two bytes. The CSV reader takes a line to begin with the second of them.
    pub ends_in_two: bool,
}

/// Opens the text of a table.
///
/// # Errors
///
/// The file cannot be read, or is of a kind that holds no text.
pub fn text_of(path: &Path, file: impl Read + 'static) -> Result<Text> {
    let read = |e: io::Error| reading(path, &e);
    let (start, file) = peek(file).map_err(read)?;
    let (start, text): (Vec<u8>, Box<dyn Read>) = if start.starts_with(b"\x1f\x8b") {
        let (start, text) = peek(MultiGzDecoder::new(BufReader::new(file))).map_err(read)?;
        (start, Box::new(text))
    } else {
        (start, Box::new(file))
    };
    if let Some((_, what, hint)) = OTHER_KINDS.iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Err(Error::at(path, format!("is {what}, not a CSV file"), hint));
    }
    let text: Box<dyn Read> = match start[..] {
        [0xff, 0xfe, ..] => Box::new(Utf16::new(text, u16::from_le_bytes)),
        [0xfe, 0xff, ..] => Box::new(Utf16::new(text, u16::from_be_bytes)),
        _ => text,
    };
    let (start, text) = peek(Limited { text, left: MAX_BYTES, line: 0 }).map_err(read)?;
    let end = start.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let ends_in_two = start[..end].ends_with(b"\r");
    Ok(Text { reader: Box::new(text), delimiter: delimiter_of(&start), ends_in_two })
}

/// The error of a reader made by [`text_of`].
pub fn reading(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::FileTooLarge => too_large(path),
        ErrorKind::InvalidData => {
            Error::at(path, error, "save the table as UTF-8, with a header and a row a line")
        }
        _ => unreadable(path, error),
    }
}

/// The first bytes, and a reader that begins with them again. A pipe may hand over less at a time.
fn peek<R: Read>(mut reader: R) -> io::Result<(Vec<u8>, Peeked<R>)> {
    let mut start = Vec::new();
    reader.by_ref().take(START).read_to_end(&mut start)?;
    Ok((start.clone(), Cursor::new(start).chain(reader)))
}

/// Comma, semicolon, tab or bar, whichever the first line has most of outside of quotes.
fn delimiter_of(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in start {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted && counts.iter().any(|&(_, count)| count > 0) => break,
            _ if quoted => {}
            _ => {
                if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte) {
                    *count += 1;
                }
            }
        }
    }
    // The first of equals.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |&(delimiter, _)| delimiter)
}

/// Ends in an error, and not in silence, where the text is longer than a table can be.
struct Limited<R> {
    text: R,
    left: u64,
    /// Bytes since the line began.
    line: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or(ErrorKind::FileTooLarge)?;
        self.line = match buffer[..count].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) => (count - end) as u64,
            None => self.line + count as u64,
        };
        if self.line > MAX_LINE {
            let reason = format!("a line is longer than {} MiB", MAX_LINE >> 20);
            return Err(io::Error::new(ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}

/// Decodes UTF-16.
struct Utf16<R> {
    text: R,
    unit: fn([u8; 2]) -> u16,
    /// Bytes and units that wait for their second half.
    odd: Option<u8>,
    high: Option<u16>,
    decoded: Cursor<Vec<u8>>,
}

impl<R: Read> Utf16<R> {
    fn new(text: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self { text, unit, odd: None, high: None, decoded: Cursor::default() }
    }

    /// Decodes the next bytes; false at the end.
    fn refill(&mut self) -> io::Result<bool> {
        let mut bytes = Vec::from_iter(self.odd.take());
        let count = self.text.by_ref().take(START).read_to_end(&mut bytes)?;
        let broken = || io::Error::new(ErrorKind::InvalidData, "the text is not valid UTF-16");
        if count == 0 {
            return if bytes.is_empty() && self.high.is_none() { Ok(false) } else { Err(broken()) };
        }
        let pairs = bytes.chunks_exact(2);
        self.odd = pairs.remainder().first().copied();
        let mut units: Vec<u16> = self.high.take().into_iter().collect();
        units.extend(pairs.map(|pair| (self.unit)([pair[0], pair[1]])));
        if units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            self.high = units.pop();
        }
        self.decoded = Cursor::new(String::from_utf16(&units).map_err(|_| broken())?.into_bytes());
        Ok(true)
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.decoded.read(buffer)?;
            if count > 0 || buffer.is_empty() || !self.refill()? {
                return Ok(count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn utf_16_is_decoded_also_across_reads() {
        let text = format!("{}𝄞,ä\n", "a".repeat(START as usize / 2 - 1)).repeat(3);
        let mut decoded = String::new();
        Utf16::new(&utf16(&text)[..], u16::from_le_bytes).read_to_string(&mut decoded).unwrap();
        assert_eq!(decoded, text);
        for broken in [&utf16("ab")[..3], &[0x00, 0xd8][..], &[0x00, 0xd8, 0x41, 0x00], &[0x00, 0xdc]] {
            let read = Utf16::new(broken, u16::from_le_bytes).read_to_string(&mut String::new());
            assert!(read.is_err(), "{broken:?}");
        }
    }

    #[test]
    fn the_separator_is_what_the_header_has_most_of_outside_of_quotes() {
        for (text, delimiter) in [
            ("a,b\n1;2;3;4", b','),
            ("a;b\n", b';'),
            ("a\tb\tc,d\n", b'\t'),
            ("a|b", b'|'),
            ("\"a,b,c\";d;e", b';'),
            ("\na;b", b';'),
            ("a", b','),
            ("a,b;c", b','),
        ] {
            assert_eq!(delimiter_of(text.as_bytes()), delimiter, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_an_error_and_not_the_end() {
        let mut limited = Limited { text: &b"a\nb\n"[..], left: 3, line: 0 };
        let error = limited.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        let mut exact = Limited { text: &b"a\nb\n"[..], left: 4, line: 0 };
        assert_eq!(exact.read_to_end(&mut Vec::new()).unwrap(), 4);
        let endless = Limited { text: io::repeat(b'a'), left: u64::MAX, line: 0 };
        let error = io::copy(&mut { endless }, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("line is longer"), "{error}");
    }
}
