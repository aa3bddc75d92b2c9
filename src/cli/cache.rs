use super::{Status, json_text, print};
use crate::error::{Error, Result};
use crate::features::cache::{Cache, CacheUsage};
use indicatif::HumanBytes;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench cache info           where features are kept, and how much that is
  bench cache clear          delete them; they are computed again when needed

Features are found again by the content of an audio file, not its name, so a file may be moved, and one \
that was changed is never taken for what it was.")]
pub(super) struct Args {
    /// What to do
    #[arg(value_enum)]
    what: What,
    /// Folder of the cache [default: $GENRE_BENCH_CACHE, else ~/.cache/genre-bench]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Show the folder, the number of recordings and their size.
    Info,
    /// Delete all of it.
    Clear,
}

/// Flags that say whether and where computed features are kept.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CacheFlags {
    /// Folder that keeps computed features [default: $GENRE_BENCH_CACHE, else ~/.cache/genre-bench]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Compute all features anew and keep none
    #[arg(long, conflicts_with = "cache")]
    no_cache: bool,
}

impl CacheFlags {
    /// The cache the flags mean; `None` without one.
    pub(super) fn open(&self) -> Option<Cache> {
        if self.no_cache {
            return None;
        }
        Some(Cache::within(&self.cache.clone().or_else(Cache::user_root)?))
    }
}

/// Runs `bench cache`.
pub(super) fn run(args: &Args) -> Result<u8> {
    let root = args.cache.clone().or_else(Cache::user_root).ok_or_else(|| {
        Error::new("the cache", "there is no home folder to look for it in", "name its folder, --cache DIR")
    })?;
    let cache = Cache::within(&root);
    let (done, usage) = match args.what {
        What::Info => ("kept", cache.usage()),
        What::Clear => ("deleted", cache.clear()),
    };
    let fault = |e| Error::at(cache.folder(), e, "check the permissions of the folder");
    let CacheUsage { entries, bytes } = usage.map_err(fault)?;
    print(if args.json {
        json_text(&json!({ "folder": cache.folder(), done: { "recordings": entries, "bytes": bytes } }))
    } else {
        let folder = cache.folder().display();
        format!("{folder}: features of {entries} recordings {done}, {}\n", HumanBytes(bytes))
    })?;
    Ok(Status::DONE)
}
