use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What comes between a file's name and a number in the name of what was set aside.
pub const DAMAGED: &str = ".damaged-";

/// A file, or a folder, that is not what the program wrote under its name, and so is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where it was found.
    pub path: PathBuf,
    /// How it is known.
    pub reason: String,
    /// Where it lies now, if it was moved out of the way.
    pub aside: Option<PathBuf>,
}

impl Damage {
    /// Of what lies where it was found.
    pub fn new(path: &Path, reason: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), reason: reason.to_string(), aside: None }
    }

    /// Moves it out of the way under a name of its own, so that it can be written anew and nothing is lost. Where that
    /// cannot be done it stays.
    pub fn set_aside(self) -> Self {
        Self { aside: set_aside(&self.path).ok(), ..self }
    }
}

/// `runs/cells/svm-r0-f0-….json: the checksum does not match; set aside as svm-r0-f0-….json.damaged-1`.
impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)?;
        match self.aside.as_ref().and_then(|aside| aside.file_name()) {
            Some(name) => write!(f, "; set aside as {}", name.to_string_lossy()),
            None => Ok(()),
        }
    }
}

/// Renames `path` to `path.damaged-N`, N the first number that is free.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("{DAMAGED}{number}"));
        let aside = PathBuf::from(name);
        if fs::symlink_metadata(&aside).is_err() {
            fs::rename(path, &aside)?;
            return Ok(aside);
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn what_is_set_aside_takes_the_place_of_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cell.json");
        for content in ["first", "second"] {
            fs::write(&path, content).unwrap();
            let damage = Damage::new(&path, "is broken").set_aside();
            assert_eq!(fs::read_to_string(damage.aside.unwrap()).unwrap(), content);
        }
        let damage = Damage::new(&path, "is broken").set_aside();
        assert_eq!(damage.to_string(), format!("{}: is broken", path.display()), "there is nothing to move");
        assert_eq!(fs::read_to_string(folder.path().join("cell.json.damaged-1")).unwrap(), "first");
    }
}
