//! The recordings of a dataset of which it is known what they are.

use super::find::{Recording, named, with_genres};
use super::layouts;
use super::lists::{TrackLists, Unlisted};
use crate::audio::Container;
use crate::error::{Error, Result};
use std::path::Path;

/// The recordings of a dataset, with what its own lists say of them.
#[derive(Debug)]
pub struct LabelledRecordings {
    /// Those that can be used, sorted by path.
    pub recordings: Vec<Recording>,
    /// What was left out, and what else the user should know.
    pub notes: Vec<String>,
}

/// The recordings of the dataset in `folder` whose genres are known: by their folders or, where these are none, by the
/// dataset's lists. The rest is counted in notes.
///
/// # Errors
///
/// A folder that cannot be listed; lists that are missing or broken.
pub fn find_labelled(folder: &Path) -> Result<LabelledRecordings> {
    let layout = layouts::of_folder(folder);
    let place = layout.audio_in(folder);
    let mut files = with_genres(&place, layout, Container::known_extension).map_err(|e| {
        Error::at(&place, format!("cannot be read: {e}"), "check the path and its permissions")
    })?;
    let mut notes = Vec::new();
    if !files.is_empty()
        && let Some(mut lists) = TrackLists::read(folder, layout)?
    {
        let mut unlisted = Unlisted::default();
        files.retain_mut(|file| match file.listed(&lists) {
            Err(why) if lists.labels => {
                unlisted.add(why, || file.path.display().to_string());
                false
            }
            _ => true,
        });
        notes.append(&mut lists.notes);
        notes.extend(unlisted.notes("recording", &lists.file));
        if files.is_empty() {
            let hint = "is it the list of this audio?";
            return Err(Error::at(&place, format!("no recording can be used: {}", notes.join("; ")), hint));
        }
        let nobody = files.iter().filter(|file| file.artist.is_none()).count();
        if nobody > 0 {
            let all = files.len();
            notes.push(format!("the dataset's own list names no artist of {nobody} of {all} recordings"));
        }
    }
    Ok(LabelledRecordings { recordings: named(files, |_, name| name.to_owned()), notes })
}
