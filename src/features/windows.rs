//! From samples to the windows that an encoder is given.

use genre_bench_api::EncoderInput;
use ndarray::{ArrayD, IxDyn};

/// Cuts samples into windows.
pub struct WindowExtractor {
    length: Option<usize>,
    hop: Option<usize>,
}

impl WindowExtractor {
    /// What an encoder's card asks for.
    ///
    /// # Errors
    ///
    /// Settings that make no sense.
    pub fn new(input: &EncoderInput) -> Result<Self, String> {
        match input {
            EncoderInput::Samples { windows, .. } if windows.length != Some(0) && windows.hop != Some(0) => {
                Ok(Self { length: windows.length, hop: windows.hop })
            }
            _ => Err("reads no samples".to_owned()),
        }
    }

    /// The windows of an example, shape `(windows, samples)`.
    ///
    /// # Errors
    ///
    /// Fewer samples than a window.
    pub fn of(&self, samples: &[f32]) -> Result<ArrayD<f32>, String> {
        let length = self.length.unwrap_or(samples.len());
        let starts = (0..).step_by(self.hop.unwrap_or(length).max(1));
        let windows: Vec<&[f32]> = starts.map_while(|start| samples.get(start..start + length)).collect();
        if windows.is_empty() || length == 0 {
            return Err(format!("{} samples are no window of {length}", samples.len()));
        }
        ArrayD::from_shape_vec(IxDyn(&[windows.len(), length]), windows.concat()).map_err(|e| e.to_string())
    }
}
