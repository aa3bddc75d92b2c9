//! Pretrained encoders: networks that turn an example into numbers which every model can read as a table.

use crate::params::resolve;
use crate::{Observer, Param, Params, Result};
use ndarray::{Array2, ArrayD};
use serde::{Deserialize, Serialize};

/// A pretrained network that turns windows of an example into numbers, an *embedding* of each.
///
/// The harness prepares the windows as the [card](EncoderCard) says, pools the embeddings of an example's windows to one
/// row, keeps the rows in its cache and gives them to models as a table: `musicnn+svm` is the model `svm` on the
/// embeddings of `musicnn`. An encoder is frozen, so its embeddings are the same under every split.
pub trait Encoder: Send + Sync {
    /// What the encoder is called, is given and can be told.
    ///
    /// Called often; it must always return the same card.
    fn card(&self) -> EncoderCard;

    /// Reads the weights, once for all examples.
    ///
    /// # Errors
    ///
    /// They are not there or are not what the encoder expects. The harness reports it in the rows of all models that
    /// read the embeddings.
    fn load(&self, params: &Params) -> Result<Box<dyn LoadedEncoder>>;
}

/// An encoder with its weights.
pub trait LoadedEncoder: Send + Sync {
    /// The embedding of every window, shape `(windows, width)`, all of one width.
    ///
    /// `windows` has the shape that [`EncoderInput`] says. The embedding of a window must not depend on which others it
    /// comes with. An encoder that takes more than about half a second for a batch should ask [`Observer::cancelled`]
    /// in between.
    ///
    /// # Errors
    ///
    /// Whatever keeps the embeddings from being computed, and [`Error::Cancelled`](crate::Error::Cancelled).
    fn embed(&self, windows: &ArrayD<f32>, observer: &dyn Observer) -> Result<Array2<f32>>;
}

/// An encoder's description of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderCard {
    /// Unique name on the command line, in front of the `+`: lower case, digits and hyphens.
    pub name: String,
    /// One line on what the encoder is, without its name.
    pub summary: String,
    /// What its weights were trained on, which may have recordings of the dataset among it.
    pub trained_on: String,
    /// What decides the embeddings beside input, pooling and parameters: of an encoder that was opened from files
    /// their SHA-256 and what else it was told, of one that is built in its architecture. Encoders that differ in their
    /// name alone have the same.
    pub content: String,
    /// What the harness must prepare.
    pub input: EncoderInput,
    /// How the embeddings of an example's windows become one row.
    pub pooling: Pooling,
    /// Parameters with their defaults; files of weights are among them.
    pub params: Vec<Param>,
}

impl EncoderCard {
    /// The declared defaults with `changes` (name, text as the user typed it) applied.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`](crate::Error::Parameter) where a name is not declared, a value is not allowed or a file is
    /// not there.
    pub fn resolve<'a>(&self, changes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Params> {
        resolve(&format!("encoder `{}`", self.name), &self.params, changes)
    }
}

/// What an encoder is given of an example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EncoderInput {
    /// Mono samples from −1 to 1: windows of shape `(windows, samples)`.
    Samples {
        /// Samples a second.
        rate: u32,
        /// Which of them make a window.
        windows: Windows,
    },
    /// Mel spectrograms: windows of shape `(windows, bands, frames)`. An example's whole spectrogram is cut.
    Mel {
        /// How they are computed.
        mel: MelSettings,
        /// Which frames make a window.
        windows: Windows,
    },
    /// An image of the example, or a picture of its spectrogram: one window of shape `(1, 3, height, width)`.
    Picture(PictureSettings),
}

/// How an example is cut into windows, in samples or frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Length of a window; the whole example is one if none.
    pub length: Option<usize>,
    /// From the beginning of a window to the next one's. As long as a window if none.
    pub hop: Option<usize>,
}

/// A mel spectrogram as an encoder was trained on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MelSettings {
    /// Samples a second.
    pub rate: u32,
    /// Samples of a Fourier transform.
    pub n_fft: usize,
    /// Samples of the Hann window in its middle; all if none.
    #[serde(default)]
    pub win_length: Option<usize>,
    /// Whether the window is symmetric (MATLAB's and `periodic=False` of PyTorch) instead of periodic.
    #[serde(default)]
    pub symmetric_window: bool,
    /// Samples from a frame to the next.
    pub hop: usize,
    /// What stands before the first and behind the last sample.
    #[serde(default)]
    pub pad: Padding,
    /// Share of the sample before that is taken from each sample first.
    #[serde(default)]
    pub pre_emphasis: f32,
    /// Power of the magnitudes: 2, or 1.
    #[serde(default = "two")]
    pub power: f32,
    /// Number of bands.
    pub bands: usize,
    /// Lowest frequency in Hz.
    #[serde(default)]
    pub fmin: f32,
    /// Highest frequency in Hz; half the rate if none.
    #[serde(default)]
    pub fmax: Option<f32>,
    /// The mel scale.
    #[serde(default)]
    pub scale: MelScale,
    /// Whether every band has the area 1 (librosa's `norm="slaney"`) instead of the height 1.
    #[serde(default)]
    pub unit_area: bool,
    /// What is made of the bands' powers.
    #[serde(default)]
    pub log: Compression,
    /// What is taken from every number then.
    #[serde(default)]
    pub mean: f32,
    /// What every number is divided by after that.
    #[serde(default = "one")]
    pub std: f32,
}

fn one() -> f32 {
    1.0
}

fn two() -> f32 {
    2.0
}

/// What stands beside the samples of an example where a frame is centred on its first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// Half a Fourier transform of zeros.
    #[default]
    Zeros,
    /// Half a Fourier transform of the samples in reverse.
    Reflect,
    /// Nothing: the first frame begins with the first sample.
    None,
}

/// A mel scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MelScale {
    /// Slaney's, librosa's default: linear below 1000 Hz.
    #[default]
    Slaney,
    /// HTK's: 2595 log10(1 + f / 700).
    Htk,
    /// HTK's with bands that are triangles over mels instead of Hz, as Kaldi's.
    Kaldi,
}

/// What is made of a band's power.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Compression {
    /// Itself.
    None,
    /// 10 log10, at most 80 below the loudest of the example.
    #[default]
    Decibel,
    /// The natural logarithm of `factor` x + `offset`.
    Ln {
        /// The factor.
        factor: f32,
        /// The offset.
        offset: f32,
    },
    /// The logarithm to the base 10 of `factor` x + `offset`.
    Log10 {
        /// The factor.
        factor: f32,
        /// The offset.
        offset: f32,
    },
}

/// An image as an encoder was trained on it. Grey images have three equal channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PictureSettings {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// What is taken from red, green and blue, which are from 0 to 1.
    pub mean: [f32; 3],
    /// What they are divided by then.
    pub std: [f32; 3],
}

/// How the embeddings of an example's windows become one row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Their mean.
    #[default]
    Mean,
    /// Their mean and, behind it, their standard deviation.
    MeanStd,
    /// Their largest value.
    Max,
}
