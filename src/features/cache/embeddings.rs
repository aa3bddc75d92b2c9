//! Entries of the cache that hold embeddings: one row for each example of a recording.

use super::{ANOTHERS, Cache, CacheKey, EMBEDDINGS, FOREIGN, checked, with_checksum};

/// First word of an entry.
const MAGIC: u64 = u64::from_le_bytes(*b"genre\0e1");
/// Bytes before the rows: the first word, the name, the number of rows and their width.
const HEADER: usize = 8 + 32 + 8 + 8;

impl Cache {
    /// The name of the embeddings of some examples of a recording, by the SHA-256 of its file; `made_by` says by what, and
    /// of what of it.
    pub fn embeddings_key(content: &[u8; 32], made_by: &str) -> CacheKey {
        CacheKey::of(content, &format!("embeddings {made_by}"))
    }

    /// The entry of that name, if there is one: a row an example, all of one width. One that is damaged, or another's
    /// under this name, is set aside.
    pub fn embeddings(&self, key: &CacheKey) -> Option<Vec<Vec<f32>>> {
        self.read(&self.path(key, EMBEDDINGS), |bytes| decode(key, bytes).map(Some))
    }

    /// Stores rows of one width. If that fails, the work goes on without; see [`Cache::trouble`].
    pub fn put_embeddings(&self, key: &CacheKey, rows: &[Vec<f32>]) {
        self.write(&self.path(key, EMBEDDINGS), &encode(key, rows));
    }
}

fn encode(key: &CacheKey, rows: &[Vec<f32>]) -> Vec<u8> {
    let width = rows.first().map_or(0, Vec::len);
    let mut bytes = Vec::with_capacity(HEADER + 4 * rows.len() * width);
    bytes.extend(MAGIC.to_le_bytes());
    bytes.extend(key.0);
    bytes.extend((rows.len() as u64).to_le_bytes());
    bytes.extend((width as u64).to_le_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    with_checksum(bytes)
}

/// The rows in an entry, or why it is not believed.
fn decode(key: &CacheKey, bytes: &[u8]) -> Result<Vec<Vec<f32>>, &'static str> {
    let (header, values) = checked(bytes)?.split_first_chunk::<HEADER>().ok_or(FOREIGN)?;
    let word = |at: usize| {
        let (words, _) = header.as_chunks::<8>();
        u64::from_le_bytes(words[at])
    };
    if word(0) != MAGIC {
        return Err(FOREIGN);
    }
    if header[8..40] != key.0 {
        return Err(ANOTHERS);
    }
    let (rows, width) = (word(5), word(6));
    let (values, []) = values.as_chunks::<4>() else { return Err(FOREIGN) };
    if rows == 0 || width == 0 || rows.checked_mul(width) != Some(values.len() as u64) {
        return Err(FOREIGN);
    }
    let values: Vec<f32> = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
    Ok(values.chunks_exact(width as usize).map(<[f32]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn rows_come_back_to_the_bit_and_not_at_all_if_a_bit_is_wrong() {
        let (key, other) = (CacheKey([7; 32]), CacheKey([8; 32]));
        let rows = vec![vec![0.1, -0.0, f32::MIN_POSITIVE], vec![1.0, 2.0, 3.0]];
        let bytes = encode(&key, &rows);
        assert_eq!(decode(&key, &bytes), Ok(rows));
        assert_eq!(decode(&other, &bytes), Err(ANOTHERS));
        for at in [0, 8, 41, 50, 60, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert!(decode(&key, &broken).unwrap_err().contains("checksum"), "byte {at}");
        }
        for length in [0, 31, 60, bytes.len() - 1] {
            assert!(decode(&key, &bytes[..length]).is_err(), "{length} bytes");
        }
        // Numbers that are sealed but do not add up.
        let mut lying = bytes[..bytes.len() - 32].to_vec();
        lying[40..48].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(decode(&key, &with_checksum(lying)), Err(FOREIGN));
    }
}
