//! A known dataset from its archives, files or addresses, in the layout that the suite reads it in: GTZAN in that of the
//! public Kaggle copy, others as they are distributed.
//!
//! ```text
//! address ──► part ──► SHA-256 ──► walk ──► place ──► tree ──► DIR
//!             resumed               safe     layout    renamed when complete
//! ```
//!
//! Everything on the way is in one workshop folder beside the destination, `DIR.fetch`: the download
//! with a note on what it is of, and the tree that is being unpacked. The destination appears by one
//! rename, so it is there whole or not at all; the same command after a kill goes on with the download.

mod archive;
mod download;
mod limits;
mod observer;
mod part;
mod summary;
mod unpack;
mod workshop;

pub use limits::ArchiveLimits;
pub use observer::{FetchObserver, FetchStage};
pub use summary::{Contents, LeftOut};

use crate::error::{Error, Result};
use crate::recordings::layouts::KnownDataset;
use crate::util::{hex, open_regular};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use unpack::Unpacking;
use workshop::Workshop;

/// Where the archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// At an address, `http://…` or `https://…`.
    Url(String),
    /// In a file.
    File(PathBuf),
}

/// What to fetch, to where, within which bounds.
#[derive(Debug, Clone)]
pub struct FetchRequest {
    /// The dataset.
    pub dataset: &'static KnownDataset,
    /// Where its archives are; one or more.
    pub from: Vec<Origin>,
    /// SHA-256 that the archives must have, in their order, 64 lower-case hexadecimal digits each; those without one are
    /// not checked.
    pub sha256: Vec<String>,
    /// The folder to make.
    pub to: PathBuf,
    /// What each archive may cost.
    pub limits: ArchiveLimits,
    /// How long a server may be silent.
    pub patience: Duration,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// SHA-256 of each archive.
    pub sha256: Vec<String>,
    /// What the folder holds.
    pub contents: Contents,
    /// Recordings of the full dataset that there is no audio of, by name; none where names are not known.
    pub missing: Vec<String>,
}

/// Makes the folder that `request` describes; nothing if the observer cancelled it.
///
/// # Errors
///
/// A destination that is in use, an address or file that cannot be read, a wrong SHA-256, a hostile or
/// damaged archive. The destination is then as it was; a download is kept for the next time.
pub fn fetch(request: &FetchRequest, observer: &dyn FetchObserver) -> Result<Option<Fetched>> {
    match fetch_whole(request, observer) {
        Err(_) if observer.cancelled() => Ok(None),
        fetched => fetched.map(Some),
    }
}

fn fetch_whole(request: &FetchRequest, observer: &dyn FetchObserver) -> Result<Fetched> {
    let workshop = Workshop::beside(&request.to)?;
    let archives = request.from.iter().enumerate().map(|(place, _)| got(request, place, &workshop, observer));
    // All of them before the first is unpacked: what is missing or wrong is known early.
    let archives: Vec<(PathBuf, String)> = archives.collect::<Result<_>>()?;
    let tree = workshop.tree()?;
    let mut unpacking = Unpacking::new(request.dataset, &tree);
    for (archive, _) in &archives {
        observer.stage(FetchStage::Unpack);
        observer.length(archive.metadata().ok().map(|of| of.len()));
        unpacking.unpack(archive, request.limits, observer)?;
    }
    let contents = unpacking.contents;
    workshop.deliver(&request.to)?;
    let sha256 = archives.into_iter().map(|(_, sha256)| sha256).collect();
    Ok(Fetched { sha256, missing: contents.missing(request.dataset), contents })
}

/// An archive on this machine, and its checksum, which is the one that it must have.
fn got(
    request: &FetchRequest,
    place: usize,
    workshop: &Workshop,
    observer: &dyn FetchObserver,
) -> Result<(PathBuf, String)> {
    let origin = &request.from[place];
    let archive = match origin {
        Origin::File(path) => path.clone(),
        Origin::Url(url) => {
            observer.stage(FetchStage::Download);
            let most = request.limits.bytes();
            download::download(url, &workshop.part(place), most, request.patience, observer)?;
            workshop.part(place)
        }
    };
    observer.stage(FetchStage::Check);
    let sha256 = checksum(&archive, observer)?;
    observer.say(&format!("SHA-256 {sha256}"));
    if let Some(wanted) = request.sha256.get(place).filter(|wanted| **wanted != sha256) {
        let reason = format!("has the SHA-256\n  {sha256}, not\n  {wanted}; nothing was unpacked");
        let (archive, hint) = match origin {
            Origin::File(_) => (archive, "is it the right file, and the right checksum?".to_owned()),
            Origin::Url(_) => {
                let bad = workshop.set_aside(place)?;
                let hint = format!(
                    "give the command again to download anew; the bad file was set aside as {}, delete it",
                    bad.display()
                );
                (bad, hint)
            }
        };
        return Err(Error::at(&archive, reason, hint));
    }
    Ok((archive, sha256))
}

fn checksum(path: &Path, observer: &dyn FetchObserver) -> Result<String> {
    let unreadable =
        |e| Error::at(path, format!("cannot be read: {e}"), "check the path and its permissions");
    // No pipe: it is read twice.
    let mut file = open_regular(path, u64::MAX)
        .map_err(|e| Error::at(path, e, "give the archive itself: .tar.gz, .tar or .zip"))?;
    observer.length(file.metadata().ok().map(|of| of.len()));
    let (mut hash, mut buffer, mut done) = (Sha256::new(), vec![0; 1 << 18], 0);
    loop {
        let bytes = file.read(&mut buffer).map_err(unreadable)?;
        if bytes == 0 {
            return Ok(hex(&hash.finalize()));
        }
        if observer.cancelled() {
            return Err(Error::at(path, "was being read when the program was stopped", ""));
        }
        hash.update(&buffer[..bytes]);
        done += bytes as u64;
        observer.bytes(done);
    }
}
