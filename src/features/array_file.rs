//! Arrays of examples as files that numpy and other libraries open: NPY, NPZ and safetensors.
//!
//! The number of examples stands at the start of each format and is known last, so the numbers
//! wait in an unnamed temporary file and memory holds one example, however many there are.

use ndarray::Array2;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayFormat {
    /// One array, without names and labels. Reference: `numpy.lib.format`, version 1.0.
    Npy,
    /// A ZIP archive of the arrays `mel`, `names` and `labels`, the last two text.
    Npz,
    /// The tensors `mel` and `labels` (numbers into `classes`), and the metadata `names` and `classes`, each a JSON
    /// list. Reference: the format's description in the repository huggingface/safetensors.
    Safetensors,
}

impl ArrayFormat {
    /// The format that usually goes under the extension of `path`.
    pub fn of_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "npy" => Some(Self::Npy),
            "npz" => Some(Self::Npz),
            "safetensors" => Some(Self::Safetensors),
            _ => None,
        }
    }
}

/// Examples on their way to a file.
pub struct Arrays {
    numbers: BufWriter<File>,
    shape: (usize, usize),
    names: Vec<String>,
    labels: Vec<String>,
}

impl Arrays {
    /// No example yet; those to come have `shape`. `folder` is where the numbers wait.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn new(shape: (usize, usize), folder: &Path) -> io::Result<Self> {
        let numbers = BufWriter::new(tempfile::tempfile_in(folder)?);
        Ok(Self { numbers, shape, names: Vec::new(), labels: Vec::new() })
    }

    /// Adds an example.
    ///
    /// # Errors
    ///
    /// Another shape, or the disk is full.
    pub fn push(&mut self, example: &Array2<f32>, name: &str, label: &str) -> io::Result<()> {
        if example.dim() != self.shape {
            let reason = format!("{name} has the shape {:?}, not {:?}", example.dim(), self.shape);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        example.iter().try_for_each(|x| self.numbers.write_all(&x.to_le_bytes()))?;
        self.names.push(name.to_owned());
        self.labels.push(label.to_owned());
        Ok(())
    }

    /// Name and label of each example so far.
    pub fn rows(&self) -> impl Iterator<Item = [&str; 2]> {
        self.names.iter().zip(&self.labels).map(|(name, label)| [name.as_str(), label.as_str()])
    }

    /// Writes everything to `out`.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being written.
    pub fn write(self, format: ArrayFormat, mut out: impl Write) -> io::Result<()> {
        let Self { numbers, shape: (bands, frames), names, labels } = self;
        let mut numbers = numbers.into_inner().map_err(io::IntoInnerError::into_error)?;
        numbers.rewind()?;
        let count = names.len();
        let header = npy_header("<f4", &format!("({count}, {bands}, {frames})"));
        match format {
            ArrayFormat::Npy => {
                out.write_all(&header)?;
                io::copy(&mut numbers, &mut out)?;
            }
            ArrayFormat::Npz => {
                let mut zip = ZipWriter::new_stream(out);
                // Stored, as numpy does it: spectrograms hardly shrink, and so they can be read in place.
                let stored = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Stored)
                    .large_file(true);
                zip.start_file("mel.npy", stored)?;
                zip.write_all(&header)?;
                io::copy(&mut numbers, &mut zip)?;
                for (name, texts) in [("names.npy", names), ("labels.npy", labels)] {
                    zip.start_file(name, stored)?;
                    zip.write_all(&npy_texts(&texts))?;
                }
                zip.finish()?;
            }
            ArrayFormat::Safetensors => {
                let classes: Vec<&String> = labels.iter().collect::<BTreeSet<_>>().into_iter().collect();
                let numbers_end = 4 * count * bands * frames;
                let header = json!({
                    "__metadata__": { "names": json!(names).to_string(), "classes": json!(classes).to_string() },
                    "mel": { "dtype": "F32", "shape": [count, bands, frames], "data_offsets": [0, numbers_end] },
                    "labels": {
                        "dtype": "I64", "shape": [count], "data_offsets": [numbers_end, numbers_end + 8 * count]
                    },
                });
                let mut header = header.to_string();
                // Data begins at a multiple of eight, so that it can be mapped.
                header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
                out.write_all(&(header.len() as u64).to_le_bytes())?;
                out.write_all(header.as_bytes())?;
                io::copy(&mut numbers, &mut out)?;
                for label in &labels {
                    let class = classes.partition_point(|class| *class < label);
                    out.write_all(&(class as i64).to_le_bytes())?;
                }
            }
        }
        Ok(())
    }
}

/// What stands before the numbers of an NPY file; with it, they begin at a multiple of 64 bytes.
fn npy_header(kind: &str, shape: &str) -> Vec<u8> {
    let dict = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let before = b"\x93NUMPY\x01\x00".len() + 2;
    let width = (before + dict.len() + 1).next_multiple_of(64) - before;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((width as u16).to_le_bytes());
    header.extend(format!("{dict:<pad$}\n", pad = width - 1).into_bytes());
    header
}

/// An NPY file of texts: four bytes a character, all as long as the longest.
fn npy_texts(texts: &[String]) -> Vec<u8> {
    let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let mut bytes = npy_header(&format!("<U{width}"), &format!("({},)", texts.len()));
    for text in texts {
        let characters = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(width);
        bytes.extend(characters.flat_map(u32::to_le_bytes));
    }
    bytes
}
