use ndarray::{Array3, Axis};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// An input representation of an example: a spectrogram at 22,050 Hz with frames of 2048 samples.
///
/// As text: `mel-128` (in decibels), `power-128` (not), `mfcc-13`, or with what differs from the usual, `mel-192-hop-256-to-8000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Representation {
    /// What its rows are.
    pub spectrum: Spectrum,
    /// Number of rows: mel bands or coefficients.
    pub rows: usize,
    /// Samples from a column to the next.
    pub hop: usize,
    /// Highest frequency of the mel bands in Hz.
    pub fmax: u32,
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
}

impl Representation {
    /// librosa's: a column every 512 samples.
    const HOP: usize = 512;
    /// All there is at 22,050 Hz.
    const FMAX: u32 = 11_025;

    /// A log-mel spectrogram of so many bands.
    pub fn log_mel(bands: usize) -> Self {
        Self { spectrum: Spectrum::LogMel, rows: bands, hop: Self::HOP, fmax: Self::FMAX }
    }

    /// A mel spectrogram of so many bands, as powers.
    pub fn mel(bands: usize) -> Self {
        Self { spectrum: Spectrum::Mel, ..Self::log_mel(bands) }
    }

    /// So many mel-frequency cepstral coefficients.
    pub fn mfcc(coefficients: usize) -> Self {
        Self { spectrum: Spectrum::Mfcc, ..Self::log_mel(coefficients) }
    }
}

impl fmt::Display for Representation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spectrum = match self.spectrum {
            Spectrum::LogMel => "mel",
            Spectrum::Mel => "power",
            Spectrum::Mfcc => "mfcc",
        };
        write!(f, "{spectrum}-{}", self.rows)?;
        if self.hop != Self::HOP {
            write!(f, "-hop-{}", self.hop)?;
        }
        if self.fmax != Self::FMAX {
            write!(f, "-to-{}", self.fmax)?;
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
            let mut words = text.split('-');
            let make = match words.next()? {
                "mel" => Self::log_mel,
                "power" => Self::mel,
                "mfcc" => Self::mfcc,
                _ => return None,
            };
            let mut spectrogram = make(words.next()?.parse().ok()?);
            while let Some(word) = words.next() {
                let number = words.next()?;
                match word {
                    "hop" => spectrogram.hop = number.parse().ok()?,
                    "to" => spectrogram.fmax = number.parse().ok()?,
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

/// Spectrograms of some examples, all of one shape. Copies of the list share the numbers.
#[derive(Debug, Clone)]
pub struct Spectrograms {
    /// Shape `(spectrograms, rows, columns)`.
    pool: Arc<Array3<f32>>,
    /// Which of the pool they are.
    members: Vec<usize>,
    /// What is subtracted from each row, and what it is divided by then.
    scaling: Arc<[(f32, f32)]>,
}

impl Default for Spectrograms {
    /// No spectrograms.
    fn default() -> Self {
        Self::new(Array3::zeros((0, 0, 0)))
    }
}

impl Spectrograms {
    /// All spectrograms of a table of shape `(spectrograms, rows, columns)`, as they are.
    pub fn new(pool: Array3<f32>) -> Self {
        let (count, rows, _) = pool.dim();
        Self { pool: Arc::new(pool), members: (0..count).collect(), scaling: vec![(0.0, 1.0); rows].into() }
    }

    /// Number of spectrograms.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Bytes that all of them take, those that are shared counted once.
    pub fn bytes(&self) -> u64 {
        (self.pool.len() * size_of::<f32>()) as u64
    }

    /// Whether there is no spectrogram.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Rows and columns of every spectrogram.
    pub fn shape(&self) -> (usize, usize) {
        let (_, rows, columns) = self.pool.dim();
        (rows, columns)
    }

    /// The spectrograms at `places`, in that order.
    ///
    /// # Panics
    ///
    /// Where a place does not exist.
    pub fn select(&self, places: &[usize]) -> Self {
        let members = places.iter().map(|&place| self.members[place]).collect();
        Self { members, ..self.clone() }
    }

    /// The spectrograms with every row (every frequency) brought to mean 0 and standard deviation 1 over all columns of
    /// the spectrograms in `train`. A row that is constant there is only centred.
    pub fn standardised_on(&self, train: &Self) -> Self {
        let count = (train.len() * train.shape().1).max(1) as f64;
        let row = |row: usize| {
            let of_spectrogram = |&member: &usize| {
                let values = train.pool.index_axis(Axis(0), member);
                values.row(row).iter().fold((0.0, 0.0), |(sum, squares), &value| {
                    let value = f64::from(value);
                    (sum + value, squares + value * value)
                })
            };
            let (sum, squares) =
                train.members.iter().map(of_spectrogram).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            let mean = sum / count;
            let deviation = (squares / count - mean * mean).max(0.0).sqrt();
            // What rounding alone leaves of a constant row is not a deviation.
            let constant = deviation <= 1e-6 * mean.abs().max(f64::MIN_POSITIVE);
            (mean as f32, if constant { 1.0 } else { deviation as f32 })
        };
        Self { scaling: (0..self.shape().0).map(row).collect(), ..self.clone() }
    }

    /// Appends the values of the spectrogram at a place, row by row.
    ///
    /// # Panics
    ///
    /// Where there is no such spectrogram.
    pub fn append_to(&self, values: &mut Vec<f32>, place: usize) {
        let spectrogram = self.pool.index_axis(Axis(0), self.members[place]);
        for (row, (mean, deviation)) in spectrogram.rows().into_iter().zip(self.scaling.iter()) {
            values.extend(row.iter().map(|value| (value - mean) / deviation));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn names_come_back() {
        for text in ["mel-128", "mfcc-13", "mel-192-hop-256-to-8000", "mel-32-hop-2048"] {
            assert_eq!(
                text.parse::<Representation>().map(|spectrogram| spectrogram.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in ["", "mel", "mel-x", "stft-3", "mel-128-hop", "mel-128-at-3", "mel--1"] {
            assert!(text.parse::<Representation>().is_err(), "{text}");
        }
    }

    #[test]
    fn rows_are_standardised_on_the_training_part() {
        let all = Spectrograms::new(array![
            [[0.0, 2.0], [5.0, 5.0]],
            [[4.0, 6.0], [5.0, 5.0]],
            [[9.0, 3.0], [7.0, 5.0]]
        ]);
        let train = all.select(&[0, 1]);
        let mut values = Vec::new();
        let standardised = all.standardised_on(&train).select(&[2, 0]);
        (0..2).for_each(|place| standardised.append_to(&mut values, place));
        // Mean 3 and deviation √5 of the first row, 5 and nothing of the second.
        let root = 5.0_f32.sqrt();
        let expected = [6.0 / root, 0.0, 2.0, 0.0, -3.0 / root, -1.0 / root, 0.0, 0.0];
        assert!(values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{values:?}");
    }
}
