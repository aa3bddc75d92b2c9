//! WAV files of one channel, for what the program writes itself.

/// What a sample is.
#[derive(Debug, Clone, Copy)]
pub enum Sample {
    /// A whole number of 16 bits.
    Int16,
    /// A number in single precision.
    Float32,
}

/// Bytes of a head.
pub const HEAD: usize = 44;

/// The head of a file whose little-endian samples, so many at a second, take so many bytes and follow it.
pub fn head(sample: Sample, rate: u32, bytes: u32) -> [u8; HEAD] {
    // The number of the format, and how many bytes a sample is.
    let (format, size): (u16, u16) = match sample {
        Sample::Int16 => (1, 2),
        Sample::Float32 => (3, 4),
    };
    let mut head = [0; HEAD];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &(HEAD as u32 - 8).saturating_add(bytes).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        &format.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &rate.to_le_bytes(),
        &(u32::from(size) * rate).to_le_bytes(),
        &size.to_le_bytes(),
        &(8 * size).to_le_bytes(),
        b"data",
        &bytes.to_le_bytes(),
    ];
    head.iter_mut().zip(fields.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    head
}

/// Samples as a file in single precision, so that nothing is rounded or cut off.
pub fn file(samples: &[f32], rate: u32) -> Vec<u8> {
    let mut file = head(Sample::Float32, rate, 4 * samples.len() as u32).to_vec();
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}
