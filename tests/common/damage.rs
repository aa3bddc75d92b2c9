//! Damage at random, of which nobody may notice a wrong number.

use super::random;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What is done to files.
pub const ATTACKS: [&str; 11] = [
    "flip a bit",
    "edit a digit",
    "overwrite by zeros",
    "truncate",
    "empty",
    "append",
    "delete",
    "copy over",
    "swap",
    "make a folder of it",
    "copy a folder over",
];

/// All files below a folder but those that were set aside, in the order of their names.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".damaged-") {
            continue;
        }
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Everything below a folder, as one text: names, times of writing and contents.
pub fn snapshot(folder: &Path) -> String {
    let mut text = String::new();
    for path in files_below(folder) {
        let meta = fs::metadata(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        writeln!(text, "{} {:?} {bytes:?}", path.display(), meta.modified().unwrap()).unwrap();
    }
    text
}

/// Does something to a file of `files`, or to two. Says to which; nothing if it changed none.
pub fn attack(kind: &str, files: &[PathBuf], random: &mut random::Draws) -> Option<String> {
    let victim = &files[random.below(files.len())];
    let other = &files[random.below(files.len())];
    let mut bytes = fs::read(victim).unwrap();
    let before = bytes.clone();
    let mut told = format!("{kind}: {}", victim.display());
    match kind {
        "flip a bit" => {
            let bit = random.below(8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        "edit a digit" => {
            let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
            if let Some(at) = digits.get(random.below(digits.len().max(1))) {
                bytes[*at] = b'0' + (bytes[*at] - b'0' + 1 + random.below(9) as u8) % 10;
            }
        }
        "overwrite by zeros" => {
            let (start, length) = (random.below(bytes.len()), 1 + random.below(64));
            bytes.iter_mut().skip(start).take(length).for_each(|byte| *byte = 0);
        }
        "truncate" => bytes.truncate(random.below(before.len())),
        "empty" => bytes.clear(),
        "append" => bytes.extend(&before[..random.below(before.len()) + 1]),
        "delete" => {
            fs::remove_file(victim).unwrap();
            return Some(told);
        }
        "copy over" | "swap" => {
            let theirs = fs::read(other).unwrap();
            if theirs == before {
                return None;
            }
            if kind == "swap" {
                fs::write(other, &before).unwrap();
            }
            write!(told, " and {}", other.display()).unwrap();
            bytes = theirs;
        }
        "make a folder of it" => {
            fs::remove_file(victim).unwrap();
            fs::create_dir(victim).unwrap();
            return Some(told);
        }
        "copy a folder over" => {
            let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
            folders.dedup();
            let (from, to) = (folders[random.below(folders.len())], folders[random.below(folders.len())]);
            if from == to {
                return None;
            }
            for file in files_below(from).iter().filter(|file| file.parent() == Some(from)) {
                fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
            }
            return Some(format!("{kind}: {} to {}", from.display(), to.display()));
        }
        _ => unreachable!("there is no attack {kind}"),
    }
    if bytes == before {
        return None;
    }
    fs::write(victim, bytes).unwrap();
    Some(told)
}
