use super::{Fault, RATE};
use std::ops::Range;

/// How a recording is cut into examples.
///
/// The lengths are those behind the published GTZAN tables:
///
/// | example | samples of segment `s` | rows of 30 s of audio |
/// |---|---|---|
/// | 30 s | the whole track, if shorter than 45 s | 1 |
/// | 3 s | `[66150·s, 66150·s + 66149)`: the tool that cut them lost the last sample | 10 |
/// | any other | `[22050·seconds·s, 22050·seconds·(s + 1))` | … |
///
/// A recording of 45 s and more, which GTZAN has none of, is cut into 30 s examples like the others.
/// What is left over at the end is dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Nominal length of an example in seconds.
    seconds: f64,
    /// From the start of an example to the start of the next, in seconds.
    hop: f64,
}

/// A range of samples, with its number if it is a segment of the recording and without if it is the whole.
pub type Segment = (Option<usize>, Range<usize>);

impl Cut {
    /// Examples of `seconds`, one every `hop` seconds, or end to end without `hop`.
    ///
    /// # Errors
    ///
    /// A sentence, where a number is not between 0.1 and 60.
    pub fn new(seconds: f64, hop: Option<f64>) -> Result<Self, String> {
        let hop = hop.unwrap_or(seconds);
        for (what, value) in [("example length", seconds), ("hop", hop)] {
            if !(0.1..=60.0).contains(&value) {
                return Err(format!("{what} of {value} s: it must be between 0.1 and 60 s"));
            }
        }
        Ok(Self { seconds, hop })
    }

    /// Length of an example in samples, where it is not the whole track.
    pub fn samples(&self) -> usize {
        let full = (self.seconds * f64::from(RATE)).round() as usize;
        if self.seconds == 3.0 { full - 1 } else { full }
    }

    /// First sample of a segment, by its number, or of a whole track.
    pub fn start(&self, segment: Option<usize>) -> usize {
        segment.map_or(0, |s| (s as f64 * self.hop * f64::from(RATE)).round() as usize)
    }

    /// Whether an example of this cut is a whole track of `length` samples, and so goes by its name.
    fn takes_whole(&self, length: usize) -> bool {
        let seconds = length as f64 / f64::from(RATE);
        self.seconds == 30.0 && self.hop == 30.0 && (27.0..45.0).contains(&seconds)
    }

    /// The examples of a recording of `length` samples, in order.
    ///
    /// # Errors
    ///
    /// [`Fault::TooShort`] where not one example fits.
    pub fn ranges(&self, length: usize) -> Result<Vec<Segment>, Fault> {
        if self.takes_whole(length) {
            return Ok(vec![(None, 0..length)]);
        }
        let size = self.samples();
        let ranges: Vec<_> = (0..)
            .map(|s| (Some(s), self.start(Some(s))..self.start(Some(s)) + size))
            .take_while(|(_, range)| range.end <= length)
            .collect();
        if ranges.is_empty() {
            let seconds = |n: usize| n as f64 / f64::from(RATE);
            return Err(Fault::TooShort { found: seconds(length), needed: seconds(size) });
        }
        Ok(ranges)
    }
}
