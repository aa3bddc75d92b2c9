//! Which columns of a table are features.

/// The 57 columns of the published GTZAN tables, in the order of `features_30_sec.csv`: mean and
/// variance of nine descriptions of the signal, the tempo, mean and variance of 20 MFCCs.
pub fn published_features() -> impl Iterator<Item = String> {
    const SIGNAL: [&str; 8] = [
        "chroma_stft",
        "rms",
        "spectral_centroid",
        "spectral_bandwidth",
        "rolloff",
        "zero_crossing_rate",
        "harmony",
        "perceptr",
    ];
    let moments = |name: String| [format!("{name}_mean"), format!("{name}_var")];
    SIGNAL
        .into_iter()
        .flat_map(move |name| moments(name.to_owned()))
        .chain(["tempo".to_owned()])
        .chain((1..=20).flat_map(move |i| moments(format!("mfcc{i}"))))
}

/// What a column of a feature table means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Name of the example's file.
    Filename,
    /// Name of the recording the example was cut from.
    Clip,
    /// Number of samples the example was computed from.
    Length,
    /// The genre.
    Label,
    /// A row number, as pandas writes it: a column without a name, or `index`.
    Index,
    /// Anything else: a feature, if the table says no better.
    Other,
}

/// The role of a column, by its name alone.
pub fn role_of(name: &str) -> Role {
    match name.trim().to_ascii_lowercase().as_str() {
        "filename" | "file" => Role::Filename,
        "clip" | "track" => Role::Clip,
        "length" => Role::Length,
        "label" | "genre" | "class" => Role::Label,
        "" | "index" => Role::Index,
        name if name.starts_with("unnamed:") => Role::Index,
        _ => Role::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_57_features() {
        let names: Vec<_> = published_features().collect();
        assert_eq!(names.len(), 57);
        assert_eq!(names[16], "tempo");
        assert_eq!(names[56], "mfcc20_var");
    }
}
