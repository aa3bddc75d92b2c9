//! The XML of Extended Ballroom: a node a genre, in it one a song, with `id` and `artist`. Genres are those of the folders.

use super::{TrackFacts, TrackLists, locate, stem};
use crate::error::{Error, Result};
use crate::util::read_regular;
use roxmltree::{Document, ParsingOptions};
use std::path::Path;

/// 4,180 songs take some hundred bytes each.
const MOST_BYTES: u64 = 16 << 20;
const MOST_NODES: u32 = 1 << 20;
const HINT: &str = "is it the file as it was distributed? without it nothing is known of artists";

/// The artists; `None` where there is no XML.
pub(super) fn read(folder: &Path) -> Result<Option<TrackLists>> {
    let Some(path) = locate(folder, &["extendedballroom_v1.1.xml"]) else { return Ok(None) };
    let bytes = read_regular(&path, MOST_BYTES).map_err(|e| Error::at(&path, e, HINT))?;
    let text = String::from_utf8_lossy(&bytes);
    // No document type, so no entities that grow.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES };
    let document = Document::parse_with_options(&text, options)
        .map_err(|e| Error::at(&path, format!("is no XML that is read here: {e}"), HINT))?;
    let mut lists = TrackLists::new(path.clone(), false, stem);
    let songs = document.root_element().children().flat_map(|genre| genre.children());
    for song in songs {
        let (Some(id), Some(artist)) = (song.attribute("id"), song.attribute("artist")) else { continue };
        let artist = artist.trim();
        let facts =
            TrackFacts { artist: (!artist.is_empty()).then(|| artist.to_owned()), ..TrackFacts::default() };
        let line = document.text_pos_at(song.range().start).row;
        lists.add(&path, line.into(), id.trim().to_owned(), Ok(facts))?;
    }
    if lists.tracks.is_empty() {
        return Err(Error::at(&path, "names no song with `id` and `artist`", HINT));
    }
    Ok(Some(lists))
}
