use super::limits::Budget;
use super::{Content, Format, Read, WeightsFile, door, hex, of_bytes, shown};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Files of a folder that are looked at.
const MOST_FILES: usize = 1 << 16;

/// A folder of `.npy` files, each an array of its name, and `.npz` files. Folders in it are not looked into.
pub(super) fn read(folder: &Path, budget: &mut Budget) -> Read<WeightsFile> {
    let mut content = Content::default();
    let (mut bytes, mut sums) = (0, Sha256::new());
    for path in files(folder)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let named = |why: String| format!("has {}, which {why}", shown(&name));
        let file = door::read(&path, budget.bytes_left()).map_err(named)?;
        budget.bytes(file.len() as u64)?;
        let (format, arrays) = of_bytes(&file, &path, budget).map_err(named)?;
        if !matches!(format, Format::Npy | Format::Npz) {
            return Err(named(format!("is no NumPy file but {format}")));
        }
        for (name, array) in arrays.arrays {
            content.insert(name, array)?;
        }
        sums.update(format!("{}  {name}\n", hex(&Sha256::digest(&file))));
        bytes += file.len() as u64;
    }
    if content.arrays.is_empty() {
        return Err("is a folder without any .npy or .npz file".into());
    }
    let sha256 = hex(&sums.finalize());
    let Content { arrays, passed_over } = content;
    Ok(WeightsFile { path: folder.to_owned(), format: Format::Folder, bytes, sha256, arrays, passed_over })
}

/// The NumPy files by name.
fn files(folder: &Path) -> Read<Vec<PathBuf>> {
    let unreadable = |e: std::io::Error| format!("cannot be read: {e}");
    let mut files = Vec::new();
    for (number, entry) in std::fs::read_dir(folder).map_err(unreadable)?.enumerate() {
        if number >= MOST_FILES {
            return Err(format!("is a folder of more than {MOST_FILES} files"));
        }
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "npy" || extension == "npz") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
