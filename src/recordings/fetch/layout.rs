//! Where a file of a GTZAN archive belongs in the layout of the Kaggle copy.

use std::path::PathBuf;

/// GTZAN's genres, which are also the names of its folders.
pub const GENRES: [&str; 10] =
    ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"];

/// Recordings a genre has.
pub const RECORDINGS_A_GENRE: usize = 100;

const AUDIO: [&str; 7] = ["wav", "au", "mp3", "flac", "ogg", "m4a", "aac"];
const TABLES: [&str; 3] = ["features_30_sec.csv", "features_10_sec.csv", "features_3_sec.csv"];

/// What a file of an archive is to the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
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

impl Place {
    /// The place of a file by its path in the archive. What stands before the genre does not matter: the
    /// original has `genres/blues/…`, the Kaggle copy `Data/genres_original/blues/…`.
    pub fn of(path: &[String]) -> Self {
        let Some((name, folders)) = path.split_last() else { return Self::Other };
        if folders.iter().any(|folder| folder == "__MACOSX") || name.starts_with("._") || name == ".DS_Store"
        {
            return Self::Junk;
        }
        if let Some(table) = TABLES.iter().find(|table| name == *table) {
            return Self::Table(table.into());
        }
        let genre = folders.last().and_then(|folder| GENRES.into_iter().find(|genre| folder == genre));
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match (genre, extension) {
            (Some(genre), Some(e)) if AUDIO.contains(&e.as_str()) => {
                Self::Audio(genre, ["genres_original", genre, name].iter().collect())
            }
            (Some(genre), Some(e)) if e == "png" => {
                Self::Image(genre, ["images_original", genre, name].iter().collect())
            }
            _ => Self::Other,
        }
    }
}

/// The recording a file is about, as `blues.00000`: from `blues.00000.wav`, and from `blues00000.png`, as
/// the Kaggle copy names its spectrograms.
pub fn recording_of(genre: &str, name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match stem.strip_prefix(genre) {
        Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => format!("{genre}.{number}"),
        _ => stem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        Place::of(&path.split('/').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn every_prefix_leads_to_the_kaggle_layout() {
        let wav = Place::Audio("blues", "genres_original/blues/blues.00000.wav".into());
        for prefix in ["", "genres/", "Data/genres_original/", "a/b/c/"] {
            assert_eq!(place(&format!("{prefix}blues/blues.00000.wav")), wav, "{prefix}");
        }
        let png = Place::Image("rock", "images_original/rock/rock00001.png".into());
        assert_eq!(place("Data/images_original/rock/rock00001.png"), png);
        assert_eq!(place("Data/features_3_sec.csv"), Place::Table("features_3_sec.csv".into()));
    }

    #[test]
    fn what_is_not_read_is_not_kept() {
        for junk in ["__MACOSX/blues/blues.00000.wav", "blues/._blues.00000.wav", "blues/.DS_Store"] {
            assert_eq!(place(junk), Place::Junk, "{junk}");
        }
        for other in ["blues.00000.wav", "polka/polka.00000.wav", "blues/run.exe", "blues/wav", "other.csv"] {
            assert_eq!(place(other), Place::Other, "{other}");
        }
    }

    #[test]
    fn sound_and_spectrogram_are_about_one_recording() {
        assert_eq!(recording_of("blues", "blues.00000.au"), "blues.00000");
        assert_eq!(recording_of("blues", "blues00000.png"), "blues.00000");
        assert_eq!(recording_of("blues", "bluesy.wav"), "bluesy");
    }
}
