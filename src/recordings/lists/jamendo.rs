//! `autotagging_genre.tsv` of MTG-Jamendo, whose rows end in one tag or more, and the files of its first split.

use super::rows::{TSV, cell, visit};
use super::{Listed, TrackFacts, TrackLists, Unusable, locate, stem};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

const HINT: &str =
    "is it the file of the dataset's repository, with the columns TRACK_ID, ARTIST_ID, PATH and TAGS?";
const SEVERAL: Unusable = "have several genre tags";
const NONE: Unusable = "have no genre tag";
const RARE: Unusable = "have a genre that is the only tag of no track in some part of the split";

/// The parts of a split, as files are called and as they are said.
const PARTS: [(&str, &str); 3] = [("train", "train"), ("validation", "valid"), ("test", "test")];

/// The tracks with one genre tag; `None` where there is no such list.
pub(super) fn read(folder: &Path) -> Result<Option<TrackLists>> {
    let Some(path) = locate(folder, &["data/autotagging_genre.tsv", "autotagging_genre.tsv"]) else {
        return Ok(None);
    };
    let part_of = parts(path.parent().unwrap_or(folder))?;
    let mut lists = TrackLists::new(path.clone(), true, key);
    let mut tracks: Vec<(u64, String, Listed)> = Vec::new();
    rows(&path, &mut |line, row| {
        let genre = match row.genres[..] {
            [genre] => Ok(genre),
            [] => Err(NONE),
            _ => Err(SEVERAL),
        };
        let facts = genre.map(|genre| TrackFacts {
            genre: Some(genre.to_owned()),
            artist: (!row.artist.is_empty()).then(|| row.artist.to_owned()),
            part: part_of.get(&row.key).copied().unwrap_or_default().to_owned(),
        });
        tracks.push((line, row.key, facts));
        Ok(())
    })?;
    let mut parts_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for facts in tracks.iter().filter_map(|(_, _, facts)| facts.as_ref().ok()) {
        let genre = facts.genre.clone().unwrap_or_default();
        parts_of.entry(genre).or_default().insert(facts.part.clone());
    }
    let in_all = |facts: &TrackFacts| {
        let parts = facts.genre.as_ref().and_then(|genre| parts_of.get(genre));
        parts.is_some_and(|parts| PARTS.iter().all(|(_, part)| parts.contains(*part)))
    };
    for (line, key, facts) in tracks {
        let facts =
            facts.and_then(|facts| if part_of.is_empty() || in_all(&facts) { Ok(facts) } else { Err(RARE) });
        lists.add(&path, line, key, facts)?;
    }
    if part_of.is_empty() {
        lists.notes.push(
            "there is no splits/split-0 beside the list of tags: no official split is known".to_owned(),
        );
    }
    Ok(Some(lists))
}

/// The part of each track in the first split; none where it is not there.
fn parts(data: &Path) -> Result<HashMap<String, &'static str>> {
    let mut part_of = HashMap::new();
    for (file, part) in PARTS {
        let path = data.join("splits").join("split-0").join(format!("autotagging_genre-{file}.tsv"));
        if !path.is_file() {
            return Ok(HashMap::new());
        }
        rows(&path, &mut |line, row| match part_of.insert(row.key, part) {
            Some(other) if other != part => {
                Err(Error::at_line(&path, line, format!("the track is in the {other} part, too"), HINT))
            }
            _ => Ok(()),
        })?;
    }
    Ok(part_of)
}

struct Row<'a> {
    key: String,
    artist: &'a str,
    genres: Vec<&'a str>,
}

fn rows(path: &Path, of_row: &mut dyn FnMut(u64, Row) -> Result<()>) -> Result<()> {
    let mut columns: Option<[usize; 3]> = None;
    visit(path, TSV, &mut |line, cells| {
        let Some([artist, at, tags]) = columns else {
            let column = |name: &str| {
                let found = cells.iter().position(|cell| cell == name);
                found.ok_or_else(|| Error::at(path, format!("there is no column {name}"), HINT))
            };
            columns = Some([column("ARTIST_ID")?, column("PATH")?, column("TAGS")?]);
            return Ok(());
        };
        let key = key(Path::new(cell(cells, at)))
            .ok_or_else(|| Error::at_line(path, line, "the row names no file", HINT))?;
        let genres: BTreeSet<&str> =
            cells.iter().skip(tags).filter_map(|tag| tag.strip_prefix("genre---")).collect();
        of_row(line, Row { key, artist: cell(cells, artist), genres: genres.into_iter().collect() })
    })?;
    match columns {
        Some(_) => Ok(()),
        None => Err(Error::at(path, "is empty", HINT)),
    }
}

/// A track by its number: `14/214.mp3`, or `14/214.low.mp3` where it was packed smaller.
fn key(file: &Path) -> Option<String> {
    let stem = stem(file)?;
    let number = stem.strip_suffix(".low").unwrap_or(&stem);
    number.parse::<u32>().ok().map(|number| number.to_string())
}
