//! Mel spectrograms as pretrained encoders were trained on them.

use super::mel::MelBank;
use super::pad::Pad;
use super::stft::{Complex, Stft, hann, modulus, symmetric_hann};
use super::{FeatureError, decibel};
use genre_bench_api::{Compression, MelSettings, Padding};
use ndarray::{Array2, Axis};

/// Decibels below the loudest that are still told apart.
const RANGE: f32 = 80.0;

/// Computes the mel spectrograms of [`MelSettings`], of as many frames as an example has.
pub struct EncoderMel {
    settings: MelSettings,
    stft: Stft,
    bank: MelBank,
}

impl EncoderMel {
    /// Plans transforms and filters.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where a setting makes no sense.
    pub fn new(settings: &MelSettings) -> Result<Self, FeatureError> {
        let MelSettings { rate, n_fft, hop, bands, fmin, fmax, power, mean, std, pre_emphasis, .. } =
            *settings;
        FeatureError::unless(rate > 0, "rate", "0: must be above 0")?;
        let is_right = power.is_finite() && power > 0.0;
        FeatureError::unless(is_right, "power", format!("{power}: must be above 0"))?;
        let is_right = mean.is_finite() && std.is_finite() && std > 0.0;
        FeatureError::unless(
            is_right,
            "mean and std",
            format!("{mean} and {std}: must be numbers, std above 0"),
        )?;
        let is_right = (0.0..1.0).contains(&pre_emphasis);
        FeatureError::unless(is_right, "pre-emphasis", format!("{pre_emphasis}: must be from 0 to below 1"))?;
        if let Compression::Ln { factor, offset } | Compression::Log10 { factor, offset } = settings.log {
            let is_right = factor.is_finite() && factor > 0.0 && offset.is_finite() && offset >= 0.0;
            let reason = format!("{factor} and {offset}: must be above 0, and 0 or more");
            FeatureError::unless(is_right, "factor and offset", reason)?;
        }
        let length = settings.win_length.unwrap_or(n_fft);
        // Before there is memory for the window.
        let stft = Stft::new(n_fft, hop, Pad::Zero)?;
        let is_right = (1..=n_fft).contains(&length);
        FeatureError::unless(is_right, "win-length", format!("{length}: must be from 1 to n-fft, {n_fft}"))?;
        let window = if settings.symmetric_window { symmetric_hann(length) } else { hann(length) };
        let range = (f64::from(fmin), fmax.map_or(f64::from(rate) / 2.0, f64::from));
        let bank = MelBank::on_scale(settings.scale, settings.unit_area, rate, n_fft, bands, range)?;
        Ok(Self { settings: settings.clone(), stft: stft.windowed(&window)?, bank })
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.settings.rate
    }

    /// Samples that make so many frames.
    pub fn samples(&self, frames: usize) -> usize {
        let between = frames.saturating_sub(1).saturating_mul(self.stft.hop());
        let first = if self.settings.pad == Padding::None { self.stft.n_fft() } else { 0 };
        between.saturating_add(first).saturating_add(self.dropped())
    }

    /// The first sample has none before it that could be taken from it.
    fn dropped(&self) -> usize {
        usize::from(self.settings.pre_emphasis > 0.0)
    }

    /// The spectrogram of mono samples at the [rate](EncoderMel::rate), shape `(bands, frames)`, low frequencies first.
    ///
    /// Samples that do not fill a frame are followed by zeros.
    ///
    /// Reference: `librosa.feature.melspectrogram`; `AugmentMelSTFT` of EfficientAT.
    pub fn of(&self, samples: &[f32]) -> Array2<f32> {
        let padded = self.padded(samples);
        let (n_fft, hop) = (self.stft.n_fft(), self.stft.hop());
        let frames = 1 + (padded.len() - n_fft) / hop;
        let mut analyser = self.stft.analyser();
        let mut spectrum = vec![Complex::default(); self.stft.bins()];
        let mut power = vec![0.0; self.stft.bins()];
        let mut mel = Array2::zeros((frames, self.bank.len()));
        for (frame, mut row) in mel.axis_iter_mut(Axis(0)).enumerate() {
            analyser.frame(&padded[frame * hop..], &mut spectrum);
            for (to, &value) in power.iter_mut().zip(&spectrum) {
                let magnitude = modulus(value);
                *to = if self.settings.power == 2.0 {
                    magnitude * magnitude
                } else {
                    magnitude.powf(self.settings.power)
                };
            }
            if let Some(row) = row.as_slice_mut() {
                self.bank.apply(&power, row);
            }
        }
        if let Some(values) = mel.as_slice_mut() {
            self.compress(values);
        }
        mel.reversed_axes()
    }

    /// At least a frame of samples.
    fn padded(&self, samples: &[f32]) -> Vec<f32> {
        let share = self.settings.pre_emphasis;
        let mut emphasised = Vec::new();
        let samples = if share > 0.0 {
            emphasised.extend(samples.windows(2).map(|pair| pair[1] - share * pair[0]));
            emphasised.as_slice()
        } else {
            samples
        };
        let half = self.stft.n_fft() / 2;
        let mut padded = Vec::new();
        match self.settings.pad {
            Padding::Zeros => Pad::Zero.apply(samples, half, &mut padded),
            Padding::Reflect => Pad::Reflect.apply(samples, half, &mut padded),
            Padding::None => padded.extend_from_slice(samples),
        }
        padded.resize(padded.len().max(self.stft.n_fft()), 0.0);
        padded
    }

    fn compress(&self, values: &mut [f32]) {
        // No logarithm of 0, which networks cannot read.
        let positive = |x: f32| x.max(f32::MIN_POSITIVE);
        match self.settings.log {
            Compression::None => {}
            Compression::Decibel => decibel::power_to_db(values, Some(RANGE)),
            Compression::Ln { factor, offset } => {
                values.iter_mut().for_each(|x| *x = positive(factor * *x + offset).ln());
            }
            Compression::Log10 { factor, offset } => {
                values.iter_mut().for_each(|x| *x = positive(factor * *x + offset).log10());
            }
        }
        let MelSettings { mean, std, .. } = self.settings;
        if (mean, std) != (0.0, 1.0) {
            values.iter_mut().for_each(|x| *x = (*x - mean) / std);
        }
    }
}

/// Against librosa, PyTorch and torchaudio; see `tests/fixtures/features/make_encoder_mels.py`.
#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use serde_json::{Value, json};
    use std::path::Path;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/features").join(name))
            .unwrap()
    }

    fn signal(name: &str) -> Vec<f32> {
        let pcm = fixture(&format!("{name}.pcm"));
        pcm.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32768.0).collect()
    }

    fn settings(changes: &[(&str, Value)]) -> MelSettings {
        let mut settings = json!({ "rate": 16000, "n-fft": 512, "hop": 256, "bands": 40 });
        changes.iter().for_each(|(name, value)| settings[*name] = value.clone());
        serde_json::from_value(settings).unwrap()
    }

    #[test]
    fn spectrograms_are_those_of_the_encoders_own_programs() {
        let expected: Value = serde_json::from_slice(&fixture("encoder_mels.json")).unwrap();
        let thin = expected["thin"].as_u64().unwrap() as usize;
        for case in expected["cases"].as_array().unwrap() {
            let mel = EncoderMel::new(&serde_json::from_value(case["settings"].clone()).unwrap()).unwrap();
            let ours = mel.of(&signal(case["signal"].as_str().unwrap()));
            assert_eq!(ours.ncols(), case["frames"].as_u64().unwrap() as usize, "{case}");
            let theirs: Vec<f64> =
                case["mel"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
            let scale = theirs.iter().fold(0f64, |most, x| most.max(x.abs()));
            // Frame after frame.
            let ours: Vec<f32> = ours.t().iter().copied().step_by(thin).collect();
            assert_eq!(ours.len(), theirs.len());
            let worst =
                ours.iter().zip(&theirs).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max) / scale;
            println!("{} of {}: {worst:.1e}", case["signal"], case["settings"]);
            assert!(worst < 1e-4, "{case}");
        }
    }

    #[test]
    fn so_many_samples_make_so_many_frames() {
        for changes in [
            vec![],
            vec![("pad", json!("none"))],
            vec![("pad", json!("reflect")), ("pre-emphasis", json!(0.97))],
            vec![("pad", json!("none")), ("pre-emphasis", json!(0.5))],
        ] {
            let mel = EncoderMel::new(&settings(&changes)).unwrap();
            for frames in [1, 2, 187] {
                let samples = vec![0.1; mel.samples(frames)];
                assert_eq!(mel.of(&samples).dim(), (40, frames), "{changes:?}");
                let fewer = &samples[..samples.len().saturating_sub(1)];
                assert_eq!(mel.of(fewer).ncols(), (frames - 1).max(1), "{changes:?}");
            }
            assert!(mel.of(&[]).iter().all(|x| x.is_finite()));
        }
    }

    #[test]
    fn silence_has_no_infinite_logarithm() {
        let log = ("log", json!({ "kind": "ln", "factor": 1.0, "offset": 0.0 }));
        let mel = EncoderMel::new(&settings(&[log])).unwrap();
        assert!(mel.of(&[0.0; 5000]).iter().all(|x| x.is_finite()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (name, value) in [
            ("rate", json!(0)),
            ("n-fft", json!(511)),
            ("n-fft", json!(1u64 << 40)),
            ("win-length", json!(513)),
            ("win-length", json!(0)),
            ("win-length", json!(1u64 << 60)),
            ("hop", json!(0)),
            ("bands", json!(0)),
            ("bands", json!(1u64 << 40)),
            ("fmax", json!(8001.0)),
            ("fmin", json!(-1.0)),
            ("power", json!(0.0)),
            ("std", json!(0.0)),
            ("pre-emphasis", json!(1.0)),
            ("log", json!({ "kind": "log10", "factor": 0.0, "offset": 1.0 })),
        ] {
            assert!(EncoderMel::new(&settings(&[(name, value.clone())])).is_err(), "{name} {value}");
        }
    }
}
