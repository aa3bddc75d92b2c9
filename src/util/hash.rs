use sha2::{Digest, Sha256};

/// Lower-case hexadecimal digits of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of samples or pixels, as little-endian `f32`.
pub fn content_of(values: &[f32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut bytes = Vec::with_capacity(4 << 12);
    for block in values.chunks(1 << 12) {
        bytes.clear();
        bytes.extend(block.iter().flat_map(|value| value.to_le_bytes()));
        hash.update(&bytes);
    }
    hash.finalize().into()
}
