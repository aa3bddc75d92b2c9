//! Entries of the cache that hold spectrograms: those of one kind, of all examples of a recording.

use super::{ANOTHERS, Cache, CacheKey, FOREIGN, NAME, SPECTROGRAMS, checked, with_checksum};
use crate::audio::Container;
use crate::features::ExtractionOptions;
use crate::features::extract::{Kept, KeptExample};
use std::borrow::Cow;

/// Raise it when the numbers of [`crate::features::representation`] or the samples of [`crate::audio`] change.
const VERSION: u32 = 1;
/// First word of an entry.
const MAGIC: u64 = u64::from_le_bytes(*b"genre\0s1");
/// Words before the examples: first word, name, container, number of examples, rows and columns of each, and its numbers.
const HEADER: usize = 1 + NAME + 5;
/// Words of an example before its numbers: of its segment, its samples, and their SHA-256.
const EXAMPLE: usize = 2 + NAME;
/// A recording's spectrograms with more bytes than these are computed each time, which hardly takes longer than reading them: such
/// as are not reduced.
const LARGEST: usize = 1 << 19;

/// A spectrogram of one example, row by row; of a picture red, green and blue, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct CachedSpectrogram<'a> {
    /// Rows and columns.
    pub size: (usize, usize),
    /// As many numbers as these, or of a picture three times as many.
    pub numbers: Cow<'a, [f32]>,
}

impl Cache {
    /// The name of the spectrograms of a recording, by a SHA-256 that stands for its content; `kind` says which they are.
    pub fn spectrograms_key(content: &[u8; 32], options: &ExtractionOptions, kind: &str) -> CacheKey {
        let ExtractionOptions { cut, limits, convention: _ } = options;
        CacheKey::of(content, &format!("spectrograms {VERSION} {kind} {cut:?} {limits:?}"))
    }

    /// The entry of that name, if there is one. One that is damaged, or another's under this name, is set aside.
    pub fn spectrograms(&self, key: &CacheKey) -> Option<Kept<CachedSpectrogram<'static>>> {
        self.read(&self.path(key, SPECTROGRAMS), |bytes| decode(key, bytes).map(Some))
    }

    /// Stores spectrograms of one size, unless they are large. If that fails, the work goes on without; see [`Cache::trouble`].
    pub fn put_spectrograms(&self, key: &CacheKey, kept: &Kept<CachedSpectrogram>) {
        let bytes: usize = kept.examples.iter().map(|example| size_of_val(&example.value.numbers[..])).sum();
        if (1..=LARGEST).contains(&bytes) {
            self.write(&self.path(key, SPECTROGRAMS), &encode(key, kept));
        }
    }
}

fn encode(key: &CacheKey, kept: &Kept<CachedSpectrogram>) -> Vec<u8> {
    let container = Container::ALL.iter().position(|c| *c == kept.container).unwrap_or_default();
    let first = kept.examples.first().map(|example| &example.value);
    let (rows, columns) = first.map_or((0, 0), |spectrogram| spectrogram.size);
    let numbers = first.map_or(0, |spectrogram| spectrogram.numbers.len());
    let mut bytes = Vec::new();
    bytes.extend(MAGIC.to_le_bytes());
    bytes.extend(key.0);
    let counts = [container, kept.examples.len(), rows, columns, numbers];
    bytes.extend(counts.into_iter().flat_map(|count| (count as u64).to_le_bytes()));
    for KeptExample { segment, length, content, .. } in &kept.examples {
        bytes.extend(segment.map_or(0, |segment| segment as u64 + 1).to_le_bytes());
        bytes.extend((*length as u64).to_le_bytes());
        bytes.extend(content);
    }
    let numbers = kept.examples.iter().flat_map(|example| &*example.value.numbers);
    bytes.extend(numbers.flat_map(|number| number.to_le_bytes()));
    with_checksum(bytes)
}

/// The spectrograms in an entry, or why it is not believed.
fn decode(key: &CacheKey, bytes: &[u8]) -> Result<Kept<CachedSpectrogram<'static>>, &'static str> {
    let (header, rest) = checked(bytes)?.split_first_chunk::<{ 8 * HEADER }>().ok_or(FOREIGN)?;
    let (words, _) = header.as_chunks::<8>();
    let word = |at: usize| u64::from_le_bytes(words[at]);
    if word(0) != MAGIC {
        return Err(FOREIGN);
    }
    if header[8..8 * (1 + NAME)] != key.0 {
        return Err(ANOTHERS);
    }
    let [container, count, rows, columns, numbers] =
        std::array::from_fn(|at| usize::try_from(word(1 + NAME + at)).unwrap_or(usize::MAX));
    let container = *Container::ALL.get(container).ok_or(FOREIGN)?;
    let of_examples = count.checked_mul(8 * EXAMPLE).ok_or(FOREIGN)?;
    let (facts, values) = rest.split_at_checked(of_examples).ok_or(FOREIGN)?;
    let adds_up = count.checked_mul(numbers).and_then(|all| all.checked_mul(4)) == Some(values.len());
    let fills = rows.checked_mul(columns).is_some_and(|size| size > 0 && numbers.is_multiple_of(size));
    if count == 0 || numbers == 0 || !adds_up || !fills {
        return Err(FOREIGN);
    }
    let facts = facts.as_chunks::<{ 8 * EXAMPLE }>().0;
    let values = values.chunks_exact(4 * numbers);
    let example = |(facts, values): (&[u8; 8 * EXAMPLE], &[u8])| {
        let (words, _) = facts.as_chunks::<8>();
        let mut content = [0; 32];
        content.copy_from_slice(&facts[16..]);
        let numbers = values.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)).collect();
        KeptExample {
            segment: (u64::from_le_bytes(words[0]) as usize).checked_sub(1),
            length: u64::from_le_bytes(words[1]) as usize,
            content,
            value: CachedSpectrogram { size: (rows, columns), numbers },
        }
    };
    Ok(Kept { container, examples: facts.iter().zip(values).map(example).collect() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    fn kept(segment: Option<usize>, channels: usize) -> Kept<CachedSpectrogram<'static>> {
        let example = |number: f32| KeptExample {
            segment,
            length: 661_500,
            content: [number as u8; 32],
            value: CachedSpectrogram { size: (2, 3), numbers: vec![number; 6 * channels].into() },
        };
        Kept { container: Container::Mp3, examples: vec![example(0.1), example(-7.0)] }
    }

    #[test]
    fn spectrograms_come_back_to_the_bit_and_not_at_all_if_a_bit_is_wrong() {
        let (key, other) = (CacheKey([7; 32]), CacheKey([8; 32]));
        for kept in [kept(None, 1), kept(Some(0), 3), kept(Some(12), 1)] {
            assert_eq!(decode(&key, &encode(&key, &kept)), Ok(kept));
        }
        let bytes = encode(&key, &kept(Some(1), 1));
        assert_eq!(decode(&other, &bytes), Err(ANOTHERS));
        for at in [0, 8, 41, 90, 130, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert!(decode(&key, &broken).unwrap_err().contains("checksum"), "byte {at}");
        }
        for length in [0, 31, 79, 120, bytes.len() - 1] {
            assert!(decode(&key, &bytes[..length]).is_err(), "{length} bytes");
        }
        // Numbers that are sealed but do not add up: of examples, rows, columns and numbers.
        for word in 6..HEADER {
            for lie in [0, 5, u64::MAX] {
                let mut lying = bytes[..bytes.len() - 32].to_vec();
                lying[8 * word..8 * word + 8].copy_from_slice(&lie.to_le_bytes());
                assert_eq!(decode(&key, &with_checksum(lying)), Err(FOREIGN), "word {word}: {lie}");
            }
        }
    }

    #[test]
    fn large_ones_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::within(folder.path());
        let (small, large) = (CacheKey([1; 32]), CacheKey([2; 32]));
        let mut many = kept(None, 1);
        cache.put_spectrograms(&small, &many);
        many.examples.iter_mut().for_each(|example| example.value.numbers = vec![0.5; LARGEST / 4].into());
        cache.put_spectrograms(&large, &many);
        assert_eq!(cache.spectrograms(&small), Some(kept(None, 1)));
        assert_eq!(cache.spectrograms(&large), None);
    }
}
