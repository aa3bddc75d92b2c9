//! The part of a download that is there, and what the server said of the file it belongs to.

use crate::error::{Error, Result};
use crate::util::{hex, read_regular, write_whole};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use ureq::http::{HeaderMap, header};

/// Most bytes of a note.
const MOST_NOTE: u64 = 1 << 20;

/// What a server said of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    etag: Option<String>,
    last_modified: Option<String>,
    total: Option<u64>,
}

impl Seen {
    /// From the headers of a response; the total is right only if the response is the whole file.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let total = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        Self { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED), total }
    }

    /// An ETag that stands for the very same bytes: weak ones do not.
    fn strong_etag(&self) -> Option<&String> {
        self.etag.as_ref().filter(|etag| !etag.starts_with("W/"))
    }
}

/// What is stored beside a part.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// SHA-256 of the address: it may hold a password or a key, which are not ours to store.
    url: String,
    seen: Seen,
}

/// A growing file with a note beside it.
pub struct Part {
    path: PathBuf,
    file: File,
    length: u64,
    note: Note,
    url: String,
}

impl Part {
    /// Opens the part at `path` of a download from `url`, or begins one.
    ///
    /// # Errors
    ///
    /// The file cannot be opened for writing.
    pub fn open(path: &Path, url: &str) -> Result<Self> {
        let broken = |e| unwritable(path, &e);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(broken)?;
        let length = file.seek(SeekFrom::End(0)).map_err(broken)?;
        // Without a readable note nothing is known of the part, and it will be begun anew.
        let note = read_regular(&note_path(path), MOST_NOTE).ok();
        let note = note.and_then(|note| serde_json::from_slice(&note).ok()).unwrap_or_default();
        Ok(Self { path: path.to_owned(), file, length, note, url: hex(&Sha256::digest(url)) })
    }

    /// Bytes there are.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Bytes of the whole file, if the server said so.
    pub fn total(&self) -> Option<u64> {
        self.note.seen.total
    }

    /// Whether this is the whole file from this address.
    pub fn is_complete(&self) -> bool {
        self.length > 0 && self.total() == Some(self.length) && self.note.url == self.url
    }

    /// What to give a server in `If-Range` to get the rest; none if the file has to be fetched whole.
    ///
    /// A date is trusted only at the same address. A strong ETag is trusted at any, because addresses
    /// that are signed for an hour are another one the next time.
    pub fn validator(&self) -> Option<String> {
        let seen = &self.note.seen;
        let date = seen.last_modified.as_ref().filter(|_| self.note.url == self.url);
        seen.strong_etag().or(date).filter(|_| self.length > 0).cloned()
    }

    /// Whether a server that sends the rest of a file speaks of the file that this is a part of. It
    /// should know by `If-Range`, but not every server does.
    pub fn is_of(&self, seen: &Seen, total: Option<u64>) -> bool {
        let differ = |a: Option<&String>, b: Option<&String>| a.is_some() && b.is_some() && a != b;
        let ours = &self.note.seen;
        !differ(ours.strong_etag(), seen.strong_etag())
            && !differ(ours.last_modified.as_ref(), seen.last_modified.as_ref())
            && (ours.total.is_none() || total.is_none() || ours.total == total)
    }

    /// Throws away what there is and begins a file of which `seen` is known.
    pub fn restart(&mut self, seen: Seen) -> Result<()> {
        self.file.set_len(0).map_err(|e| unwritable(&self.path, &e))?;
        self.length = 0;
        self.note.seen = seen;
        self.save()
    }

    /// Remembers how long the whole file is.
    pub fn note_total(&mut self, total: Option<u64>) -> Result<()> {
        self.note.seen.total = self.note.seen.total.or(total);
        self.save()
    }

    /// Adds bytes.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|e| unwritable(&self.path, &e))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Remembers that nothing is missing.
    pub fn complete(&mut self) -> Result<()> {
        self.note.seen.total = Some(self.length);
        self.save()
    }

    /// Writes the note. It is always written before the bytes it speaks of, so that a part never has a
    /// note of an older file.
    fn save(&mut self) -> Result<()> {
        self.note.url.clone_from(&self.url);
        let path = note_path(&self.path);
        let text = serde_json::to_vec(&self.note).map_err(|e| Error::at(&path, e, ""))?;
        write_whole(&path, &text).map_err(|e| unwritable(&path, &e))
    }
}

/// Where the note beside a part is.
pub fn note_path(part: &Path) -> PathBuf {
    part.with_extension("json")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::unwritable(path, error, "is the disk full, or the folder read-only?")
}
