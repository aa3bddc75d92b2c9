//! Ogg behind the program's door for audio of any kind.
#![no_main]

use genre_bench_fuzz::check_audio;
use libfuzzer_sys::fuzz_target;

/// The checksum of an Ogg page: polynomial 0x04c11db7, from the highest bit, its own four bytes taken for zero.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

/// Makes the checksums of all pages right, so that damage goes further than to them.
fn right_checksums(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(page) = bytes.get_mut(at..).filter(|page| page.len() >= 27 && page.starts_with(b"OggS")) {
        let segments = usize::from(page[26]);
        let body: usize = page[27..].iter().take(segments).map(|length| usize::from(*length)).sum();
        let length = (27 + segments + body).min(page.len());
        page[22..26].fill(0);
        let sum = checksum(&page[..length]);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        at += length;
    }
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    if bytes.len() < 27 {
        return;
    }
    bytes[..4].copy_from_slice(b"OggS");
    right_checksums(&mut bytes);
    check_audio(&bytes);
});
