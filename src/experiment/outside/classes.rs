use crate::error::{Error, Result};
use crate::util::open_file_or_pipe;
use std::collections::BTreeMap;
use std::path::Path;

/// Larger lists are refused: a line has less than a hundred bytes.
const MOST_BYTES: u64 = 16 << 20;

/// Which class of a model a class of other data is: by a list or else by name, where case, spaces and signs do not count, so that
/// `Hip-Hop` is `hiphop`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassMap(BTreeMap<String, String>);

impl ClassMap {
    /// Reads a CSV with the columns `outside` and `class`. A class that is none of the model's by an empty `class` is left out.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a missing column, or a class that is listed twice.
    pub fn read(path: &Path) -> Result<Self> {
        let hint = "give a CSV with the columns outside and class: a line such as Hip-Hop,rap";
        let broken = |e: &dyn std::fmt::Display| Error::at(path, e, hint);
        let file = open_file_or_pipe(path, MOST_BYTES).map_err(|e| broken(&e))?;
        let mut map = BTreeMap::new();
        for row in csv::Reader::from_reader(file).into_deserialize() {
            let Row { outside, class } = row.map_err(|e| broken(&e))?;
            if map.insert(plain(&outside), class.trim().to_owned()).is_some() {
                return Err(broken(&format!("`{outside}` is listed twice")));
            }
        }
        Ok(Self(map))
    }

    /// The place among a model's classes of a class of other data, if it is one of them.
    ///
    /// # Errors
    ///
    /// The list gives it a class that the model does not have.
    pub(super) fn find(&self, outside: &str, classes: &[String]) -> Result<Option<usize>> {
        let listed = self.0.get(&plain(outside)).map(String::as_str);
        if listed == Some("") {
            return Ok(None);
        }
        let wanted = plain(listed.unwrap_or(outside));
        let found = classes.iter().position(|class| plain(class) == wanted);
        match (listed, found) {
            (Some(listed), None) => {
                let reason = format!("`{outside}` is to be `{listed}`, which is no class of the model");
                Err(Error::new("--class-map", reason, format!("its classes are {}", classes.join(", "))))
            }
            _ => Ok(found),
        }
    }
}

#[derive(serde::Deserialize)]
struct Row {
    outside: String,
    class: String,
}

/// Letters and digits alone, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn classes_are_found_by_name_or_by_a_list() {
        let classes = ["hiphop", "rock", "metal"].map(str::to_owned);
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            let path = folder.path().join("map.csv");
            std::fs::write(&path, text).unwrap();
            ClassMap::read(&path)
        };
        let none = ClassMap::default();
        assert_eq!(none.find("Hip-Hop", &classes).unwrap(), Some(0));
        assert_eq!(none.find("world", &classes).unwrap(), None);
        let map = read("outside,class\nmetal_punk,Metal\nRock,\n").unwrap();
        assert_eq!(map.find("Metal Punk", &classes).unwrap(), Some(2));
        assert_eq!(map.find("rock", &classes).unwrap(), None);
        assert!(read("outside,class\na,b\nA,c\n").is_err());
        assert!(read("a,b\n1,2\n").is_err());
        assert!(read("outside,class\nworld,folk\n").unwrap().find("world", &classes).is_err());
    }
}
