//! Which columns of a table are features.

/// What a column of a feature table means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Name of the example's file.
    Filename,
    /// Name of the track the example was cut from.
    Track,
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
        "clip" | "track" => Role::Track,
        "length" => Role::Length,
        "label" | "genre" | "class" => Role::Label,
        "" | "index" => Role::Index,
        name if name.starts_with("unnamed:") => Role::Index,
        _ => Role::Other,
    }
}
