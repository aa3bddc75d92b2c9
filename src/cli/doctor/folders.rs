//! The folders that the program writes to.

use super::{Args, Finding};
use crate::features::cache::Cache;
use crate::run::Store;
use crate::util::shown::counted;
use crate::util::{ASIDE, Space, free_space};
use indicatif::HumanBytes;
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a folder's files are counted, and how many cells.
const COUNTING: Duration = Duration::from_millis(150);
const MOST_CELLS: usize = 100_000;
/// With less free space on a disk a run may end because it is full.
const LITTLE_SPACE: u64 = 1 << 30;

pub(super) fn findings(args: &Args) -> [Finding; 3] {
    [store(&args.out.out), cache(args.cache.clone().or_else(Cache::user_root)), temporary()]
}

fn store(out: &Path) -> Finding {
    let folder = absolute(out);
    let space = counted_space(out);
    let (runs, cells) = match Store::is_at(out).then(|| Store::open(out)).transpose() {
        Ok(store) => {
            let runs = store.as_ref().and_then(|store| store.runs().ok()).map_or(0, |runs| runs.len());
            (runs, store.map_or((0, false), |store| store.count_cells(MOST_CELLS)))
        }
        Err(error) => {
            let facts = json!({ "folder": folder, "problem": error.reason });
            return Finding::problem(
                "store",
                format!("{}: {}", folder.display(), error.reason),
                error.hint,
                facts,
            );
        }
    };
    let more = if cells.1 { "more than " } else { "" };
    let what = format!("{}, {more}{}, {}", counted(runs, "run"), counted(cells.0, "cell"), size(space));
    // Cells are what is written.
    let cells_folder = out.join("cells");
    let written = if cells_folder.is_dir() { &cells_folder } else { out };
    let writable = writable(written);
    let facts = json!({
        "folder": folder,
        "exists": out.is_dir(),
        "runs": runs,
        "cells": cells.0,
        "bytes": space.bytes,
        "counted_all": !space.has_more && !cells.1,
        "writable": writable.is_ok(),
        "free": free_space(&nearest(out)),
    });
    let says = match out.is_dir() {
        true => format!("{}: {what}", folder.display()),
        false => format!("{}: not there yet, made by the first run", folder.display()),
    };
    match writable {
        Err(error) => {
            let says = format!("{says}; cannot be written to: {error}");
            Finding::problem("store", says, "Name a folder that you can write to, --out DIR", facts)
        }
        Ok(()) => scarce("store", says, out, facts),
    }
}

fn cache(root: Option<PathBuf>) -> Finding {
    let hint = "Features are computed anew each time: name a folder that you can write to, --cache DIR or GENRE_BENCH_CACHE";
    let Some(root) = root else {
        return Finding::note(
            "cache",
            "there is no home folder to keep it in",
            hint,
            json!({ "folder": null }),
        );
    };
    let cache = Cache::within(&root);
    let (folder, space, writable) = (cache.folder(), counted_space(cache.folder()), writable(cache.folder()));
    let facts = json!({
        "folder": folder,
        "exists": folder.is_dir(),
        "entries": space.files,
        "bytes": space.bytes,
        "counted_all": !space.has_more,
        "writable": writable.is_ok(),
        "free": free_space(&nearest(folder)),
    });
    let entries = if space.files == 1 { "1 entry".to_owned() } else { format!("{} entries", space.files) };
    let more = if space.has_more { "more than " } else { "" };
    let says = match folder.is_dir() {
        true => format!(
            "{}: {more}{entries}, {} (`bench cache prune`)",
            folder.display(),
            HumanBytes(space.bytes)
        ),
        false => format!("{}: not there yet, made when features are first computed", folder.display()),
    };
    match writable {
        Err(error) => Finding::note("cache", format!("{says}; cannot be written to: {error}"), hint, facts),
        Ok(()) => scarce("cache", says, folder, facts),
    }
}

fn temporary() -> Finding {
    let folder = std::env::temp_dir();
    let writable = writable(&folder);
    let facts = json!({ "folder": folder, "writable": writable.is_ok(), "free": free_space(&folder) });
    match writable {
        Err(error) => {
            let says = format!("{} cannot be written to: {error}", folder.display());
            Finding::note("temporary", says, "Set TMPDIR to a folder that can be", facts)
        }
        Ok(()) => scarce("temporary", folder.display().to_string(), &folder, facts),
    }
}

/// What is well unless the disk is nearly full.
fn scarce(about: &'static str, says: String, folder: &Path, facts: serde_json::Value) -> Finding {
    match free_space(&nearest(folder)) {
        Some(free) if free < LITTLE_SPACE => {
            let says = format!("{says}; only {} of the disk are free", HumanBytes(free));
            Finding::note(about, says, "`bench cache prune` and `bench runs prune` make room", facts)
        }
        Some(free) => Finding::ok(about, format!("{says}; {} free", HumanBytes(free)), facts),
        None => Finding::ok(about, says, facts),
    }
}

fn counted_space(folder: &Path) -> Space {
    Space::of(folder, Some(Instant::now() + COUNTING))
}

fn size(space: Space) -> String {
    format!("{}{}", if space.has_more { "more than " } else { "" }, HumanBytes(space.bytes))
}

/// The folder, or the first above it that is there.
fn nearest(folder: &Path) -> PathBuf {
    let whole = absolute(folder);
    whole.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/")).to_owned()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a file can be made in a folder, or the folder itself where it is not there; nothing is left behind.
fn writable(folder: &Path) -> io::Result<()> {
    let there = nearest(folder);
    if !there.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            format!("{} is no folder", there.display()),
        ));
    }
    tempfile::Builder::new().prefix(ASIDE).tempfile_in(there).map(drop)
}
