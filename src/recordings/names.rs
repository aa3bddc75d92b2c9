//! Tracks behind file names.

/// The track that a file or segment name belongs to.
///
/// The Kaggle tables name segment `S` of track `blues.00000` as `blues.00000.S.wav`. So an extension
/// of letters and digits that starts with a letter is dropped, and after it a trailing number of at most three digits,
/// unless nothing but that number would be left.
///
/// A wrong guess errs to the safe side: two tracks taken for one are kept together, which
/// costs a little data but never leaks.
pub fn track_of(filename: &str) -> &str {
    let name = filename.rsplit(['/', '\\']).next().unwrap_or(filename);
    let stem = match name.rsplit_once('.') {
        Some((stem, extension)) if is_extension(extension) && !stem.is_empty() => stem,
        _ => name,
    };
    match stem.rsplit_once('.') {
        Some((track, segment)) if is_segment(segment) && !track.is_empty() => track,
        _ => stem,
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
    use super::track_of;

    #[test]
    fn segments_belong_to_their_clip() {
        for name in [
            "blues.00000.wav",
            "blues.00000.0.wav",
            "blues.00000.29.mp3",
            "genres_original/blues/blues.00000.wav",
            "blues.00000",
            "blues.00000.7",
        ] {
            assert_eq!(track_of(name), "blues.00000", "{name}");
        }
    }

    #[test]
    fn other_names_are_clips_of_their_own() {
        assert_eq!(track_of("my song.flac"), "my song");
        assert_eq!(track_of("01.wav"), "01");
        assert_eq!(track_of(".5"), ".5");
        assert_eq!(track_of(""), "");
        assert_eq!(track_of("Symphony no. 5"), "Symphony no. 5");
    }
}
