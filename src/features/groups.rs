//! Which columns of a feature table belong together.

/// The group of one of the [57 published columns](super::table::FEATURE_NAMES); for another column the letters that its
/// name starts with.
///
/// `chroma`, `energy` (root mean square), `spectral` (centroid, bandwidth, roll-off, zero crossings),
/// `harmonic-percussive`, `rhythm` (tempo) and `mfcc`.
pub fn group_of(column: &str) -> &str {
    const STEMS: [(&str, &str); 9] = [
        ("chroma_stft", "chroma"),
        ("rms", "energy"),
        ("spectral_centroid", "spectral"),
        ("spectral_bandwidth", "spectral"),
        ("rolloff", "spectral"),
        ("zero_crossing_rate", "spectral"),
        ("harmony", "harmonic-percussive"),
        ("perceptr", "harmonic-percussive"),
        ("tempo", "rhythm"),
    ];
    let stem = column.strip_suffix("_mean").or_else(|| column.strip_suffix("_var")).unwrap_or(column);
    match STEMS.iter().find(|(name, _)| *name == stem) {
        Some((_, group)) => group,
        None => {
            let letters = stem.find(|c: char| !c.is_alphabetic()).unwrap_or(stem.len());
            if letters == 0 { stem } else { &stem[..letters] }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::FEATURE_NAMES;
    use super::group_of;
    use std::collections::BTreeMap;

    #[test]
    fn every_published_column_is_in_a_group() {
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        FEATURE_NAMES.iter().for_each(|name| *sizes.entry(group_of(name)).or_default() += 1);
        let sizes: Vec<(&str, usize)> = sizes.into_iter().collect();
        let expected = [
            ("chroma", 2),
            ("energy", 2),
            ("harmonic-percussive", 4),
            ("mfcc", 40),
            ("rhythm", 1),
            ("spectral", 8),
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn other_columns_group_by_the_start_of_their_names() {
        assert_eq!(
            ["tonnetz3_mean", "tonnetz_5", "12", "x"].map(group_of),
            ["tonnetz", "tonnetz", "12", "x"]
        );
    }
}
