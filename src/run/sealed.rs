//! Files that carry a checksum of themselves.
//!
//! A sealed JSON file is one object whose first key is `sha256`: the SHA-256 of the same text without that key. Other
//! programs read it like any JSON, and a bit that changed anywhere is noticed. Text is sealed by a first line.

use crate::util::hex;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

const START: &[u8] = b"{\"sha256\":\"";
/// Hexadecimal digits of a checksum.
const DIGITS: usize = 64;
/// Between the checksum and the rest of the object.
const THEN: &[u8] = b"\",";

/// A value that is a JSON object with at least one key, as a sealed file.
///
/// # Errors
///
/// The value cannot be written as JSON.
pub fn seal(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let object = serde_json::to_vec(value)?;
    Ok([START, checksum(&object).as_bytes(), THEN, &object[1..]].concat())
}

/// Whether some bytes start as a sealed file does.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(START)
}

/// The value in a sealed file.
///
/// # Errors
///
/// Says why the file is not believed: it is not sealed, it is not what was sealed, or it is no such value.
pub fn open<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let (digits, rest) = bytes
        .strip_prefix(START)
        .and_then(|bytes| bytes.split_at_checked(DIGITS))
        .and_then(|(digits, rest)| Some((digits, rest.strip_prefix(THEN)?)))
        .ok_or("it does not start with a checksum")?;
    let object = Sha256::new().chain_update(b"{").chain_update(rest).finalize();
    if hex(&object).as_bytes() != digits {
        return Err("its checksum does not match".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|e| format!("it is not what it should be: {e}"))
}

/// SHA-256 in hexadecimal digits.
pub fn checksum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Text behind a comment (`#`) that says what it is of and has its checksum.
pub fn seal_text(of: &str, text: &str) -> String {
    format!("# {of}, SHA-256 of what follows this line: {}\n{text}", checksum(text.as_bytes()))
}

/// The text behind such a comment.
///
/// # Errors
///
/// Says why it is not believed.
pub fn open_text<'a>(of: &str, bytes: &'a [u8]) -> Result<&'a str, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("it is no text: {e}"))?;
    let (_, content) = text.split_once('\n').ok_or("it is cut off")?;
    if seal_text(of, content) == text {
        Ok(content)
    } else {
        Err(format!("its first line is not that of {of} with the checksum of what follows"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_sealed_file_is_json_and_no_bit_of_it_may_change() {
        let value = BTreeMap::from([("scores".to_owned(), vec![0.25, 1e-7]), ("b".to_owned(), Vec::new())]);
        let sealed = seal(&value).unwrap();
        assert_eq!(open::<BTreeMap<String, serde_json::Value>>(&sealed).unwrap().len(), 3);
        let json: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
        assert_eq!(json["sha256"], checksum(&serde_json::to_vec(&value).unwrap()));
        let text = seal_text("run a", "seed = 1\n").into_bytes();
        assert_eq!(open_text("run a", &text).unwrap(), "seed = 1\n");
        assert!(open_text("run b", &text).is_err());
        for at in 0..8 * sealed.len().max(text.len()) {
            let flipped = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                let byte = at / 8 % bytes.len();
                bytes[byte] ^= 1 << (at % 8);
                bytes
            };
            assert!(open::<serde_json::Value>(&flipped(&sealed)).is_err(), "bit {at}");
            assert!(open_text("run a", &flipped(&text)).is_err(), "bit {at}");
        }
        for length in 0..sealed.len() {
            assert!(open::<serde_json::Value>(&sealed[..length]).is_err(), "{length} bytes");
        }
    }
}
