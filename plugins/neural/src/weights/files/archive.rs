use super::limits::Budget;
use super::{Read, shown};
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// Where `torch.save` puts its pickle.
const PICKLE: &str = "data.pkl";

/// A zip file. Its entries are looked up by name and read into memory; none is written anywhere.
pub(super) struct Archive<'b>(ZipArchive<Cursor<&'b [u8]>>);

impl<'b> Archive<'b> {
    pub fn open(bytes: &'b [u8]) -> Read<Self> {
        ZipArchive::new(Cursor::new(bytes)).map(Self).map_err(|e| format!("is a damaged zip file: {e}"))
    }

    /// Names of all entries that are files.
    pub fn names(&self) -> Read<Vec<String>> {
        let names = self.0.file_names().map(|name| name.map(std::borrow::Cow::into_owned));
        let names: Result<Vec<String>, _> = names.collect();
        let mut names = names.map_err(|e| format!("is a zip file with a name that cannot be read: {e}"))?;
        names.retain(|name| !name.ends_with('/'));
        Ok(names)
    }

    /// What stands before the name of every entry that PyTorch wrote; none if it wrote no such file.
    pub fn torch_root(&self) -> Option<String> {
        let names = self.0.file_names().flatten();
        let mut roots = names.filter_map(|name| match name.strip_suffix(PICKLE) {
            Some("") => Some(String::new()),
            Some(root) if root.ends_with('/') && root.matches('/').count() == 1 => Some(root.to_owned()),
            _ => None,
        });
        roots.next()
    }

    /// Whether there is such an entry.
    pub fn has(&self, name: &str) -> bool {
        self.0.index_for_name(name).is_some()
    }

    /// The content of an entry, unpacked, of at most so many bytes.
    pub fn content(&mut self, name: &str, most: u64, budget: &mut Budget) -> Read<Vec<u8>> {
        let damaged = |e: &dyn std::fmt::Display| format!("is a damaged zip file: {}: {e}", shown(name));
        let entry = self.0.by_name(name).map_err(|e| damaged(&e))?;
        let stated = entry.size();
        if stated > most {
            return Err(format!(
                "has an entry {} of {stated} bytes, where at most {most} belong",
                shown(name)
            ));
        }
        budget.bytes(stated)?;
        // Not as much as is stated at once: it may be a lie.
        let mut content = Vec::new();
        // One more than stated, so that the end is met and the checksum compared.
        entry.take(stated + 1).read_to_end(&mut content).map_err(|e| damaged(&e))?;
        match content.len() as u64 == stated {
            true => Ok(content),
            false => Err(damaged(&format!("it does not have the {stated} bytes of its header"))),
        }
    }
}
