//! Homburg has no list: its files are called `ARTIST-TITLE.mp3`, every other sign being `_`.

use super::{TrackFacts, TrackLists};
use crate::audio::Container;
use crate::error::{Error, Result};
use std::path::Path;

/// The artists by the names of the files in a folder.
pub(super) fn read(folder: &Path) -> Result<TrackLists> {
    let mut lists = TrackLists::new(folder.to_owned(), false, key);
    let files = super::super::by_genre(folder, Container::known_extension)
        .map_err(|e| Error::at(folder, format!("cannot be read: {e}"), "check its permissions"))?;
    for (file, _) in files {
        let Some(key) = key(&file) else { continue };
        let artist =
            key.split_once('-').map(|(artist, _)| artist.to_owned()).filter(|artist| !artist.is_empty());
        lists.tracks.insert(key, Ok(TrackFacts { artist, ..TrackFacts::default() }));
    }
    Ok(lists)
}

fn key(file: &Path) -> Option<String> {
    super::stem(file)
}
