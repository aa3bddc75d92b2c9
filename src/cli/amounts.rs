//! Ages and sizes as people type them.

use std::time::Duration;

/// Units of an age and their seconds.
const AGES: [(&str, u64); 5] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400)];
/// Units of a size and their bytes.
const SIZES: [(&str, f64); 9] = [
    ("B", 1.0),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KIB", 1024.0),
    ("MIB", 1024.0 * 1024.0),
    ("GIB", 1024.0 * 1024.0 * 1024.0),
    ("TIB", 1024.0 * 1024.0 * 1024.0 * 1024.0),
];

/// Reads `30d`, `12h`, `2w` or `0`.
pub(super) fn parse_age(text: &str) -> Result<Duration, String> {
    let wanted = "expected a whole number with s, m, h, d or w behind it, such as 30d (days) or 12h";
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (number, unit) = split(text);
    let seconds = AGES.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| *seconds).ok_or(wanted)?;
    let number: u64 = number.parse().map_err(|_| wanted)?;
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(|| "is longer than there is time".to_owned())
}

/// Reads `500MB`, `2.5GB` or `1GiB`; a number alone is too easily bytes that were meant to be gigabytes.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let wanted = "expected a number with MB, GB, TB or MiB, GiB, TiB behind it, such as 20GB";
    if text == "0" {
        return Ok(0);
    }
    let (number, unit) = split(text);
    let unit = unit.trim_start().to_ascii_uppercase();
    let bytes = SIZES.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes).ok_or(wanted)?;
    let number: f64 = number.parse().map_err(|_| wanted)?;
    let size = number * bytes;
    if (0.0..1e18).contains(&size) { Ok(size as u64) } else { Err(wanted.to_owned()) }
}

/// A number and what is behind it.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn ages_and_sizes_are_read_and_others_refused() {
        assert_eq!(parse_age("30d").unwrap(), Duration::from_secs(30 * 86_400));
        assert_eq!(parse_age("90m").unwrap(), Duration::from_secs(5400));
        assert_eq!(parse_age("0").unwrap(), Duration::ZERO);
        for text in
            ["", "30", "d", "-3d", "1.5d", "3 days", "3D", "99999999999999999999w", "9999999999999999999w"]
        {
            assert!(parse_age(text).is_err(), "{text}");
        }
        assert_eq!(parse_size("2.5GB").unwrap(), 2_500_000_000);
        assert_eq!(parse_size("1 GiB").unwrap(), 1 << 30);
        assert_eq!(parse_size("500mb").unwrap(), 500_000_000);
        for text in ["", "20", "GB", "-1GB", "1e9GB", "1.2.3MB", "20G", "inf", "9999999999TB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
