//! Samples beyond the ends of a recording.

/// What stands before the first and after the last sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pad {
    /// Zeros: librosa's default since 0.10.
    #[default]
    Zero,
    /// The signal mirrored about its end samples, which are not repeated: `c b | a b c | b a`. This
    /// was librosa's default when the GTZAN tables were made.
    Reflect,
    /// The end samples repeated: `a a | a b c | c c`.
    Edge,
}

impl Pad {
    /// Replaces `out` by `samples` with `width` more on either side.
    ///
    /// A reflection goes back and forth as often as it takes, so a signal may be shorter than its
    /// padding. An empty signal is padded with zeros.
    pub fn apply(self, samples: &[f32], width: usize, out: &mut Vec<f32>) {
        out.clear();
        out.reserve(samples.len() + 2 * width);
        let n = samples.len();
        let last = n.saturating_sub(1) as isize;
        let beyond = |i: isize| match self {
            _ if n == 0 => 0.0,
            Self::Zero => 0.0,
            Self::Edge => samples[i.clamp(0, last) as usize],
            Self::Reflect if n == 1 => samples[0],
            Self::Reflect => {
                let i = i.rem_euclid(2 * last);
                samples[i.min(2 * last - i) as usize]
            }
        };
        out.extend((-(width as isize)..0).map(beyond));
        out.extend_from_slice(samples);
        out.extend((0..width as isize).map(|i| beyond(n as isize + i)));
    }
}
