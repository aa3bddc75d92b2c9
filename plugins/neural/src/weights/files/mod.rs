//! Files of weights: what kind one is, and what is in it.
//!
//! ```text
//! door         opening, of regular files and within a size alone
//! limits       how much a file may hold and unpack to
//! numbers      types of numbers, and a view of bytes as an array
//! archive      entries of a zip file
//! safetensors  npy  npz  folder  torch/
//! ```
//!
//! Whatever a header says, no more is reserved than its file can fill or [`Limits`] allow.

mod archive;
mod door;
mod folder;
mod limits;
mod npy;
mod npz;
mod numbers;
mod safetensors;
mod torch;

pub use limits::Limits;

use genre_bench_api::{Error, Result};
use limits::Budget;
use ndarray::ArrayD;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Arrays by the name that their file gives them, whatever type of numbers the file has.
pub type NamedArrays = BTreeMap<String, ArrayD<f32>>;

/// Why a file is not read: a sentence whose subject is the file.
type Read<T> = std::result::Result<T, String>;

/// How a file holds its arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Hugging Face's safetensors.
    Safetensors,
    /// `torch.save` of PyTorch 1.6 and later.
    TorchZip,
    /// `torch.save` of PyTorch before 1.6.
    TorchLegacy,
    /// `numpy.save`: one array, named as the file.
    Npy,
    /// `numpy.savez`, compressed or not.
    Npz,
    /// A folder of `.npy` and `.npz` files.
    Folder,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "safetensors",
            Self::TorchZip => "PyTorch zip",
            Self::TorchLegacy => "PyTorch before 1.6",
            Self::Npy => "NumPy array",
            Self::Npz => "NumPy archive",
            Self::Folder => "folder of NumPy arrays",
        })
    }
}

/// What was read of a file.
#[derive(Debug)]
pub struct WeightsFile {
    /// Where it was.
    pub path: PathBuf,
    /// How it was written.
    pub format: Format,
    /// Bytes on the disk; of a folder, of all files that were read.
    pub bytes: u64,
    /// SHA-256 of exactly the bytes that were read; of a folder, that of what `sha256sum` prints of its files in the
    /// order of their names.
    pub sha256: String,
    /// What it holds.
    pub arrays: NamedArrays,
    /// Names of what beside arrays was in it, such as the number of an epoch, and was passed over.
    pub passed_over: Vec<String>,
}

impl WeightsFile {
    /// How many numbers there are.
    pub fn values(&self) -> usize {
        self.arrays.values().map(ArrayD::len).sum()
    }
}

impl fmt::Display for WeightsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, format, bytes, sha256, arrays, .. } = self;
        let (path, count, values) = (path.display(), arrays.len(), self.values());
        write!(f, "{path}: {format}, {count} arrays, {values} numbers, {bytes} bytes, sha256 {sha256}")
    }
}

/// What a file holds, by its format.
#[derive(Default)]
struct Content {
    arrays: NamedArrays,
    passed_over: Vec<String>,
}

impl Content {
    fn insert(&mut self, name: String, array: ArrayD<f32>) -> Read<()> {
        match self.arrays.contains_key(&name) {
            true => Err(format!("has two arrays called {}", shown(&name))),
            false => {
                self.arrays.insert(name, array);
                Ok(())
            }
        }
    }
}

/// Reads all arrays of a file of any known format, or of a folder of NumPy files.
///
/// # Errors
///
/// The file is not to be read, larger than [`Limits::default`], damaged, of another format, or holds anything else
/// than arrays of numbers and plain values.
pub fn read(path: &Path) -> Result<WeightsFile> {
    read_within(path, Limits::default())
}

/// The same within other limits.
///
/// # Errors
///
/// As [`read`].
pub fn read_within(path: &Path, limits: Limits) -> Result<WeightsFile> {
    let failed = |reason: String| Error::failed(format!("{}: {reason}", path.display()));
    let mut budget = Budget::new(limits);
    if path.is_dir() {
        return folder::read(path, &mut budget).map_err(failed);
    }
    let bytes = door::read(path, limits.bytes).map_err(failed)?;
    let (format, content) = of_bytes(&bytes, path, &mut budget).map_err(failed)?;
    if content.arrays.is_empty() {
        return Err(failed(format!("is a file of the format {format} without any array")));
    }
    Ok(WeightsFile {
        path: path.to_owned(),
        format,
        bytes: bytes.len() as u64,
        sha256: hex(&Sha256::digest(&bytes)),
        arrays: content.arrays,
        passed_over: content.passed_over,
    })
}

/// Goes by the first bytes and never by the name, which may be anything.
fn of_bytes(bytes: &[u8], path: &Path, budget: &mut Budget) -> Read<(Format, Content)> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    match bytes {
        [b'P', b'K', 3 | 5, ..] => {
            let mut archive = archive::Archive::open(bytes)?;
            match archive.torch_root() {
                Some(root) => Ok((Format::TorchZip, torch::zip::read(&mut archive, &root, budget)?)),
                None => Ok((Format::Npz, npz::read(&mut archive, budget)?)),
            }
        }
        [0x80, ..] => Ok((Format::TorchLegacy, torch::legacy::read(bytes, budget)?)),
        _ if bytes.starts_with(npy::MAGIC) => Ok((Format::Npy, npy::read(bytes, stem, budget)?)),
        _ if bytes.starts_with(b"\x89HDF") => {
            Err("is HDF5, as Keras writes it: scripts/keras_to_safetensors.py makes safetensors of it".into())
        }
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => {
            Err("is TFLite: scripts/tflite_to_safetensors.py makes safetensors of it".into())
        }
        _ if bytes.get(8) == Some(&b'{') => Ok((Format::Safetensors, safetensors::read(bytes, budget)?)),
        _ => Err("is no safetensors, PyTorch or NumPy file, by its first bytes; is it whole?".into()),
    }
}

/// A name from a file as it may be printed: short, and without what moves a terminal's cursor.
pub(super) fn shown(name: &str) -> String {
    const MOST: usize = 100;
    let short: String = name.chars().take(MOST).collect();
    let dots = if short.len() < name.len() { "…" } else { "" };
    format!("`{}{dots}`", short.escape_debug())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
