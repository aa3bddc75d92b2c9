//! What the user says of a table's columns.

use crate::error::{Error, Result};
use crate::util::{glob_matches, nearest};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Which columns play which part; what is not said is decided by names and content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnChoice {
    /// Column of the genre.
    pub label: Option<String>,
    /// Column that says which examples belong together.
    pub group: Option<String>,
    /// Column with the names of the examples.
    pub id: Option<String>,
    /// Column that says who trains and who is tested.
    pub split: Option<String>,
    /// Columns that are features, and no others.
    pub features: Option<Globs>,
    /// Columns that are left alone.
    pub drop: Option<Globs>,
}

/// Patterns of column names, where `*` stands for any letters and `?` for one; written separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Globs(Vec<String>);

impl Globs {
    /// Whether any pattern matches.
    pub fn matches(&self, name: &str) -> bool {
        self.0.iter().any(|glob| glob_matches(glob, name))
    }

    /// Whether the name itself is among the patterns, letter by letter.
    pub fn names(&self, name: &str) -> bool {
        self.0.iter().any(|glob| glob == name)
    }

    /// Refuses patterns of `flag` that match no column.
    ///
    /// # Errors
    ///
    /// The first such pattern, with the names nearest to it.
    pub fn check(&self, path: &Path, flag: &str, names: &[&str]) -> Result<()> {
        match self.0.iter().find(|glob| !names.iter().any(|name| glob_matches(glob, name))) {
            None => Ok(()),
            Some(glob) => Err(no_column(path, flag, glob, names)),
        }
    }
}

impl FromStr for Globs {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let globs: Vec<String> = text.split(',').map(|glob| glob.trim().to_owned()).collect();
        match globs.iter().any(String::is_empty) {
            true => Err("expected names of columns separated by commas, such as mfcc*,tempo".to_owned()),
            false => Ok(Self(globs)),
        }
    }
}

impl fmt::Display for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// The number of the column that `flag` names.
///
/// # Errors
///
/// There is none, with the names nearest to it.
pub fn named_column(path: &Path, flag: &str, wanted: &str, names: &[&str]) -> Result<usize> {
    names.iter().position(|name| *name == wanted.trim()).ok_or_else(|| no_column(path, flag, wanted, names))
}

fn no_column(path: &Path, flag: &str, wanted: &str, names: &[&str]) -> Error {
    let letters: String = wanted.chars().filter(|c| !matches!(c, '*' | '?')).collect();
    let named = || names.iter().copied().filter(|name| !name.is_empty());
    let mut shown = nearest(&letters, named(), 3);
    if shown.is_empty() {
        shown = named().take(8).collect();
    }
    let reason = format!("no column matches `{wanted}` ({flag})");
    Error::at(path, reason, format!("{flag} with names such as {}", shown.join(", ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn patterns_come_back_and_empty_ones_are_refused() {
        let globs: Globs = "mfcc*, tempo".parse().unwrap();
        assert_eq!(globs.to_string(), "mfcc*,tempo");
        assert!(globs.names("tempo") && !globs.names("mfcc1") && globs.matches("mfcc1"));
        assert!("".parse::<Globs>().is_err() && "a,,b".parse::<Globs>().is_err());
    }

    #[test]
    fn a_pattern_without_a_column_is_refused_with_the_nearest() {
        let path = Path::new("t.csv");
        let globs: Globs = "mffc*".parse().unwrap();
        let error = globs.check(path, "--drop", &["tempo", "mfcc1", "mfcc2", "label"]).unwrap_err();
        assert!(error.reason.contains("`mffc*`") && error.hint.contains("mfcc1"), "{error}");
        assert_eq!(named_column(path, "--label", "label", &["tempo", "label"]).unwrap(), 1);
    }
}
