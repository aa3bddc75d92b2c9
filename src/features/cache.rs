//! Features, spectrograms and embeddings that were computed before, found again by what a recording is and not by where it lies.
//!
//! An entry is a file whose name is a SHA-256 over the recording's bytes, the options and [`VERSION`]: a file
//! or parameter that changed has another name, so nothing stale is ever served. Entries are written aside
//! and renamed, so programs may share a folder and be killed at any moment; each says its own name and ends with a
//! checksum. One that is damaged or another's is set aside and extracted again. Only whole recordings are kept, faults
//! are looked at each time.

mod embeddings;
mod prune;
mod spectrograms;

use super::ExtractionOptions;
use super::table::COLUMNS;
use crate::audio::Container;
use crate::util::{Damage, OpenError, WholeFile, hex, open_regular, read_regular};
use prune::{CacheEntry, mark_used};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use prune::{CachePruneRequest, CachePruned};
pub use spectrograms::CachedSpectrogram;

/// Raise it when the numbers of [`super::table`] or the samples of [`crate::audio`] change.
pub const VERSION: u32 = 1;

/// Larger files are extracted each time: hashing would read all of what decoding stops early in.
const LARGEST: u64 = 1 << 30;
/// First word of an entry.
const MAGIC: u64 = u64::from_le_bytes(*b"genre\0f2");
/// How the first word started in all versions.
const FAMILY: &[u8] = b"genre\0f";
/// Words before the examples (first word, name, container, number of examples), and words an example.
const HEADER: usize = 1 + NAME + 2;
const NAME: usize = 4;
const WORDS: usize = 2 + COLUMNS;
/// Bytes of the checksum at the end.
const CHECKSUM: usize = 32;
/// How names of entries end: of columns, of embeddings, and of spectrograms.
const ENTRY: &str = ".features";
const EMBEDDINGS: &str = ".embeddings";
const SPECTROGRAMS: &str = ".spectrograms";
/// Why an entry is not believed.
const FOREIGN: &str = "it is no entry of this cache";
const ANOTHERS: &str = "it is the entry of another recording, or of other settings";

/// A folder of extracted features.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    /// Why the first entry that could not be stored was not; shared by clones.
    trouble: Arc<Mutex<Option<String>>>,
    /// What was set aside; shared by clones.
    damaged: Arc<Mutex<Vec<Damage>>>,
}

/// The columns of one recording, whatever its name.
#[derive(Debug, Clone, PartialEq)]
pub struct CachedColumns {
    /// What the file really is.
    pub container: Container,
    /// Number of the segment (`None` of a whole track), samples and columns of each example.
    pub examples: Vec<(Option<usize>, usize, [f64; COLUMNS])>,
}

/// What an entry is of: a SHA-256, which its name is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheKey([u8; 8 * NAME]);

/// What a cache holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheUsage {
    /// Recordings with their settings.
    pub entries: usize,
    /// Bytes of all entries.
    pub bytes: u64,
}

impl Cache {
    /// The cache in the subfolder `features` of `root`, which is made when the first entry is stored.
    pub fn within(root: &Path) -> Self {
        Self { folder: root.join("features"), trouble: Arc::default(), damaged: Arc::default() }
    }

    /// Where a user's caches are: `$GENRE_BENCH_CACHE`, else `$XDG_CACHE_HOME/genre-bench`, else
    /// `~/.cache/genre-bench`; `None` where there is no home either.
    pub fn user_root() -> Option<PathBuf> {
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        folder("GENRE_BENCH_CACHE").or_else(|| {
            // The standard wants relative paths passed over.
            let caches = folder("XDG_CACHE_HOME").filter(|path| path.is_absolute());
            Some(caches.or_else(|| Some(std::env::home_dir()?.join(".cache")))?.join("genre-bench"))
        })
    }

    /// The folder of the entries.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// SHA-256 of a file as it is now; `None` where it cannot be hashed.
    pub fn content_of(path: &Path) -> Option<[u8; 32]> {
        let file = open_regular(path, LARGEST).ok()?;
        let mut content = Sha256::new();
        let mut file = BufReader::with_capacity(1 << 16, file.take(LARGEST + 1));
        let hashed = io::copy(&mut file, &mut content).ok()?;
        (hashed <= LARGEST).then(|| content.finalize().into())
    }

    /// The name of what `options` make of a recording, by a SHA-256 that stands for its content.
    pub fn key_of_content(content: &[u8; 32], options: &ExtractionOptions) -> CacheKey {
        let ExtractionOptions { cut, limits, convention } = options;
        // `Debug` shows every field, so one that is added changes the name by itself.
        let parameters = format!("{VERSION} {cut:?} {limits:?} {convention:?}");
        CacheKey::of(content, &parameters)
    }

    /// The entry of that name, if there is one. One that is damaged, or another's under this name, is set aside.
    pub fn get(&self, key: &CacheKey) -> Option<CachedColumns> {
        self.read(&self.path(key, ENTRY), |bytes| decode(key, bytes))
    }

    /// What `decode` makes of a file, if there is one; where it says why it is not believed, the file is set aside.
    fn read<T>(
        &self,
        path: &Path,
        decode: impl FnOnce(&[u8]) -> Result<Option<T>, &'static str>,
    ) -> Option<T> {
        let entry = match read_regular(path, LARGEST) {
            Err(OpenError::Unreadable(e)) if e.kind() == io::ErrorKind::NotFound => return None,
            Err(e) => Err(e.to_string()),
            Ok(bytes) => decode(&bytes).map_err(str::to_owned),
        };
        match entry {
            Ok(entry) => {
                mark_used(path);
                entry
            }
            Err(reason) => {
                let damage = Damage::new(path, reason).set_aside();
                self.damaged.lock().unwrap_or_else(PoisonError::into_inner).push(damage);
                None
            }
        }
    }

    /// What was found since the last call that is not what it should be.
    pub fn take_damaged(&self) -> Vec<Damage> {
        std::mem::take(&mut self.damaged.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn path(&self, key: &CacheKey, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{ending}", hex(&key.0)))
    }

    /// Stores an entry. If that fails, the work goes on without; see [`Cache::trouble`].
    pub fn put(&self, key: &CacheKey, extracted: &CachedColumns) {
        self.write(&self.path(key, ENTRY), &encode(key, extracted));
    }

    fn write(&self, path: &Path, bytes: &[u8]) {
        let store = || -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            let mut file = WholeFile::create(path)?;
            file.write_all(bytes)?;
            // The checksum tells of one that is not whole, and waiting for the disk each time would take longer.
            file.finish_without_sync()
        };
        if let Err(error) = store() {
            let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            trouble.get_or_insert_with(|| format!("{}: {error}", self.folder.display()));
        }
    }

    /// Why features were not stored, if some were not.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same as a note for the user.
    pub fn trouble_in_words(&self) -> Option<String> {
        Some(format!("the features could not be cached: {}", self.trouble()?))
    }

    /// How much there is.
    ///
    /// # Errors
    ///
    /// The folder cannot be listed.
    pub fn usage(&self) -> io::Result<CacheUsage> {
        let mut usage = CacheUsage::default();
        self.entries()?.iter().for_each(|entry| usage.add(entry.bytes));
        Ok(usage)
    }

    /// Deletes all entries and nothing else that may lie in the folder. Returns what was deleted.
    ///
    /// # Errors
    ///
    /// An entry cannot be deleted.
    pub fn clear(&self) -> io::Result<CacheUsage> {
        let mut usage = CacheUsage::default();
        for entry in self.entries()? {
            match fs::remove_file(&entry.path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => usage.add(entry.bytes),
            }
        }
        Ok(usage)
    }

    /// Entries, damaged ones and what killed programs left of some.
    fn entries(&self) -> io::Result<Vec<CacheEntry>> {
        let listing = match fs::read_dir(&self.folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing?,
        };
        let mut entries = Vec::new();
        for entry in listing {
            let entry = entry?;
            // Another program may have renamed or deleted it meanwhile.
            let Ok(metadata) = entry.metadata() else { continue };
            let name = entry.file_name();
            entries.extend(name.to_str().and_then(|name| CacheEntry::of(entry.path(), name, &metadata)));
        }
        Ok(entries)
    }
}

impl CacheUsage {
    fn add(&mut self, bytes: u64) {
        self.entries += 1;
        self.bytes += bytes;
    }
}

impl CacheKey {
    /// Of what `parameters` make of a recording, by the SHA-256 of its file.
    fn of(content: &[u8; 32], parameters: &str) -> Self {
        Self(Sha256::new().chain_update(content).chain_update(parameters).finalize().into())
    }

    fn words(&self) -> [u64; NAME] {
        let (words, _) = self.0.as_chunks::<8>();
        std::array::from_fn(|at| u64::from_le_bytes(words[at]))
    }
}

fn encode(key: &CacheKey, extracted: &CachedColumns) -> Vec<u8> {
    let container = Container::ALL.iter().position(|c| *c == extracted.container).unwrap_or_default();
    let mut words = vec![MAGIC];
    words.extend(key.words());
    words.extend([container as u64, extracted.examples.len() as u64]);
    for (segment, length, values) in &extracted.examples {
        words.extend([segment.map_or(0, |s| s as u64 + 1), *length as u64]);
        words.extend(values.map(f64::to_bits));
    }
    with_checksum(words.into_iter().flat_map(u64::to_le_bytes).collect())
}

/// An entry's bytes with the checksum at their end.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);
    bytes
}

/// What stands in front of the checksum, if that is right.
fn checked(bytes: &[u8]) -> Result<&[u8], &'static str> {
    let content = bytes.len().checked_sub(CHECKSUM).and_then(|length| bytes.split_at_checked(length));
    let (content, checksum) = content.ok_or("it is cut off")?;
    if Sha256::digest(content)[..] != *checksum {
        return Err("its checksum does not match");
    }
    Ok(content)
}

/// The columns in an entry; none if it is of another version of the program. Else why it is not believed.
fn decode(key: &CacheKey, bytes: &[u8]) -> Result<Option<CachedColumns>, &'static str> {
    let content = checked(bytes)?;
    let (words, []) = content.as_chunks::<8>() else { return Err(FOREIGN) };
    let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    if words.first().is_some_and(|magic| *magic != MAGIC) && content.starts_with(FAMILY) {
        return Ok(None);
    }
    let (&[magic, ref name @ .., container, count], examples) =
        words.split_first_chunk::<HEADER>().ok_or(FOREIGN)?;
    if magic != MAGIC || count.checked_mul(WORDS as u64) != Some(examples.len() as u64) {
        return Err(FOREIGN);
    }
    if *name != key.words() {
        return Err(ANOTHERS);
    }
    let example = |words: &[u64]| {
        let (segment, length) = ((words[0] as usize).checked_sub(1), words[1] as usize);
        (segment, length, std::array::from_fn(|column| f64::from_bits(words[2 + column])))
    };
    let container = *Container::ALL.get(container as usize).ok_or(FOREIGN)?;
    Ok(Some(CachedColumns { container, examples: examples.chunks_exact(WORDS).map(example).collect() }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn an_entry_comes_back_to_the_bit_and_not_at_all_if_a_bit_is_wrong() {
        let values: [f64; COLUMNS] = std::array::from_fn(|i| 1.0 / (i as f64 - 3.5));
        let examples = vec![(None, 661_500, values), (Some(0), 1, [-0.0; COLUMNS]), (Some(7), 2, values)];
        let extracted = CachedColumns { container: Container::Mp3, examples };
        let (key, other) = (CacheKey([7; 32]), CacheKey([8; 32]));
        let bytes = encode(&key, &extracted);
        assert_eq!(decode(&key, &bytes), Ok(Some(extracted)));
        assert!(decode(&other, &bytes).unwrap_err().contains("another recording"));
        for at in [0, 8, 16, 500, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert!(decode(&key, &broken).unwrap_err().contains("checksum"), "byte {at}");
        }
        for length in [0, 31, 32, 40, bytes.len() - 1] {
            assert!(decode(&key, &bytes[..length]).is_err(), "{length} bytes");
        }
        let mut older = bytes[..bytes.len() - CHECKSUM].to_vec();
        older[7] = b'1';
        older.extend(Sha256::digest(older.clone()));
        assert_eq!(decode(&key, &older), Ok(None), "of an older version");
    }
}
