//! Where a file of a dataset's archive belongs in the dataset's folder.

use super::KnownDataset;
use std::path::PathBuf;

const AUDIO: [&str; 7] = ["wav", "au", "mp3", "flac", "ogg", "m4a", "aac"];

/// What a file of an archive is to the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivedFile {
    /// A recording of the genre.
    Audio(&'static str, PathBuf),
    /// A spectrogram of a recording of the genre.
    Image(&'static str, PathBuf),
    /// A feature table.
    Table(PathBuf),
    /// What systems leave in archives without being asked: `__MACOSX`, `._*`, `.DS_Store`.
    Junk,
    /// Nothing the suite reads.
    Other,
}

impl KnownDataset {
    /// What a file is, and its path in a folder of this layout, by its path in an archive. What stands before the genre
    /// does not matter: the original GTZAN has `genres/blues/…`, the Kaggle copy `Data/genres_original/blues/…`.
    pub fn archived_file(&self, path: &[String]) -> ArchivedFile {
        let Some((name, folders)) = path.split_last() else { return ArchivedFile::Other };
        if folders.iter().any(|folder| folder == "__MACOSX") || name.starts_with("._") || name == ".DS_Store"
        {
            return ArchivedFile::Junk;
        }
        if let Some(table) = self.tables.iter().find(|table| name == table.file) {
            return ArchivedFile::Table(table.file.into());
        }
        let genre = folders.last().and_then(|folder| self.genres.iter().find(|genre| *folder == **genre));
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        let place = |folder: &str, genre: &str| [folder, genre, name].iter().collect();
        match (genre, extension, self.audio, self.images) {
            (Some(genre), Some(e), Some(audio), _) if AUDIO.contains(&e.as_str()) => {
                ArchivedFile::Audio(genre, place(audio, genre))
            }
            (Some(genre), Some(e), _, Some(images)) if e == "png" => {
                ArchivedFile::Image(genre, place(images, genre))
            }
            _ => ArchivedFile::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::KAGGLE;
    use super::*;

    fn place(path: &str) -> ArchivedFile {
        KAGGLE.archived_file(&path.split('/').map(str::to_owned).collect::<Vec<_>>())
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
}
