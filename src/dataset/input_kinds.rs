//! Which of the inputs of a folder are taken.

use crate::util::as_text;
use std::fmt;
use std::str::FromStr;

/// What the examples of a folder are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// A feature table.
    Table,
    /// Recordings.
    Audio,
    /// Spectrogram images.
    Images,
}

impl InputKind {
    const ALL: [Self; 3] = [Self::Table, Self::Audio, Self::Images];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Audio => "audio",
            Self::Images => "images",
        }
    }
}

/// Some of the inputs, at least one; written separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputKinds(Vec<InputKind>);

impl InputKinds {
    /// Whether one is among them.
    pub fn has(&self, kind: InputKind) -> bool {
        self.0.contains(&kind)
    }
}

impl Default for InputKinds {
    /// All.
    fn default() -> Self {
        Self(InputKind::ALL.to_vec())
    }
}

impl fmt::Display for InputKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|kind| kind.name()).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for InputKinds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = |name: &str| {
            let known = InputKind::ALL.into_iter().find(|kind| kind.name() == name.trim());
            known.ok_or_else(|| "expected some of table, audio and images, separated by commas".to_owned())
        };
        let mut kinds = text.split(',').map(kind).collect::<Result<Vec<_>, _>>()?;
        kinds.sort_unstable();
        kinds.dedup();
        Ok(Self(kinds))
    }
}

as_text!(InputKinds: "table,images");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_order() {
        assert_eq!(
            "images,table,images".parse().map(|kinds: InputKinds| kinds.to_string()),
            Ok("table,images".to_owned())
        );
        assert!(["", "tables", "table,,audio"].iter().all(|text| text.parse::<InputKinds>().is_err()));
        assert!(InputKinds::default().has(InputKind::Audio));
    }
}
