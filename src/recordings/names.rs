//! Tracks behind the names that others gave their files.
//!
//! Read once, where a name comes in: from a file on a disk, a table's `filename` column, a list of artists. From there
//! on the track and the segment's number travel as what they are.

/// What a file or segment name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedName<'a> {
    /// The track, such as `blues.00000`.
    pub track: &'a str,
    /// Number of the segment in its track, if the name has one.
    pub segment: Option<usize>,
}

/// Reads the name of a file or segment.
///
/// The Kaggle tables name segment `S` of track `blues.00000` as `blues.00000.S.wav`. So an extension
/// of letters and digits that starts with a letter is dropped, and after it a trailing number of at most three digits is
/// the segment's, unless nothing but that number would be left.
///
/// A wrong guess errs to the safe side: two tracks taken for one are kept together, which
/// costs a little data but never leaks.
pub fn parse(filename: &str) -> ParsedName<'_> {
    let name = filename.rsplit(['/', '\\']).next().unwrap_or(filename);
    let stem = match name.rsplit_once('.') {
        Some((stem, extension)) if is_extension(extension) && !stem.is_empty() => stem,
        _ => name,
    };
    parse_stem(stem)
}

/// The same of a name whose extension is off already.
pub fn parse_stem(stem: &str) -> ParsedName<'_> {
    match stem.rsplit_once('.') {
        Some((track, segment)) if is_segment(segment) && !track.is_empty() => {
            ParsedName { track, segment: segment.parse().ok() }
        }
        _ => ParsedName { track: stem, segment: None },
    }
}

/// The track that a file or segment name belongs to; see [`parse`].
pub fn track_of(filename: &str) -> &str {
    parse(filename).track
}

/// The name of a file in the folder of `genre`, its extension off, as the tables write it: the Kaggle copy calls
/// the image of `blues.00000.wav` `blues00000.png`.
pub fn dotted(genre: &str, stem: &str) -> String {
    match stem.strip_prefix(genre) {
        Some(number) if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) => {
            format!("{genre}.{number}")
        }
        _ => stem.to_owned(),
    }
}

fn is_extension(text: &str) -> bool {
    (1..=5).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_segment(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_belong_to_their_track() {
        for (name, segment) in [
            ("blues.00000.wav", None),
            ("blues.00000.0.wav", Some(0)),
            ("blues.00000.29.mp3", Some(29)),
            ("genres_original/blues/blues.00000.wav", None),
            ("blues.00000", None),
            ("blues.00000.7", Some(7)),
        ] {
            assert_eq!(parse(name), ParsedName { track: "blues.00000", segment }, "{name}");
        }
    }

    #[test]
    fn other_names_are_tracks_of_their_own() {
        assert_eq!(track_of("my song.flac"), "my song");
        assert_eq!(track_of("01.wav"), "01");
        assert_eq!(track_of(".5"), ".5");
        assert_eq!(track_of(""), "");
        assert_eq!(track_of("Symphony no. 5"), "Symphony no. 5");
    }

    #[test]
    fn audio_and_image_are_of_one_track() {
        assert_eq!(dotted("blues", "blues.00000"), "blues.00000");
        assert_eq!(dotted("blues", "blues00000"), "blues.00000");
        assert_eq!(dotted("blues", "bluesy"), "bluesy");
        assert_eq!(dotted("blues", "cover"), "cover");
    }
}
