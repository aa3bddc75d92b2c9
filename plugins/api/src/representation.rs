use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An input representation of an example: a spectrogram at 22,050 Hz, of frames of 2048 samples if nothing else is said.
///
/// As text: `mel-128` (in decibels), `power-128` (not), `mfcc-13`, or with what differs from the usual,
/// `mel-192-hop-256-to-8000` and `mfcc-13-frames-1300`; the pictures `colour-mel-192-hop-256-to-8000`, the same
/// `-cropped`, and `stft-colour`; `stft-grey` and `centroid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Representation {
    /// What its rows are.
    pub spectrum: Spectrum,
    /// Number of rows: mel bands, coefficients or bins. A picture is drawn of so many bands and may have other rows.
    pub rows: usize,
    /// Samples from a column to the next.
    pub hop: usize,
    /// Highest frequency of the mel bands in Hz.
    pub fmax: u32,
    /// Columns that it is cut to, or filled up to with zeros; as many as the example has without it.
    pub frames: Option<usize>,
}

/// What the rows of a spectrogram are, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spectrum {
    /// Mel bands in decibels, at most 80 below the loudest of the example.
    LogMel,
    /// Mel bands as powers: what [`Spectrum::LogMel`] takes the logarithm of.
    Mel,
    /// The first mel-frequency cepstral coefficients of 128 such bands.
    Mfcc,
    /// A colour picture of [`Spectrum::LogMel`] as librosa's `specshow` and matplotlib's `savefig` make it, 432 × 288
    /// pixels of red, green and blue from 0 to 1, the *highest* frequency first.
    MelPicture {
        /// Whether the axes stand in it: a white margin and a frame. Without, 335 × 217 pixels are left.
        margins: bool,
    },
    /// Power spectral density of frames of 256 samples in decibels, as SciPy's `signal.spectrogram` computes it.
    Stft,
    /// A colour picture of a power spectral density, a pixel a value, with the numbers and colours of matplotlib's
    /// `specgram`, the *highest* frequency first.
    StftPicture,
    /// One row: the mean frequency of each frame in Hz, weighted by magnitude.
    Centroid,
}

impl Spectrum {
    /// Whether it is a colour picture, and not numbers.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::MelPicture { .. } | Self::StftPicture)
    }
}

impl Representation {
    /// librosa's: a column every 512 samples.
    const HOP: usize = 512;
    /// All there is at 22,050 Hz.
    const FMAX: u32 = 11_025;
    /// Bins of frames of 256 samples: SciPy's and matplotlib's default.
    const STFT_BINS: usize = 129;

    /// A log-mel spectrogram of so many bands.
    pub fn log_mel(bands: usize) -> Self {
        Self { spectrum: Spectrum::LogMel, rows: bands, hop: Self::HOP, fmax: Self::FMAX, frames: None }
    }

    /// A mel spectrogram of so many bands, as powers.
    pub fn mel(bands: usize) -> Self {
        Self { spectrum: Spectrum::Mel, ..Self::log_mel(bands) }
    }

    /// So many mel-frequency cepstral coefficients.
    pub fn mfcc(coefficients: usize) -> Self {
        Self { spectrum: Spectrum::Mfcc, ..Self::log_mel(coefficients) }
    }

    /// A colour picture of a log-mel spectrogram of so many bands, as it is published: with its margins.
    pub fn mel_picture(bands: usize) -> Self {
        Self { spectrum: Spectrum::MelPicture { margins: true }, ..Self::log_mel(bands) }
    }

    /// A power spectral density in decibels. SciPy's frames overlap by an eighth.
    pub fn stft() -> Self {
        Self { spectrum: Spectrum::Stft, hop: 224, ..Self::log_mel(Self::STFT_BINS) }
    }

    /// A colour picture of a power spectral density. matplotlib's frames overlap by half.
    pub fn stft_picture() -> Self {
        Self { spectrum: Spectrum::StftPicture, hop: 128, ..Self::log_mel(Self::STFT_BINS) }
    }

    /// The spectral centroid over time.
    pub fn centroid() -> Self {
        Self { spectrum: Spectrum::Centroid, ..Self::log_mel(1) }
    }

    /// Channels of every spectrogram: red, green and blue of a picture, else one.
    pub fn channels(&self) -> usize {
        if self.spectrum.is_picture() { 3 } else { 1 }
    }

    /// What the beginning of a name says, and the rest.
    fn beginning(text: &str) -> Option<(Self, &str)> {
        let whole = [
            ("stft-grey", Self::stft()),
            ("stft-colour", Self::stft_picture()),
            ("centroid", Self::centroid()),
        ];
        if let Some(found) = whole.iter().find_map(|(name, made)| Some((*made, text.strip_prefix(name)?))) {
            return Some(found);
        }
        // Names in which the rows follow.
        let (name, rest) = ["mel-", "power-", "mfcc-", "colour-mel-"]
            .iter()
            .find_map(|name| Some((*name, text.strip_prefix(name)?)))?;
        let (rows, rest) = rest.split_at(rest.find('-').unwrap_or(rest.len()));
        let rows = rows.parse().ok()?;
        let made = match name {
            "mel-" => Self::log_mel(rows),
            "power-" => Self::mel(rows),
            "mfcc-" => Self::mfcc(rows),
            _ => Self::mel_picture(rows),
        };
        Some((made, rest))
    }

    /// The same without any of what a name can say at its end.
    fn usual(&self) -> Self {
        match self.spectrum {
            Spectrum::LogMel => Self::log_mel(self.rows),
            Spectrum::Mel => Self::mel(self.rows),
            Spectrum::Mfcc => Self::mfcc(self.rows),
            Spectrum::MelPicture { .. } => Self::mel_picture(self.rows),
            Spectrum::Stft => Self::stft(),
            Spectrum::StftPicture => Self::stft_picture(),
            Spectrum::Centroid => Self::centroid(),
        }
    }
}

impl fmt::Display for Representation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.spectrum {
            Spectrum::LogMel => write!(f, "mel-{}", self.rows)?,
            Spectrum::Mel => write!(f, "power-{}", self.rows)?,
            Spectrum::Mfcc => write!(f, "mfcc-{}", self.rows)?,
            Spectrum::MelPicture { .. } => write!(f, "colour-mel-{}", self.rows)?,
            Spectrum::Stft => f.write_str("stft-grey")?,
            Spectrum::StftPicture => f.write_str("stft-colour")?,
            Spectrum::Centroid => f.write_str("centroid")?,
        }
        let usual = self.usual();
        if self.hop != usual.hop {
            write!(f, "-hop-{}", self.hop)?;
        }
        if self.fmax != usual.fmax {
            write!(f, "-to-{}", self.fmax)?;
        }
        if let Some(frames) = self.frames {
            write!(f, "-frames-{frames}")?;
        }
        if self.spectrum == (Spectrum::MelPicture { margins: false }) {
            f.write_str("-cropped")?;
        }
        Ok(())
    }
}

impl From<Representation> for String {
    fn from(spectrogram: Representation) -> Self {
        spectrogram.to_string()
    }
}

impl FromStr for Representation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (mut spectrogram, rest) = Self::beginning(text)?;
            let mut words = rest.split('-');
            // What stands before the first hyphen.
            if !words.next()?.is_empty() {
                return None;
            }
            while let Some(word) = words.next() {
                match (word, spectrogram.spectrum) {
                    ("cropped", Spectrum::MelPicture { .. }) => {
                        spectrogram.spectrum = Spectrum::MelPicture { margins: false };
                    }
                    ("hop", _) => spectrogram.hop = words.next()?.parse().ok()?,
                    ("to", _) => spectrogram.fmax = words.next()?.parse().ok()?,
                    // A picture has the size that it has.
                    ("frames", spectrum) if !spectrum.is_picture() => {
                        spectrogram.frames = Some(words.next()?.parse().ok()?);
                    }
                    _ => return None,
                }
            }
            Some(spectrogram)
        };
        read().ok_or_else(|| {
            format!("`{text}` is no input representation such as mel-128, mfcc-13 or mel-192-hop-256-to-8000")
        })
    }
}

impl TryFrom<String> for Representation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for text in [
            "mel-128",
            "mfcc-13",
            "mel-192-hop-256-to-8000",
            "mel-32-hop-2048",
            "mfcc-13-frames-1300",
            "power-40-frames-1300",
            "colour-mel-192-hop-256-to-8000",
            "colour-mel-192-hop-256-to-8000-cropped",
            "stft-grey",
            "stft-colour",
            "stft-colour-hop-64",
            "centroid",
        ] {
            assert_eq!(
                text.parse::<Representation>().map(|spectrogram| spectrogram.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "mel",
            "mel-x",
            "stft-3",
            "mel-128-hop",
            "mel-128-at-3",
            "mel--1",
            "mel-128-cropped",
            "colour-mel",
            "colour-mel-192-frames-3",
            "stft-greyish",
            "centroid-3",
        ] {
            assert!(text.parse::<Representation>().is_err(), "{text}");
        }
    }

    #[test]
    fn pictures_have_three_channels() {
        for (text, channels) in [("mel-128", 1), ("colour-mel-64", 3), ("stft-grey", 1), ("stft-colour", 3)] {
            assert_eq!(text.parse().map(|spectrogram: Representation| spectrogram.channels()), Ok(channels));
        }
    }
}
