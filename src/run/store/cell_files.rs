//! What lies in the folder of the cells, by the names of its files.

use crate::util::{ASIDE, DAMAGED};

/// How the names of the files of cells end.
pub(super) const FAILED: &str = ".failed.json";
pub(super) const DONE: &str = ".json";
const LOCK: &str = ".lock";
const PARTIAL: &str = ".partial";

/// What a name says a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellFile {
    /// A finished cell.
    Done,
    /// Why one failed.
    Failed,
    /// Held by who computes it.
    Lock,
    /// What an interrupted fit goes on from.
    Partial,
    /// What was found under one of these names, and not believed.
    SetAside,
    /// A file that is being written, or was when its program was killed.
    Writing,
}

impl CellFile {
    /// What the file of some name is, and of which cell; none if it is nothing of a store's.
    pub fn of(name: &str) -> Option<(Self, &str)> {
        if name.starts_with(ASIDE) {
            return Some((Self::Writing, ""));
        }
        if let Some(before) = set_aside_from(name) {
            return Self::of(before).map(|(_, key)| (Self::SetAside, key));
        }
        // The longer ending first.
        let kinds =
            [(FAILED, Self::Failed), (DONE, Self::Done), (LOCK, Self::Lock), (PARTIAL, Self::Partial)];
        let (kind, key) =
            kinds.into_iter().find_map(|(ending, kind)| Some((kind, name.strip_suffix(ending)?)))?;
        is_key(key).then_some((kind, key))
    }
}

/// The name under which something was found that was set aside.
pub(super) fn set_aside_from(name: &str) -> Option<&str> {
    let (before, number) = name.rsplit_once(DAMAGED)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(before)
}

/// Whether a name is what `Plan::key` makes: `MODEL-rN-fN-HASH`, or `MODEL-rN-fN-sN-HASH`.
fn is_key(name: &str) -> bool {
    let numbered = |part: &str, letter| {
        let digits = part.strip_prefix(letter).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = name.rsplit('-');
    let is_hash = |part: &str| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit());
    if !parts.next().is_some_and(is_hash) {
        return false;
    }
    let mut part = parts.next().unwrap_or_default();
    if numbered(part, 's') {
        part = parts.next().unwrap_or_default();
    }
    numbered(part, 'f') && parts.next().is_some_and(|part| numbered(part, 'r')) && parts.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_cells_are_told_from_those_of_others() {
        let key = "musicnn+svm-c10-r0-f12-0123456789abcdef";
        let seeded = "python-my_model.py-r1-f0-s3-0123456789abcdef";
        for key in [key, seeded] {
            for (ending, kind) in [
                (".json", CellFile::Done),
                (".failed.json", CellFile::Failed),
                (".lock", CellFile::Lock),
                (".partial", CellFile::Partial),
                (".json.damaged-12", CellFile::SetAside),
                (".partial.damaged-1", CellFile::SetAside),
            ] {
                assert_eq!(CellFile::of(&format!("{key}{ending}")), Some((kind, key)), "{key}{ending}");
            }
        }
        assert_eq!(CellFile::of(".writing-a1B2c3"), Some((CellFile::Writing, "")));
        for name in [
            "notes.json",
            "my-r0-f0.json",
            "-0123456789abcdef.json",
            "r0-f0-0123456789abcdef.json",
            "svm-r0-f0-0123456789abcdeg.json",
            "svm-r0-fx-0123456789abcdef.json",
            "svm-r0-f0-0123456789abcdef.txt",
            "svm-r0-f0-0123456789abcdef.json.damaged-",
            "svm-r0-f0-0123456789abcdef.json.damaged-x",
            "notes.json.damaged-1",
        ] {
            assert_eq!(CellFile::of(name), None, "{name}");
        }
    }
}
