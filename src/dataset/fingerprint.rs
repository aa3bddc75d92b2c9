use super::Catalogue;
use crate::util::hex;
use ndarray::Array2;
use sha2::{Digest, Sha256};

/// SHA-256 over names, labels and features of a dataset or, where no features were computed, over the `contents` of its
/// examples; 64 hexadecimal digits.
pub(super) fn fingerprint(
    columns: &[String],
    table: &Array2<f64>,
    contents: &[[u8; 32]],
    catalogue: &Catalogue,
) -> String {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    columns.iter().for_each(|column| text(column));
    for example in &catalogue.examples {
        text(&example.name);
        text(&catalogue.tracks[example.track]);
        text(&catalogue.classes[example.label]);
    }
    for value in table {
        hash.update(value.to_bits().to_le_bytes());
    }
    contents.iter().for_each(|content| hash.update(content));
    hex(&hash.finalize())
}
