//! Sun/NeXT AU, the format GTZAN was first given in.
//!
//! A header of big-endian words (magic `.snd`, offset of the audio, its size in bytes or 2³²−1,
//! encoding, rate, channels), then interleaved big-endian samples.

use std::io::Read;

/// How samples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    MuLaw,
    Pcm8,
    Pcm16,
    Pcm24,
    Pcm32,
    Float32,
    Float64,
    ALaw,
}

impl Encoding {
    fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            1 => Self::MuLaw,
            2 => Self::Pcm8,
            3 => Self::Pcm16,
            4 => Self::Pcm24,
            5 => Self::Pcm32,
            6 => Self::Float32,
            7 => Self::Float64,
            27 => Self::ALaw,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::MuLaw | Self::ALaw | Self::Pcm8 => 1,
            Self::Pcm16 => 2,
            Self::Pcm24 => 3,
            Self::Pcm32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// One sample as a number in −1…1; `b` has [`Encoding::bytes`] bytes.
    fn sample(self, b: &[u8]) -> f32 {
        let word = b.iter().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
        // Moves a two's complement number of any width to the top of 32 bits.
        let signed = |bits: u32| (word << (32 - bits)) as u32 as i32;
        match self {
            Self::MuLaw => mu_law(word as u8),
            Self::ALaw => a_law(word as u8),
            Self::Pcm8 => signed(8) as f32 / 2f32.powi(31),
            Self::Pcm16 => signed(16) as f32 / 2f32.powi(31),
            Self::Pcm24 => signed(24) as f32 / 2f32.powi(31),
            Self::Pcm32 => signed(32) as f32 / 2f32.powi(31),
            Self::Float32 => f32::from_bits(word as u32),
            Self::Float64 => f64::from_bits(word) as f32,
        }
    }
}

/// ITU-T G.711 µ-law: sign, three bits of exponent, four of mantissa, all inverted.
fn mu_law(byte: u8) -> f32 {
    let u = !byte;
    let magnitude = ((i32::from(u & 0x0f) << 3) + 0x84) << ((u & 0x70) >> 4);
    let value = magnitude - 0x84;
    (if u & 0x80 == 0 { value } else { -value }) as f32 / 32_768.0
}

/// ITU-T G.711 A-law, every other bit inverted.
fn a_law(byte: u8) -> f32 {
    let a = byte ^ 0x55;
    let exponent = (a & 0x70) >> 4;
    let mantissa = (i32::from(a & 0x0f) << 4) + 8;
    let value = if exponent == 0 { mantissa } else { (mantissa + 0x100) << (exponent - 1) };
    (if a & 0x80 == 0 { -value } else { value }) as f32 / 32_768.0
}

/// Reads AU from any stream of bytes, a block of frames at a time.
#[derive(Debug)]
pub struct Reader<R> {
    inner: R,
    encoding: Encoding,
    /// Bytes of audio the header promises that are not yet read; `None` where it does not say.
    left: Option<u64>,
    /// Samples a second.
    pub rate: u32,
    /// Channels, at least one.
    pub channels: usize,
    /// Frames the header promises, if it does.
    pub frames: Option<u64>,
}

impl<R: Read> Reader<R> {
    /// Reads the header; the stream is then at the first frame.
    ///
    /// # Errors
    ///
    /// A sentence on what is wrong with the header.
    pub fn new(mut inner: R) -> Result<Self, String> {
        let mut header = [0u8; 24];
        inner.read_exact(&mut header).map_err(|_| "the header is cut off")?;
        if !header.starts_with(b".snd") {
            return Err("the header does not begin with .snd".into());
        }
        let word = |i: usize| u32::from_be_bytes([0, 1, 2, 3].map(|k| header[4 * i + k]));
        let (offset, size, code, rate, channels) = (word(1), word(2), word(3), word(4), word(5));
        let encoding = Encoding::from_code(code).ok_or(format!("encoding {code} is not known"))?;
        if !(1..=64).contains(&channels) {
            return Err(format!("{channels} channels"));
        }
        if offset < 24 {
            return Err(format!("the audio is said to begin inside the header, at byte {offset}"));
        }
        let skip = u64::from(offset) - 24;
        let skipped = std::io::copy(&mut inner.by_ref().take(skip), &mut std::io::sink());
        if skipped.map_err(|e| e.to_string())? < skip {
            return Err(format!("the audio is said to begin after the end, at byte {offset}"));
        }
        let channels = channels as usize;
        let left = (size != u32::MAX).then_some(u64::from(size));
        let frames = left.map(|bytes| bytes / (encoding.bytes() * channels) as u64);
        Ok(Self { inner, encoding, left, rate, channels, frames })
    }

    /// Replaces `out` by the next interleaved samples, at most `frames` frames; none at the end.
    ///
    /// # Errors
    ///
    /// Whatever the stream reports.
    pub fn block(&mut self, frames: usize, out: &mut Vec<f32>) -> std::io::Result<()> {
        let width = self.encoding.bytes();
        let wanted = (frames * self.channels * width) as u64;
        let wanted = self.left.map_or(wanted, |left| left.min(wanted));
        let mut bytes = Vec::new();
        self.inner.by_ref().take(wanted).read_to_end(&mut bytes)?;
        if let Some(left) = &mut self.left {
            *left -= bytes.len() as u64;
        }
        out.clear();
        // A frame that is cut off in the middle is dropped.
        let whole = bytes.chunks_exact(width * self.channels);
        out.extend(whole.flat_map(|frame| frame.chunks_exact(width)).map(|b| self.encoding.sample(b)));
        Ok(())
    }
}
