use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{Read, Take};
use std::path::{Path, PathBuf};

/// The environment variable that names the folder of files that a word such as `imagenet` stands for.
pub const WEIGHTS_FOLDER: &str = "GENRE_BENCH_WEIGHTS";

/// Bytes from which on a file is refused, and files of a folder: no weights have so many.
const MOST_BYTES: u64 = 16 << 30;
const MOST_FILES: usize = 1 << 16;
/// What is in front of the hash where a file is written down.
const MARK: &str = "sha256:";

/// A file, or a folder of NumPy files, that a user gave as a hyper-parameter. What counts is what is in it: two of them
/// are equal if their hashes are, and a stored run has the name and the hash alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct GivenFile {
    /// What it is called in tables: the last part of its path, or the word that stands for it.
    pub name: String,
    /// Where it is; none of a stored run.
    pub path: Option<PathBuf>,
    /// SHA-256 of its bytes, 64 digits; of a folder, that of what `sha256sum` prints of its `.npy` and `.npz` files in the
    /// order of their names.
    pub sha256: String,
    /// What the user typed.
    typed: String,
}

impl PartialEq for GivenFile {
    fn eq(&self, other: &Self) -> bool {
        self.sha256 == other.sha256
    }
}

/// Its name.
impl fmt::Display for GivenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<GivenFile> for String {
    fn from(file: GivenFile) -> Self {
        format!("{} {MARK}{}", file.name, file.sha256).trim_start().to_owned()
    }
}

impl TryFrom<String> for GivenFile {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (name, sha256) = text.rsplit_once(MARK).ok_or("no file that was hashed")?;
        if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("no SHA-256".to_owned());
        }
        let name = name.trim_end().to_owned();
        Ok(Self { typed: name.clone(), name, path: None, sha256: sha256.to_owned() })
    }
}

impl GivenFile {
    /// Hashes what is at a path. It is called as the last part of that.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence whose subject is the path.
    pub fn of(path: &Path) -> Result<Self, String> {
        let typed = path.to_string_lossy();
        let name = path.file_name().map_or(typed.clone(), |name| name.to_string_lossy());
        Self::at(path, &typed, &name)
    }

    /// Hashes what is at a path, which the user typed so.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence whose subject is the path.
    pub(crate) fn at(path: &Path, typed: &str, name: &str) -> Result<Self, String> {
        let sha256 = if path.is_dir() { hash_folder(path)? } else { hash_file(path)? };
        Ok(Self { name: name.to_owned(), path: Some(path.to_owned()), sha256, typed: typed.to_owned() })
    }

    /// Its bytes, for a file of at most so many, as they were when it was given.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence whose subject is the file: it is a folder, too large, cannot be read, or has changed.
    pub fn read(&self, most: u64) -> Result<Vec<u8>, String> {
        let path = self.path.as_ref().ok_or("is only known by its hash; its place is not kept")?;
        let mut bytes = Vec::new();
        open(path, most)?.read_to_end(&mut bytes).map_err(unreadable)?;
        match hex(&Sha256::digest(&bytes)) == self.sha256 {
            true => Ok(bytes),
            false => Err("has changed since the command began; start it again".to_owned()),
        }
    }

    /// What to type to give the same file again.
    pub(crate) fn typed(&self) -> &str {
        &self.typed
    }

    /// The same under no name: what decides results.
    pub(crate) fn unnamed(&self) -> Self {
        Self { name: String::new(), ..self.clone() }
    }
}

/// A file that is known by name, and the word that it may be given by: where a user gets it, and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KnownFile {
    /// The word, such as `imagenet`. Of several files of one word the first that is there counts.
    pub word: String,
    /// Its name in the folder [`WEIGHTS_FOLDER`].
    pub file: String,
    /// What it holds, such as `ResNet-18`.
    pub architecture: String,
    /// Data that it was trained on.
    pub trained_on: String,
    /// The project that it comes from, and what it is called there.
    pub project: String,
    /// Its licence, as the project states it.
    pub licence: String,
    /// First digits of its SHA-256; empty where they are not known.
    pub sha256: String,
}

impl KnownFile {
    /// Its place, if the folder is set and it is there.
    pub fn place(&self) -> Option<PathBuf> {
        let place = Path::new(&std::env::var_os(WEIGHTS_FOLDER)?).join(&self.file);
        place.exists().then_some(place)
    }

    /// What is at its place; none if nothing is.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has another hash than the project says.
    pub fn find(&self) -> Option<Result<GivenFile, String>> {
        let place = self.place()?;
        let checked = |file: GivenFile| match file.sha256.starts_with(&self.sha256) {
            true => Ok(file),
            false => Err(format!(
                "is not the file of this name of {}: its SHA-256 begins with {} and not {}; was it received whole?",
                self.project,
                &file.sha256[..8],
                self.sha256
            )),
        };
        let found = GivenFile::at(&place, &self.word, &self.word).and_then(checked);
        Some(found.map_err(|why| format!("{} {why}", place.display())))
    }
}

/// The file that a word stands for.
///
/// # Errors
///
/// None is there: then what to get, and where to put it; or it is not what it should be.
pub(crate) fn find(word: &str, known: &[KnownFile]) -> Result<GivenFile, String> {
    let meant = || known.iter().filter(|file| file.word == word);
    if let Some(found) = meant().find_map(KnownFile::find) {
        return found;
    }
    let folder = match std::env::var_os(WEIGHTS_FOLDER) {
        Some(folder) => format!("in the folder {} (${WEIGHTS_FOLDER})", Path::new(&folder).display()),
        None => format!("in a folder that the environment variable {WEIGHTS_FOLDER} names, which is not set"),
    };
    let files: Vec<String> = meant()
        .map(|file| {
            format!("{} (of {}; trained on {}; {})", file.file, file.project, file.trained_on, file.licence)
        })
        .collect();
    Err(format!(
        "`{word}` is a file that is not there: put one of these {folder}: {}; or give the path of another; or `none`, \
         which trains from scratch",
        files.join(", ")
    ))
}

fn unreadable(error: std::io::Error) -> String {
    format!("cannot be read: {error}")
}

fn hash_folder(folder: &Path) -> Result<String, String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)?.take(MOST_FILES) {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "npy" || extension == "npz") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err("is a folder without any .npy or .npz file".to_owned());
    }
    files.sort();
    let mut sums = Sha256::new();
    for path in files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let sum = hash_file(&path).map_err(|why| format!("has {name}, which {why}"))?;
        sums.update(format!("{sum}  {name}\n"));
    }
    Ok(hex(&sums.finalize()))
}

/// A regular file of at most so many bytes.
fn open(path: &Path, most: u64) -> Result<Take<File>, String> {
    // Before it is opened, because opening a pipe waits for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("is neither a regular file nor a folder".to_owned());
    }
    if metadata.len() > most {
        return Err(format!("is larger than {most} bytes"));
    }
    Ok(File::open(path).map_err(unreadable)?.take(most))
}

fn hash_file(path: &Path) -> Result<String, String> {
    let mut file = open(path, MOST_BYTES)?;
    let (mut hash, mut block) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut block).map_err(unreadable)? {
            0 => return Ok(hex(&hash.finalize())),
            count => hash.update(&block[..count]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_a_file_counts() {
        let path = std::env::temp_dir().join(format!("genre-bench-given-file-{}", std::process::id()));
        std::fs::write(&path, "abc").expect("a folder for temporary files");
        let file = GivenFile::at(&path, "typed", "name").expect("a file");
        assert_eq!(file.read(3).expect("three bytes"), b"abc");
        assert!(file.read(2).expect_err("too large").starts_with("is larger than 2 bytes"));
        std::fs::write(&path, "abd").expect("a folder for temporary files");
        assert!(file.read(3).expect_err("another").starts_with("has changed"));
        std::fs::remove_file(&path).expect("just written");
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((file.sha256.as_str(), file.to_string().as_str(), file.typed()), (abc, "name", "typed"));
        let text = String::from(file.clone());
        assert_eq!(text, format!("name sha256:{abc}"));
        let stored = GivenFile::try_from(text).expect("as written");
        assert_eq!((&stored, stored.name.as_str(), &stored.path), (&file, "name", &None));
        assert_eq!(String::from(stored.unnamed()), format!("sha256:{abc}"));
        for other in ["none", "sha256:12", "rbf"] {
            assert!(GivenFile::try_from(other.to_owned()).is_err(), "{other}");
        }
        let gone = GivenFile::at(&path, "", "").expect_err("it is gone");
        assert!(gone.starts_with("cannot be read: "), "{gone}");
    }
}
