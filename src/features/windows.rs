//! The windows of an example that a pretrained encoder reads.

use super::FeatureError;
use super::encoder_mel::EncoderMel;
use genre_bench_api::{EncoderInput, Windows};
use ndarray::{ArrayD, ArrayView2, Axis, IxDyn, s};

/// Most numbers in the windows of one example: 1 GiB.
const MOST_NUMBERS: usize = 1 << 28;

/// Cuts examples into what an encoder reads.
pub struct WindowExtractor {
    content: Content,
    windows: Windows,
}

/// What windows are cut from.
enum Content {
    /// Samples at so many a second.
    Samples(u32),
    /// Frames.
    Mel(EncoderMel),
}

impl WindowExtractor {
    /// For the input of an encoder that reads sound.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where a setting makes no sense, or the encoder reads images.
    pub fn new(input: &EncoderInput) -> Result<Self, FeatureError> {
        let (content, windows) = match input {
            EncoderInput::Samples { rate, windows } => {
                FeatureError::unless(*rate > 0, "rate", "0: must be above 0")?;
                (Content::Samples(*rate), *windows)
            }
            EncoderInput::Mel { mel, windows } => (Content::Mel(EncoderMel::new(mel)?), *windows),
            EncoderInput::Picture(_) => {
                let reason = "an image is not made of samples".to_owned();
                return Err(FeatureError { name: "picture", reason });
            }
        };
        for (name, given) in [("windows.length", windows.length), ("windows.hop", windows.hop)] {
            FeatureError::unless(given != Some(0), name, "0: must be above 0")?;
        }
        Ok(Self { content, windows })
    }

    /// Samples a second that [`WindowExtractor::of`] wants.
    pub fn rate(&self) -> u32 {
        match &self.content {
            Content::Samples(rate) => *rate,
            Content::Mel(mel) => mel.rate(),
        }
    }

    /// The windows of one example, mono samples at the [rate](WindowExtractor::rate): of shape `(windows, samples)`, or
    /// `(windows, bands, frames)` with low frequencies first.
    ///
    /// There is always at least one window: samples that are too few for it are followed by zeros. What is left behind the
    /// last whole window falls away.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] if the windows overlap so much, or the example is so long, that there are more than 2²⁸ numbers.
    pub fn of(&self, samples: &[f32]) -> Result<ArrayD<f32>, FeatureError> {
        let fewest = match &self.content {
            Content::Samples(_) => self.windows.length.unwrap_or(1),
            Content::Mel(mel) => mel.samples(self.windows.length.unwrap_or(1)),
        };
        FeatureError::unless(fewest <= MOST_NUMBERS, "windows.length", too_many(fewest))?;
        let mut filled = Vec::new();
        let samples = if samples.len() < fewest {
            filled.extend_from_slice(samples);
            filled.resize(fewest, 0.0);
            filled.as_slice()
        } else {
            samples
        };
        match &self.content {
            Content::Samples(_) => {
                // One band, which is then taken away.
                let row = ArrayView2::from_shape((1, samples.len()), samples);
                let row = row.map_err(|e| FeatureError { name: "samples", reason: e.to_string() })?;
                Ok(self.cut(row)?.index_axis_move(Axis(1), 0))
            }
            Content::Mel(mel) => self.cut(mel.of(samples).view()),
        }
    }

    /// Windows of `(bands, frames)` as `(windows, bands, frames)`.
    fn cut(&self, frames: ArrayView2<f32>) -> Result<ArrayD<f32>, FeatureError> {
        let (bands, all) = frames.dim();
        let length = self.windows.length.unwrap_or(all);
        let hop = self.windows.hop.unwrap_or(length);
        let count = 1 + all.saturating_sub(length) / hop;
        let numbers = count.saturating_mul(bands).saturating_mul(length);
        FeatureError::unless(numbers <= MOST_NUMBERS, "windows.hop", too_many(numbers))?;
        let mut cut = ArrayD::zeros(IxDyn(&[count, bands, length]));
        for (window, mut to) in cut.axis_iter_mut(Axis(0)).enumerate() {
            to.assign(&frames.slice(s![.., window * hop..window * hop + length]));
        }
        Ok(cut)
    }
}

fn too_many(numbers: usize) -> String {
    format!(
        "an example would become {numbers} numbers, of at most {MOST_NUMBERS}; shorter windows or a longer hop are fewer"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use genre_bench_api::PictureSettings;
    use ndarray::ArrayView1;

    fn samples(length: Option<usize>, hop: Option<usize>) -> WindowExtractor {
        WindowExtractor::new(&EncoderInput::Samples { rate: 8000, windows: Windows { length, hop } }).unwrap()
    }

    fn mel(length: Option<usize>) -> WindowExtractor {
        let mel =
            serde_json::from_str(r#"{ "rate": 16000, "n-fft": 512, "hop": 256, "bands": 40 }"#).unwrap();
        WindowExtractor::new(&EncoderInput::Mel { mel, windows: Windows { length, hop: None } }).unwrap()
    }

    #[test]
    fn samples_are_cut_and_the_rest_falls_away() {
        let ramp: Vec<f32> = (0..10).map(|i| i as f32).collect();
        let windows = samples(Some(4), Some(3)).of(&ramp).unwrap();
        assert_eq!(windows.shape(), [3, 4]);
        assert_eq!(windows.index_axis(Axis(0), 2), ArrayView1::from(&[6.0, 7.0, 8.0, 9.0]).into_dyn());
        assert_eq!(samples(Some(4), None).of(&ramp).unwrap().shape(), [2, 4]);
        assert_eq!(samples(None, None).of(&ramp).unwrap().shape(), [1, 10]);
    }

    #[test]
    fn what_is_too_short_is_filled_up_with_zeros() {
        let windows = samples(Some(4), Some(3)).of(&[1.0, 2.0]).unwrap();
        assert_eq!(windows.into_iter().collect::<Vec<_>>(), [1.0, 2.0, 0.0, 0.0]);
        assert_eq!(samples(None, None).of(&[]).unwrap().shape(), [1, 1]);
        for length in [0, 1, 5000] {
            assert_eq!(mel(Some(187)).of(&vec![0.5; length]).unwrap().shape(), [1, 40, 187]);
        }
        assert_eq!(mel(None).of(&[]).unwrap().shape(), [1, 40, 1]);
    }

    #[test]
    fn frames_are_those_of_the_whole_example() {
        let noise: Vec<f32> =
            (0..16_000).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0).collect();
        let whole = mel(None).of(&noise).unwrap();
        assert_eq!(whole.shape(), [1, 40, 63]);
        let windows = mel(Some(30)).of(&noise).unwrap();
        assert_eq!(windows.shape(), [2, 40, 30]);
        for (window, cut) in windows.axis_iter(Axis(0)).zip([0..30, 30..60]) {
            assert_eq!(window, whole.index_axis(Axis(0), 0).slice_axis(Axis(1), cut.into()));
        }
    }

    #[test]
    fn what_takes_too_much_is_refused() {
        let told = samples(Some(1 << 20), Some(1)).of(&vec![0.0; 1 << 21]).unwrap_err().to_string();
        assert!(told.contains("longer hop"), "{told}");
        assert!(samples(Some(usize::MAX), None).of(&[]).is_err());
        assert!(mel(Some(usize::MAX)).of(&[]).is_err());
        let zero = Windows { length: Some(8), hop: Some(0) };
        assert!(WindowExtractor::new(&EncoderInput::Samples { rate: 8000, windows: zero }).is_err());
        let picture = PictureSettings { height: 8, width: 8, mean: [0.0; 3], std: [1.0; 3] };
        assert!(WindowExtractor::new(&EncoderInput::Picture(picture)).is_err());
    }
}
