//! Where a file of a dataset's archive belongs in the dataset's folder.

use super::KnownDataset;
use crate::util::glob_matches;
use std::path::PathBuf;

const AUDIO: [&str; 7] = ["wav", "au", "mp3", "flac", "ogg", "m4a", "aac"];

/// What a file of an archive is to the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivedFile {
    /// A recording of the genre, which is empty where folders are not genres.
    Audio(&'static str, PathBuf),
    /// A spectrogram of a recording of the genre.
    Image(&'static str, PathBuf),
    /// A feature table, or a list of the dataset's own.
    Table(PathBuf),
    /// What systems leave in archives without being asked: `__MACOSX`, `._*`, `.DS_Store`.
    Junk,
    /// Nothing the suite reads.
    Other,
}

impl KnownDataset {
    /// What a file is, and its path in a folder of this layout, by its path in an archive. What stands before that
    /// does not matter: the original GTZAN has `genres/blues/…`, the Kaggle copy `Data/genres_original/blues/…`.
    pub fn archived_file(&self, path: &[String]) -> ArchivedFile {
        let Some((name, folders)) = path.split_last() else { return ArchivedFile::Other };
        if folders.iter().any(|folder| folder == "__MACOSX") || name.starts_with("._") || name == ".DS_Store"
        {
            return ArchivedFile::Junk;
        }
        for kept in self.distribution.kept {
            let pattern: Vec<&str> = kept.pattern.split('/').collect();
            let found = (0..path.len()).find(|&start| self.fits(&pattern, &path[start..]));
            let Some(start) = found else { continue };
            let place = std::iter::once(kept.into).chain(path[start..].iter().map(String::as_str)).collect();
            let genre = folders.iter().rev().find_map(|folder| self.genre_folder(folder));
            return match pattern.last() {
                Some(&"AUDIO") => ArchivedFile::Audio(genre.unwrap_or_default(), place),
                Some(name) if name.ends_with(".png") => ArchivedFile::Image(genre.unwrap_or_default(), place),
                _ => ArchivedFile::Table(place),
            };
        }
        ArchivedFile::Other
    }

    /// Whether the folders and the name of a path are what a pattern of [`KeptFiles`](super::KeptFiles) says.
    fn fits(&self, pattern: &[&str], path: &[String]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (["**", rest @ ..], _) => (0..path.len()).any(|skipped| self.fits(rest, &path[skipped..])),
            ([first, rest @ ..], [name, more @ ..]) => {
                let is_here = match *first {
                    "GENRE" => self.genre_folder(name).is_some(),
                    "AUDIO" => is_audio(name),
                    glob => glob_matches(glob, name),
                };
                is_here && self.fits(rest, more)
            }
            _ => false,
        }
    }

    /// The genre of a folder, if it is called after one.
    fn genre_folder(&self, folder: &str) -> Option<&'static str> {
        let genre = self.genre(folder.to_owned());
        self.genres.iter().find(|known| **known == genre).copied()
    }
}

fn is_audio(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| AUDIO.contains(&extension.as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::super::called;
    use super::*;

    fn place_of(dataset: &str, path: &str) -> ArchivedFile {
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        called(dataset).unwrap().archived_file(&path)
    }

    fn place(path: &str) -> ArchivedFile {
        place_of("gtzan", path)
    }

    #[test]
    fn every_prefix_leads_to_the_kaggle_layout() {
        let wav = ArchivedFile::Audio("blues", "genres_original/blues/blues.00000.wav".into());
        for prefix in ["", "genres/", "Data/genres_original/", "a/b/c/"] {
            assert_eq!(place(&format!("{prefix}blues/blues.00000.wav")), wav, "{prefix}");
        }
        let png = ArchivedFile::Image("rock", "images_original/rock/rock00001.png".into());
        assert_eq!(place("Data/images_original/rock/rock00001.png"), png);
        assert_eq!(place("Data/features_3_sec.csv"), ArchivedFile::Table("features_3_sec.csv".into()));
    }

    #[test]
    fn what_is_not_read_is_not_kept() {
        for junk in ["__MACOSX/blues/blues.00000.wav", "blues/._blues.00000.wav", "blues/.DS_Store"] {
            assert_eq!(place(junk), ArchivedFile::Junk, "{junk}");
        }
        for other in ["blues.00000.wav", "polka/polka.00000.wav", "blues/run.exe", "blues/wav", "other.csv"] {
            assert_eq!(place(other), ArchivedFile::Other, "{other}");
        }
    }

    #[test]
    fn each_dataset_has_its_own_places() {
        let rumba = "BallroomData/Rumba-Misc/Media-103402.wav";
        assert_eq!(place_of("ballroom", rumba), ArchivedFile::Audio("Rumba", rumba.into()));
        let two = "fma_small/000/000002.mp3";
        assert_eq!(place_of("fma-small", two), ArchivedFile::Audio("", two.into()));
        assert_eq!(place_of("fma-small", "fma_medium/000/000002.mp3"), ArchivedFile::Other);
        let tracks = ArchivedFile::Table("fma_metadata/tracks.csv".into());
        assert_eq!(place_of("fma-small", "fma_metadata/tracks.csv"), tracks);
        let deep = "ismir04_genre/audio/training/classical/artist/album/01-x.mp3";
        let kept = "audio/training/classical/artist/album/01-x.mp3";
        assert_eq!(place_of("ismir04", deep), ArchivedFile::Audio("classical", kept.into()));
        let flat = "audio/development/artist_1_album_2_track_3.mp3";
        assert_eq!(place_of("ismir04", flat), ArchivedFile::Audio("", flat.into()));
        let list = "metadata/evaluation/tracklist.csv";
        assert_eq!(place_of("ismir04", &format!("x/{list}")), ArchivedFile::Table(list.into()));
        assert_eq!(place_of("mtg-jamendo", "14/214.mp3"), ArchivedFile::Audio("", "14/214.mp3".into()));
        let split = "data/splits/split-0/autotagging_genre-train.tsv";
        let place = place_of("mtg-jamendo", &format!("mtg-jamendo-dataset-master/{split}"));
        assert_eq!(place, ArchivedFile::Table(split.into()));
        assert_eq!(
            place_of("homburg", "homburg/raphiphop/A-b.mp3"),
            ArchivedFile::Audio("raphiphop", "raphiphop/A-b.mp3".into())
        );
    }
}
