//! Who plays on which track.

use crate::error::{Error, Result};
use crate::recordings::names;
use crate::util::open_file_or_pipe;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

/// Larger lists are refused: a line has less than a hundred bytes a track.
const MOST_BYTES: u64 = 256 << 20;

/// Artists of tracks, and the published fold each track is tested in, where a list gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artists {
    /// For each track of the dataset a number that equal artists share; `None` if unknown.
    pub of_track: Vec<Option<usize>>,
    /// For each track the fold in which the list's author tests it; empty without such a column.
    pub test_fold: Vec<Option<usize>>,
    /// Artists that are spelt in several ways: how many, and two spellings of the first.
    pub merged: Option<(usize, [String; 2])>,
}

impl Artists {
    /// Whether no artist is known at all.
    pub fn is_empty(&self) -> bool {
        self.of_track.iter().all(Option::is_none)
    }

    /// What the user should know of artists that are spelt in several ways, if any are.
    pub fn merged_note(&self) -> Option<String> {
        let (count, [first, second]) = self.merged.as_ref()?;
        let said = if *count == 1 { "1 artist is" } else { &format!("{count} artists are") };
        Some(format!(
            "{said} spelt in several ways in the list of artists, such as `{first}` and `{second}`: names that differ in \
             case, spaces or the coding of accents alone are of one artist"
        ))
    }

    /// Number of tracks whose artist is known.
    pub fn known(&self) -> usize {
        self.of_track.iter().flatten().count()
    }

    /// Reads a table with the columns `filename`, `artist` (or `artist_id`) and perhaps `test_fold`, for
    /// tracks named as in `tracks`. Rows on other tracks are passed over.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a missing column, a track listed with two artists, a fold
    /// that is not a number, or no row on any track of the dataset.
    pub fn read(path: &Path, tracks: &[String]) -> Result<Self> {
        let hint = "give a CSV with the columns filename and artist, --artists FILE.csv";
        let file = open_file_or_pipe(path, MOST_BYTES).map_err(|e| Error::at(path, e, hint))?;
        let mut csv = csv::Reader::from_reader(file);
        let header = csv.headers().map_err(|e| Error::at(path, e, hint))?.clone();
        let column = |names: &[&str]| {
            header.iter().position(|h| names.contains(&h.trim().to_ascii_lowercase().as_str()))
        };
        let need = |names: &[&str]| {
            column(names).ok_or_else(|| Error::at(path, format!("there is no column `{}`", names[0]), hint))
        };
        let filename = need(&["filename", "file", "clip", "track"])?;
        let artist = need(&["artist", "artist_id", "artist_name"])?;
        let fold = column(&["test_fold"]);

        let mut artists = Self { of_track: vec![None; tracks.len()], ..Self::default() };
        if fold.is_some() {
            artists.test_fold = vec![None; tracks.len()];
        }
        let mut number_of: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
        for record in csv.into_records() {
            let record = record.map_err(|e| Error::at(path, e, hint))?;
            let line = record.position().map_or(0, csv::Position::line);
            let name = record[artist].trim();
            let said = record[filename].trim();
            // Where folders tell tracks apart, the bare name is that of none.
            let found = [names::track_with_folder(said), names::track_of(said).to_owned()]
                .into_iter()
                .find_map(|track| tracks.binary_search(&track).ok());
            let Some(track) = found else { continue };
            if name.is_empty() {
                continue;
            }
            let next = number_of.len();
            let (number, spellings) =
                number_of.entry(folded(name)).or_insert_with(|| (next, BTreeSet::new()));
            let number = *number;
            spellings.insert(name.to_owned());
            if artists.of_track[track].replace(number).is_some_and(|before| before != number) {
                let reason = format!("`{}` is listed with two artists", tracks[track]);
                return Err(Error::at_line(path, line, reason, "keep one row for each track"));
            }
            if let Some(fold) = fold {
                let fold = record[fold].trim().parse().map_err(|_| {
                    let reason = format!("test_fold `{}` is not a whole number", &record[fold]);
                    Error::at_line(path, line, reason, "number the folds, or delete the column")
                })?;
                artists.test_fold[track] = Some(fold);
            }
        }
        let mut several = number_of.into_values().map(|(_, spellings)| spellings).filter(|s| s.len() > 1);
        artists.merged = several.next().and_then(|first| {
            let mut first = first.into_iter();
            Some((1 + several.count(), [first.next()?, first.next()?]))
        });
        if artists.is_empty() {
            let reason = "no row names a track of the dataset";
            return Err(Error::at(path, reason, "use the file names that stand in the feature table"));
        }
        Ok(artists)
    }
}

/// A number for each artist that a dataset's own list names, the same for the same.
pub(super) fn numbers_of<'a>(artists: impl Iterator<Item = Option<&'a str>>) -> Vec<Option<usize>> {
    let mut number_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut number = |artist: &str| {
        let next = number_of.len();
        *number_of.entry(folded(artist)).or_insert(next)
    };
    artists.map(|artist| artist.map(&mut number)).collect()
}

/// What names of one artist have in common: without case, with one space between words, and with accents coded in one
/// way (Unicode's NFKC).
fn folded(name: &str) -> String {
    let composed: String = name.nfkc().collect();
    // First to capitals, because some letters are one only there: ß and ss, ς and σ.
    let caseless: String = composed.to_uppercase().to_lowercase().nfkc().collect();
    caseless.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    fn read(list: &str, tracks: &[&str]) -> Artists {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("artists.csv");
        std::fs::write(&path, list).unwrap();
        Artists::read(&path, &tracks.iter().map(|track| (*track).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn spellings_of_one_artist_are_one_and_told() {
        let list = "filename,artist\na.wav,The Beatles\nb.wav,the  beatles \nc.wav,Beyonc\u{e9}\nd.wav,BEYONCE\u{301}\n\
                    e.wav,Strauß\nf.wav,STRAUSS\ng.wav,Strau\u{df}\nh.wav,The\u{a0}Beatles\ni.wav,Beatles\n";
        let artists = read(list, &["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
        let numbers: Vec<usize> = artists.of_track.iter().flatten().copied().collect();
        assert_eq!(numbers, [0, 0, 1, 1, 2, 2, 2, 0, 3]);
        let note = artists.merged_note().unwrap();
        assert!(
            note.starts_with("3 artists are spelt") && note.contains("`BEYONCE\u{301}` and `Beyoncé`"),
            "{note}"
        );
        assert_eq!(read("filename,artist\na.wav,A\nb.wav,B\n", &["a", "b"]).merged_note(), None);
    }

    #[test]
    fn a_folder_in_the_list_counts_where_tracks_have_one() {
        let list = "filename,artist\nblues/00.mp3,A\njazz/00.mp3,B\nx/rock.00001.wav,C\n";
        let artists = read(list, &["blues/00", "jazz/00", "rock.00001"]);
        assert_eq!(artists.of_track, [Some(0), Some(1), Some(2)]);
    }
}
