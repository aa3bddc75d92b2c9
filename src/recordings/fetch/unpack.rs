//! From an archive to a folder in the layout of the Kaggle copy.

use super::FetchObserver;
use super::archive::walk;
use super::limits::{ArchiveLimits, shown};
use super::summary::Contents;
use crate::error::{Error, Result};
use crate::recordings::layouts::{ArchivedFile, KAGGLE};
use std::collections::HashSet;
use std::path::Path;

/// Unpacks what the suite reads of the archive at `archive` into the empty folder `tree`.
///
/// # Errors
///
/// Those of [`walk`]; two files that belong in one place; nothing recognisable; a full disk. Whatever is
/// in `tree` then is not to be used.
pub fn unpack(
    archive: &Path,
    tree: &Path,
    limits: ArchiveLimits,
    observer: &dyn FetchObserver,
) -> Result<Contents> {
    let mut contents = Contents::new();
    let mut taken = HashSet::new();
    contents.left_out.links_and_devices = walk(archive, limits, observer, &mut |entry| {
        let place = KAGGLE.archived_file(&entry.path);
        let (ArchivedFile::Audio(_, to) | ArchivedFile::Image(_, to) | ArchivedFile::Table(to)) = &place
        else {
            match place {
                ArchivedFile::Junk => contents.left_out.junk += 1,
                _ => contents.other(&entry.path),
            }
            return Ok(());
        };
        // Names that differ in case only are one file on many systems.
        if !taken.insert(to.to_string_lossy().to_lowercase()) {
            let reason = format!("holds two files for {}", shown(&to.to_string_lossy()));
            return Err(Error::at(archive, reason, "it is not clear which one is meant: pack it anew"));
        }
        let path = tree.join(to);
        let folder = path.parent().unwrap_or(tree);
        std::fs::create_dir_all(folder)
            .map_err(|e| Error::at(folder, format!("cannot be made: {e}"), "check its permissions"))?;
        contents.bytes += entry.write_to(&path)?;
        let name = entry.path.last().map_or("", String::as_str);
        match place {
            ArchivedFile::Audio(genre, _) => contents.audio(genre, name),
            ArchivedFile::Image(..) => contents.image_files += 1,
            _ => drop(contents.tables.insert(name.to_owned())),
        }
        Ok(())
    })?;
    if contents.is_empty() {
        return Err(nothing(archive, &contents));
    }
    Ok(contents)
}

fn nothing(archive: &Path, contents: &Contents) -> Error {
    let left_out = &contents.left_out;
    let found = match left_out.examples.as_slice() {
        [] => "no files".to_owned(),
        examples => {
            let names = examples.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
            format!("{} other files, such as {names}", left_out.others)
        }
    };
    let reason =
        format!("holds no GENRE/*.wav or GENRE/*.au of GTZAN's ten genres and no feature table, but {found}");
    Error::at(archive, reason, "is it the right archive? folders must be named blues, classical, …, rock")
}
