use super::amounts::{parse_age, parse_size};
use super::{Status, json_text, print, warn};
use crate::error::{Error, Result};
use crate::features::cache::{Cache, CachePruneRequest, CachePruned, CacheUsage};
use crate::util::shown::counted;
use clap::ArgGroup;
use indicatif::HumanBytes;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench cache info                     where features are kept, and how much that is
  bench cache prune --older-than 30d   delete what was not used for 30 days
  bench cache prune --keep 20GB        delete what was used longest ago, until 20 GB are left
  bench cache clear                    delete all of it; it is computed again when needed

Features and embeddings are found again by the content of an audio file, not its name, so a file may be moved, and one \
that was changed is never taken for what it was.")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    /// Folder of the cache [default: $GENRE_BENCH_CACHE, else ~/.cache/genre-bench]
    #[arg(long, value_name = "DIR", global = true)]
    cache: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show the folder, the number of recordings and their size.
    Info,
    /// Delete what was not used for long.
    Prune(PruneArgs),
    /// Delete all of it.
    Clear,
}

#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("criteria").args(["older_than", "keep", "all"]).required(true).multiple(true)))]
#[command(after_help = "\
Examples:
  bench cache prune --older-than 30d             what was not used for 30 days
  bench cache prune --keep 20GB --dry-run        what would go if 20 GB were kept
  bench cache prune --older-than 90d --keep 5GB  what either of them says

Programs that are at work may go on: what one is reading stays whole for it, what it misses it computes again, and what it \
is writing is left alone. Nothing goes that is not an entry of the cache. Using an entry is marked every six hours, so shorter \
ages say little.

Exit status: 0 done; 1 an entry could not be deleted; 2 wrong usage, or the folder cannot be read.")]
struct PruneArgs {
    /// Entries that were not used for so long: 30d, 12h, 2w
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    older_than: Option<Duration>,
    /// Those used longest ago, until this is left: 20GB, 500MB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    keep: Option<u64>,
    /// All of them
    #[arg(long, conflicts_with_all = ["older_than", "keep"])]
    all: bool,
    /// Say what would go, and delete nothing
    #[arg(long)]
    dry_run: bool,
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
    let (done, usage) = match &args.what {
        What::Info => ("kept", cache.usage()),
        What::Clear => ("deleted", cache.clear()),
        What::Prune(prune) => return pruned(args, prune, &cache),
    };
    let usage = usage.map_err(|e| fault(&cache, &e))?;
    print(if args.json {
        json_text(&json!({ "folder": cache.folder(), done: usage_json(usage) }))
    } else {
        let (CacheUsage { entries, bytes }, folder) = (usage, cache.folder().display());
        format!("{folder}: features of {entries} recordings {done}, {}\n", HumanBytes(bytes))
    })?;
    Ok(Status::DONE)
}

fn pruned(args: &Args, prune: &PruneArgs, cache: &Cache) -> Result<u8> {
    let keep_bytes = if prune.all { Some(0) } else { prune.keep };
    let request = CachePruneRequest { older_than: prune.older_than, keep_bytes, dry_run: prune.dry_run };
    let CachePruned { gone, kept, troubles } = cache.prune(&request).map_err(|e| fault(cache, &e))?;
    print(if args.json {
        json_text(&json!({
            "folder": cache.folder(),
            "dry_run": prune.dry_run,
            "deleted": usage_json(gone),
            "kept": usage_json(kept),
            "troubles": troubles,
        }))
    } else {
        let (done, stay) = if prune.dry_run { ("would go", "would stay") } else { ("deleted", "stay") };
        let [gone, kept] = [gone, kept]
            .map(|CacheUsage { entries, bytes }| (counted(entries, "recording"), HumanBytes(bytes)));
        let folder = cache.folder().display();
        format!("{folder}: features of {} {done}, {}; {}, {} {stay}\n", gone.0, gone.1, kept.0, kept.1)
    })?;
    troubles.iter().for_each(warn);
    Ok(if troubles.is_empty() { Status::DONE } else { Status::PARTLY_FAILED })
}

fn usage_json(CacheUsage { entries, bytes }: CacheUsage) -> Value {
    json!({ "recordings": entries, "bytes": bytes })
}

fn fault(cache: &Cache, error: &std::io::Error) -> Error {
    Error::at(cache.folder(), error, "check the permissions of the folder")
}
