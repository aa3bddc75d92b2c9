//! `tracks.csv` of the Free Music Archive. Its header has two rows, `set,track,…` over `split,genre_top,…`, and a third
//! with the name of the index, `track_id`.

use super::rows::{CSV, cell, visit};
use super::{TrackFacts, TrackLists, Unusable, locate, stem};
use crate::error::{Error, Result};
use std::path::Path;

const NO_GENRE: Unusable = "have no top genre";
const OTHER_SUBSET: Unusable = "are of a larger set";

/// The tracks of some subsets; `None` where there is no such list.
pub(super) fn read(folder: &Path, subsets: &[&str]) -> Result<Option<TrackLists>> {
    let Some(path) = locate(folder, &["fma_metadata/tracks.csv", "tracks.csv"]) else { return Ok(None) };
    let mut lists = TrackLists::new(path.clone(), true, key);
    let (mut upper, mut columns): (Option<Vec<String>>, Option<Columns>) = (None, None);
    visit(&path, CSV, &mut |line, cells| {
        let Some(of) = &columns else {
            match upper.take() {
                None => upper = Some(cells.to_vec()),
                Some(upper) => columns = Some(Columns::of(&path, &upper, cells)?),
            }
            return Ok(());
        };
        let id = cell(cells, 0);
        // The third row of the header.
        if id == "track_id" {
            return Ok(());
        }
        let key = number(id).ok_or_else(|| {
            let said: String = id.chars().take(40).collect();
            Error::at_line(&path, line, format!("`{said}` is no number of a track"), HINT)
        })?;
        if cells.len() < of.count {
            let reason = format!("the row has {} cells, the header has {}", cells.len(), of.count);
            return Err(Error::at_line(&path, line, reason, HINT));
        }
        let (genre, artist) = (cell(cells, of.genre), cell(cells, of.artist));
        let facts = match (subsets.contains(&cell(cells, of.subset)), genre) {
            (false, _) => Err(OTHER_SUBSET),
            (true, "") => Err(NO_GENRE),
            (true, genre) => Ok(TrackFacts {
                genre: Some(genre.to_owned()),
                artist: (!artist.is_empty()).then(|| artist.to_owned()),
                part: cell(cells, of.split).to_owned(),
            }),
        };
        lists.add(&path, line, key, facts)
    })?;
    match columns {
        None => Err(Error::at(&path, "has no header of two rows", HINT)),
        Some(_) => Ok(Some(lists)),
    }
}

const HINT: &str = "is it fma_metadata/tracks.csv as it was distributed?";

struct Columns {
    genre: usize,
    artist: usize,
    split: usize,
    subset: usize,
    /// Cells of a row.
    count: usize,
}

impl Columns {
    fn of(path: &Path, upper: &[String], lower: &[String]) -> Result<Self> {
        let column = |above: &str, below: &str| {
            let found = upper.iter().zip(lower).position(|(a, b)| a == above && b == below);
            found.ok_or_else(|| {
                Error::at(path, format!("there is no column {above}.{below} in its two header rows"), HINT)
            })
        };
        Ok(Self {
            genre: column("track", "genre_top")?,
            artist: column("artist", "id")?,
            split: column("set", "split")?,
            subset: column("set", "subset")?,
            count: lower.len(),
        })
    }
}

/// Track 2 lies in `000/000002.mp3`, and is `2` in tables.
fn key(file: &Path) -> Option<String> {
    number(&stem(file)?)
}

fn number(text: &str) -> Option<String> {
    let number: u32 = text.parse().ok()?;
    Some(format!("{number:06}"))
}
