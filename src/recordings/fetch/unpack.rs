//! From archives to a folder in the layout of their dataset.

use super::FetchObserver;
use super::archive::walk;
use super::limits::{ArchiveLimits, shown};
use super::summary::Contents;
use crate::error::{Error, Result};
use crate::recordings::layouts::{ArchivedFile, KnownDataset};
use std::collections::HashSet;
use std::path::Path;

/// What the suite reads of a dataset's archives, on its way into an empty folder.
pub(super) struct Unpacking<'t> {
    dataset: &'static KnownDataset,
    tree: &'t Path,
    /// What is there so far.
    pub contents: Contents,
    /// Places that are taken, in small letters: names that differ in case only are one file on many systems.
    taken: HashSet<String>,
}

impl<'t> Unpacking<'t> {
    /// Into the folder `tree`.
    pub fn new(dataset: &'static KnownDataset, tree: &'t Path) -> Self {
        Self { dataset, tree, contents: Contents::new(dataset), taken: HashSet::new() }
    }

    /// Unpacks an archive.
    ///
    /// # Errors
    ///
    /// Those of [`walk`]; two files that belong in one place; nothing recognisable; a full disk. Whatever is
    /// in the folder then is not to be used.
    pub fn unpack(
        &mut self,
        archive: &Path,
        limits: ArchiveLimits,
        observer: &dyn FetchObserver,
    ) -> Result<()> {
        let Self { dataset, tree, contents, taken } = self;
        let mut kept = 0;
        contents.left_out.links_and_devices += walk(archive, limits, observer, &mut |entry| {
            let place = dataset.archived_file(&entry.path);
            let (ArchivedFile::Audio(_, to) | ArchivedFile::Image(_, to) | ArchivedFile::Table(to)) = &place
            else {
                match place {
                    ArchivedFile::Junk => contents.left_out.junk += 1,
                    _ => contents.other(&entry.path),
                }
                return Ok(());
            };
            if !taken.insert(to.to_string_lossy().to_lowercase()) {
                let reason = format!("holds two files for {}", shown(&to.to_string_lossy()));
                return Err(Error::at(archive, reason, "it is not clear which one is meant: pack it anew"));
            }
            let path = tree.join(to);
            let folder = path.parent().unwrap_or(tree);
            std::fs::create_dir_all(folder)
                .map_err(|e| Error::at(folder, format!("cannot be made: {e}"), "check its permissions"))?;
            contents.bytes += entry.write_to(&path)?;
            kept += 1;
            let name = entry.path.last().map_or("", String::as_str);
            match &place {
                ArchivedFile::Audio(genre, _) => contents.audio(genre, name),
                ArchivedFile::Image(..) => contents.image_files += 1,
                _ => drop(contents.tables.insert(to.to_string_lossy().replace('\\', "/"))),
            }
            Ok(())
        })?;
        match kept {
            0 => Err(self.nothing(archive)),
            _ => Ok(()),
        }
    }

    fn nothing(&self, archive: &Path) -> Error {
        let left_out = &self.contents.left_out;
        let found = match left_out.examples.as_slice() {
            [] => "no files".to_owned(),
            examples => {
                let names = examples.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
                format!("{} other files, such as {names}", left_out.others)
            }
        };
        let wanted: Vec<&str> = self.dataset.distribution.kept.iter().map(|kept| kept.pattern).collect();
        let (name, wanted) = (self.dataset.name, wanted.join(", "));
        let reason = format!("holds nothing that is read of {name} ({wanted}), but {found}");
        let genres = self.dataset.genres;
        let hint = match (genres.first(), genres.last()) {
            (Some(first), Some(last)) if self.dataset.is_labelled_by_folder() => {
                format!("is it the right archive? folders must be named {first}, …, {last}")
            }
            _ => "is it the right archive?".to_owned(),
        };
        Error::at(archive, reason, hint)
    }
}
