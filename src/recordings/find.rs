//! Which files there are, and what is known of each: its genre and its track.

use super::layouts::{self, KnownDataset};
use super::lists::TrackLists;
use super::names;
use crate::audio::Container;
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// An audio file to compute examples from, or an image of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// Its genre, by the folder it lies in or by its dataset's list.
    pub genre: String,
    /// The track it is or is a part of: its name by [`names::parse`], behind its genre where two genres share it.
    pub track: String,
    /// Who plays, if its dataset's list says it.
    pub artist: Option<String>,
    /// Its part in its dataset's official split, empty if in none; nothing if no list was read.
    pub part: Option<String>,
    /// What its examples are called: the file's name without extension, behind its genre where two genres share it.
    stem: String,
    /// Number of the segment that the file is of its track, if its name says that it is one.
    part_of_track: Option<usize>,
}

impl Recording {
    /// The name of the segment of that number, or of the whole: `blues.00000.7.wav`, `blues.00000.wav`.
    pub fn example_name(&self, segment: Option<usize>, extension: &str) -> String {
        example_name(&self.stem, segment, extension)
    }

    /// What its name was read as: the name without extension, the track and the number of the segment in it.
    pub fn said(&self) -> (&str, &str, Option<usize>) {
        (&self.stem, &self.track, self.part_of_track)
    }

    /// Number of an example in its track: the one it was cut as or, where the file was not cut, the one in its name.
    pub fn segment(&self, cut: Option<usize>) -> Option<usize> {
        cut.or(self.part_of_track)
    }
}

/// The name of an example, as the published tables write it: `TRACK.SEGMENT.wav`, `TRACK.wav` of a whole track.
///
/// For people and files; nothing that is known is read back from it.
pub fn example_name(track: &str, segment: Option<usize>, extension: &str) -> String {
    match segment {
        None => format!("{track}.{extension}"),
        Some(segment) => format!("{track}.{segment}.{extension}"),
    }
}

/// A file that was found, before it is known what else goes by its name.
pub(super) struct FoundFile {
    pub path: PathBuf,
    genre: String,
    /// Its track, where it has not to be read from the name.
    track: Option<String>,
    pub artist: Option<String>,
    part: Option<String>,
}

impl FoundFile {
    fn of_folder(path: PathBuf, folder: String, layout: &KnownDataset) -> Self {
        Self { path, genre: layout.genre(folder), track: None, artist: None, part: None }
    }

    /// Takes over what a list says, which is nothing of a file that it cannot be used of.
    pub fn listed(&mut self, lists: &TrackLists) -> std::result::Result<(), &'static str> {
        let (key, facts) = lists.of_file(&self.path)?;
        if lists.labels {
            self.track = Some(key);
            self.part = Some(facts.part.clone());
        }
        if let Some(genre) = &facts.genre {
            self.genre.clone_from(genre);
        }
        self.artist.clone_from(&facts.artist);
        Ok(())
    }
}

/// The recordings that `places` name: audio files, and folders with audio files at any depth, sorted by path in each
/// folder, no file twice. Nothing is left out: what the lists of a folder's dataset do not know has the genre of its folder.
///
/// Tables tell recordings by name alone, so where files of two genres go by one (`blues/01.mp3` and
/// `rock/01.mp3`), the genre becomes part of it: `blues-01`.
///
/// # Errors
///
/// A place that is not there or cannot be listed.
pub fn find(places: &[PathBuf]) -> Result<Vec<Recording>> {
    let mut found = Vec::new();
    for place in places {
        let unreadable =
            |e| Error::at(place, format!("cannot be read: {e}"), "check the path and its permissions");
        if std::fs::metadata(place).map_err(unreadable)?.is_dir() {
            let layout = layouts::of_folder(place);
            let mut files = with_genres(place, layout, Container::known_extension).map_err(unreadable)?;
            if let Ok(Some(lists)) = TrackLists::read(place, layout) {
                for file in &mut files {
                    // What is not listed stays as its folder has it.
                    let _ = file.listed(&lists);
                }
            }
            found.extend(files);
        } else {
            found.push(FoundFile::of_folder(place.clone(), folder_name(place), layouts::of_folder(place)));
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|file| seen.insert(file.path.clone()));
    Ok(named(found, |_, name| name.to_owned()))
}

/// The files under `folder` that `wanted` picks, with their genres, each called after what `stem` makes of its genre and
/// its file name without extension.
///
/// # Errors
///
/// A folder that cannot be listed.
pub fn find_in(
    folder: &Path,
    wanted: impl Fn(&Path) -> bool,
    stem: impl Fn(&str, &str) -> String,
) -> Result<Vec<Recording>> {
    let files = with_genres(folder, layouts::of_folder(folder), wanted)
        .map_err(|e| Error::at(folder, format!("cannot be read: {e}"), "check its permissions"))?;
    Ok(named(files, stem))
}

/// The wanted files under a folder with their genres, as the dataset names them that the folder holds.
pub(super) fn with_genres(
    folder: &Path,
    layout: &KnownDataset,
    wanted: impl Fn(&Path) -> bool,
) -> io::Result<Vec<FoundFile>> {
    let files = by_genre(folder, wanted)?;
    Ok(files.into_iter().map(|(path, folder)| FoundFile::of_folder(path, folder, layout)).collect())
}

/// Gives files with their genres the names of their tracks.
pub(super) fn named(files: Vec<FoundFile>, stem: impl Fn(&str, &str) -> String) -> Vec<Recording> {
    let recordings = files.into_iter().map(|file| {
        let FoundFile { path, genre, track, artist, part: split_part } = file;
        if let Some(track) = track {
            return Recording {
                stem: track.clone(),
                part_of_track: None,
                track,
                path,
                genre,
                artist,
                part: split_part,
            };
        }
        let stem = stem(&genre, &path.file_stem().unwrap_or_default().to_string_lossy());
        // The extension is that of a file that is read here, so it is none of the name.
        let names::ParsedName { track, segment } = names::parse_stem(&stem);
        Recording {
            track: track.to_owned(),
            part_of_track: segment,
            stem,
            path,
            genre,
            artist,
            part: split_part,
        }
    });
    let mut recordings: Vec<Recording> = recordings.collect();
    let mut genres: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for recording in &recordings {
        genres.entry(&recording.track).or_default().insert(&recording.genre);
    }
    let shared: BTreeSet<String> = genres
        .into_iter()
        .filter(|(_, genres)| genres.len() > 1)
        .map(|(track, _)| track.to_owned())
        .collect();
    for recording in recordings.iter_mut().filter(|recording| shared.contains(&recording.track)) {
        let prefix = format!("{}-", recording.genre);
        recording.track.insert_str(0, &prefix);
        recording.stem.insert_str(0, &prefix);
    }
    recordings
}

/// Name of the folder that a file lies in, also where the path does not say it, as `song.mp3` does not.
fn folder_name(file: &Path) -> String {
    let whole = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = whole.parent().and_then(Path::file_name).unwrap_or_default();
    folder.to_string_lossy().into_owned()
}

/// The audio files under `root`, and for each the name of its folder: [`by_genre`] of all names with an extension of a
/// known [`Container`].
///
/// # Errors
///
/// Whatever keeps a folder from being listed.
pub fn recordings(root: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    by_genre(root, Container::known_extension)
}

/// The wanted files under `root`, and for each the name of the folder it
/// lies in: `GENRE/file`, directly under `root` or anywhere below it, as in `genres_original/GENRE/`.
///
/// Sorted by path; links to folders are not followed, so a loop of links does no harm.
///
/// # Errors
///
/// Whatever keeps a folder from being listed.
pub fn by_genre(root: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let named = if folder.file_name().is_some() { folder.clone() } else { folder.canonicalize()? };
        let genre = named.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if wanted(&entry.path()) {
                found.push((entry.path(), genre.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    fn made(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn what_is_known_of_a_file_is_read_once_from_its_place_and_name() {
        let folder = made(&[
            "genres_original/blues/blues.00000.wav",
            "blues/01.mp3",
            "rock/01.mp3",
            "rock/cuts/rock.00003.2.wav",
            "rock/notes.txt",
        ]);
        let found = find(&[folder.path().to_owned(), folder.path().join("rock/01.mp3")]).unwrap();
        let facts: Vec<_> = found
            .iter()
            .map(|r| (r.genre.as_str(), r.track.as_str(), r.segment(None), r.example_name(Some(7), "wav")))
            .collect();
        assert_eq!(
            facts,
            [
                ("blues", "blues-01", None, "blues-01.7.wav".to_owned()),
                ("blues", "blues.00000", None, "blues.00000.7.wav".to_owned()),
                ("rock", "rock-01", None, "rock-01.7.wav".to_owned()),
                ("cuts", "rock.00003", Some(2), "rock.00003.2.7.wav".to_owned()),
            ]
        );
        assert_eq!(found[1].segment(Some(4)), Some(4));
        assert_eq!(found[1].example_name(None, "wav"), "blues.00000.wav");
    }

    #[test]
    fn images_are_called_after_their_tracks() {
        let folder = made(&["blues/blues00000.png", "blues/cover.png"]);
        let is_png = |path: &Path| path.extension().is_some_and(|e| e == "png");
        let found = find_in(folder.path(), is_png, names::dotted).unwrap();
        let tracks: Vec<&str> = found.iter().map(|r| r.track.as_str()).collect();
        assert_eq!(tracks, ["blues.00000", "cover"]);
    }
}
