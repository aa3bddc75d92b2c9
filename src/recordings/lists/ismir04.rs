//! The lists of ISMIR04, one a part and without a header: class, artist, album, track, number of the track, path.

use super::rows::{CSV, cell, visit};
use super::{TrackFacts, TrackLists, locate};
use crate::error::{Error, Result};
use crate::util::shown::counted;
use std::path::{Component, Path};

/// The parts, with what each does in the contest.
const PARTS: [(&str, &str); 3] = [("training", "train"), ("development", "valid"), ("evaluation", "test")];
/// The part whose artists are numbers.
const ANONYMOUS: &str = "development";

/// The tracks of all parts that have a list; `None` where none has.
pub(super) fn read(folder: &Path) -> Result<Option<TrackLists>> {
    let list = |part: &str| locate(folder, &[&format!("metadata/{part}/tracklist.csv")]);
    let found: Vec<_> = PARTS.iter().filter_map(|(part, does)| Some((*part, *does, list(part)?))).collect();
    let Some((_, _, first)) = found.first() else { return Ok(None) };
    let mut lists = TrackLists::new(first.clone(), true, key);
    // Copies from before the contest was over lack the part that was tested; then the one to develop with is.
    let has_test = found.iter().any(|(_, does, _)| *does == "test");
    let mut outside = 0;
    for (part, does, path) in &found {
        let does = if *does == "valid" && !has_test { "test" } else { does };
        visit(path, CSV, &mut |line, cells| {
            if cells.iter().all(String::is_empty) {
                return Ok(());
            }
            let (genre, artist, listed) = (cell(cells, 0), cell(cells, 1), cell(cells, 5));
            if genre.is_empty() || listed.is_empty() {
                let reason =
                    format!("the row has {} cells; class and path are the first and the sixth", cells.len());
                return Err(Error::at_line(path, line, reason, "is it tracklist.csv as it was distributed?"));
            }
            let Some(key) = key(Path::new(&format!("{part}/{}", listed.replace('\\', "/")))) else {
                outside += 1;
                return Ok(());
            };
            let known = *part != ANONYMOUS && !artist.is_empty();
            let facts = TrackFacts {
                genre: Some(genre.to_owned()),
                artist: known.then(|| artist.to_owned()),
                part: does.to_owned(),
            };
            lists.add(path, line, key, Ok(facts))
        })?;
    }
    if !has_test {
        lists.notes.push(format!(
            "there is no list of the evaluation part: the official split tests on the {ANONYMOUS} part, as publications did \
             before it was published"
        ));
    }
    if outside > 0 {
        lists.notes.push(format!(
            "{} in the lists lead out of the folder and name no track",
            counted(outside, "path")
        ));
    }
    Ok(Some(lists))
}

/// A track by its part and its path in it: `training-classical-ARTIST-ALBUM-01-NAME`. Lists write apostrophes where files
/// have `_`.
fn key(file: &Path) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for component in file.components() {
        match component {
            Component::Normal(name) => names.push(name.to_string_lossy().replace('\'', "_")),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            Component::ParentDir => return None,
        }
    }
    let is_part = |name: &str| PARTS.iter().any(|(part, _)| *part == name);
    let below_audio = (1..names.len()).rev().find(|&at| names[at - 1] == "audio" && is_part(&names[at]));
    let start = below_audio.or_else(|| names.iter().position(|name| is_part(name)))?;
    let path = names.split_off(start).join("-");
    Some(path.rsplit_once('.').map_or(path.clone(), |(stem, _)| stem.to_owned()))
}
