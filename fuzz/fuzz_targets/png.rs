//! PNG behind the program's door for images of any kind.
#![no_main]

use flate2::Crc;
use genre_bench_fuzz::check_image;
use libfuzzer_sys::fuzz_target;

/// Makes the checksums of all chunks right, so that damage goes further than to them.
fn right_checksums(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(&[a, b, c, d]) = bytes.get(at..at + 4) {
        let end = (at + 8).saturating_add(u32::from_be_bytes([a, b, c, d]) as usize);
        let Some(chunk) = bytes.get(at + 4..end) else { return };
        let mut sum = Crc::new();
        sum.update(chunk);
        let Some(place) = bytes.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&sum.sum().to_be_bytes());
        at = end + 4;
    }
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    if bytes.len() < 8 {
        return;
    }
    bytes[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
    right_checksums(&mut bytes);
    check_image(&bytes);
});
