use crate::cli::progress::{stop_on_ctrl_c_saying, stopped};
use crate::cli::{Status, json_text, print, tell};
use crate::error::{Error, Result};
use crate::recordings::fetch::{
    ArchiveLimits, FetchObserver, FetchRequest, FetchStage, Fetched, Origin, fetch,
};
use crate::recordings::layouts::{KNOWN, KnownDataset, Labels, called};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use indicatif::{BinaryBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench data fetch gtzan --from archive.zip                     the Kaggle archive, as downloaded
  bench data fetch gtzan --from genres.tar.gz --to old          the original archive, into ./old
  bench data fetch gtzan --from https://example.org/gtzan.zip   download, then unpack
  bench data fetch fma-small --from fma_small.zip               and fma_metadata.zip beside it
  bench data fetch ballroom --from data1.tar.gz

Nothing is shipped: `bench list datasets NAME` says where to get a dataset and under what
licence. It is unpacked in the layout that is read; GTZAN in that of the Kaggle copy, whatever its
own: genres_original/GENRE/*.wav (or .au), images_original/GENRE/*.png, features_*_sec.csv. A
download that was stopped goes on where it was when the same command is given again; until all is
done everything is in the folder DIR.fetch.")]
pub(super) struct Args {
    /// The dataset
    #[arg(value_parser = dataset_parser())]
    dataset: &'static KnownDataset,
    /// A .tar.gz, .tgz, .tar or .zip: a file, or an address (http, https); given repeatedly where a dataset has several
    #[arg(long, value_name = "URL|FILE", required = true, value_parser = parse_origin)]
    from: Vec<Origin>,
    /// SHA-256 the archive must have; once for each --from, or not at all
    #[arg(long, value_name = "HEX", value_parser = parse_sha256)]
    sha256: Vec<String>,
    /// Folder to make; it must not exist or be empty [default: the dataset's name]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Most gigabytes to unpack of an archive; the limits on the number of files, on one file and on how tightly they
    /// are packed grow with it [default: what the dataset takes, 4 of gtzan]
    #[arg(long, value_name = "N", value_parser = parse_gigabytes)]
    max_gb: Option<f64>,
    /// Seconds a server may be silent before the download is tried again
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Print the summary and errors, nothing else
    #[arg(long, short)]
    quiet: bool,
    /// Print one JSON object instead of the summary
    #[arg(long)]
    json: bool,
}

/// The datasets that archives are unpacked of.
fn dataset_parser() -> impl TypedValueParser<Value = &'static KnownDataset> {
    let fetched = KNOWN.into_iter().filter(|known| !known.distribution.kept.is_empty());
    let values = fetched.map(|known| PossibleValue::new(known.key).help(known.name));
    PossibleValuesParser::new(values).try_map(|key| called(&key).ok_or("no known dataset"))
}

fn parse_origin(text: &str) -> std::result::Result<Origin, String> {
    match text.split_once("://") {
        Some((scheme, _)) if ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            Ok(Origin::Url(text.to_owned()))
        }
        Some((scheme, _)) => {
            Err(format!("{scheme} is not supported: give an http or https address, or a file"))
        }
        None => Ok(Origin::File(text.into())),
    }
}

fn parse_sha256(text: &str) -> std::result::Result<String, String> {
    let digits = text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
    digits.then(|| text.to_ascii_lowercase()).ok_or("a SHA-256 has 64 hexadecimal digits".to_owned())
}

fn parse_gigabytes(text: &str) -> std::result::Result<f64, String> {
    let number = text.parse().ok().filter(|n| (0.001..=10_000.0).contains(n));
    number.ok_or("expected a number from 0.001 to 10000".to_owned())
}

/// Runs `bench data fetch`.
pub(super) fn run(args: &Args) -> Result<u8> {
    if !args.sha256.is_empty() && args.sha256.len() != args.from.len() {
        let reason = format!("{} checksums for {} archives", args.sha256.len(), args.from.len());
        return Err(Error::new("--sha256", reason, "give one for each --from, in the same order"));
    }
    let distribution = &args.dataset.distribution;
    let to = args.to.clone().unwrap_or_else(|| args.dataset.key.into());
    let mut from = args.from.clone();
    if let Some(beside) = found_beside(args) {
        if !args.quiet {
            tell(format!("and {}, which lies beside it", beside.display()));
        }
        from.push(Origin::File(beside));
    }
    let request = FetchRequest {
        dataset: args.dataset,
        from,
        sha256: args.sha256.clone(),
        to: to.clone(),
        limits: ArchiveLimits::of_gigabytes(args.max_gb.unwrap_or(f64::from(distribution.gigabytes))),
        patience: Duration::from_secs(args.timeout),
    };
    stop_on_ctrl_c_saying(
        "stopping; a download is kept, and the same command goes on (Ctrl-C again stops at once)",
    );
    let bar = Bar::new(args.quiet);
    let fetched = fetch(&request, &bar);
    bar.0.finish_and_clear();
    let Some(fetched) = fetched? else {
        tell("stopped: the same command goes on");
        return Ok(Status::INTERRUPTED);
    };
    print(if args.json {
        json_text(&serde_json::json!(fetched))
    } else {
        summary(args.dataset, &fetched, &to)
    })?;
    Ok(Status::DONE)
}

/// The archive that belongs to the only one that was named, if it lies beside that and was not named.
fn found_beside(args: &Args) -> Option<PathBuf> {
    let [Origin::File(named)] = args.from.as_slice() else { return None };
    let beside = named.with_file_name(args.dataset.distribution.beside?);
    (beside != *named && beside.is_file()).then_some(beside)
}

fn summary(dataset: &KnownDataset, fetched: &Fetched, to: &Path) -> String {
    let contents = &fetched.contents;
    let full = dataset.recordings.unwrap_or(0);
    let there: usize = match contents.recordings.is_empty() {
        true => contents.audio_files,
        false => contents.recordings.values().map(std::collections::BTreeSet::len).sum(),
    };
    let mut text = format!("{}: {}\n", to.display(), BinaryBytes(contents.bytes));
    let mut line = |what: &str, is: String| {
        let _ = writeln!(text, "  {what:<11} {is}");
    };
    line("audio", format!("{} files of {there} recordings", contents.audio_files));
    let genres = contents.recordings.iter().map(|(genre, names)| format!("{genre} {}", names.len()));
    if !contents.recordings.is_empty() {
        line("", genres.collect::<Vec<_>>().join(", "));
    }
    if dataset.images.is_some() {
        line("images", format!("{} files", contents.image_files));
    }
    line(
        "tables",
        match contents.tables.is_empty() {
            true => "none".to_owned(),
            false => contents.tables.iter().cloned().collect::<Vec<_>>().join(", "),
        },
    );
    line(
        "missing",
        match fetched.missing.as_slice() {
            [] if there < full => format!("{} of {full} recordings", full - there),
            [] => format!("nothing: all {full} recordings are there"),
            few if few.len() <= 10 => format!("{} of {full} recordings: {}", few.len(), few.join(", ")),
            many => format!("{} of {full} recordings", many.len()),
        },
    );
    let left_out = &contents.left_out;
    let kinds = [
        (left_out.junk as u64, "of macOS's own"),
        (left_out.links_and_devices, "links or devices"),
        (left_out.others as u64, "that are not read here"),
    ];
    let kinds: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !kinds.is_empty() {
        line("left out", kinds.join(", "));
    }
    if let Labels::Metadata { file, .. } = dataset.labels
        && !contents.tables.contains(file)
    {
        let others =
            dataset.distribution.beside.map_or(String::new(), |beside| format!(": --from {beside} too"));
        line("no genres", format!("{file} was in no archive, without which nothing can be run{others}"));
    }
    fetched.sha256.iter().for_each(|sha256| line("SHA-256", sha256.clone()));
    let shell = to.to_string_lossy();
    let quoted = if shell.contains(char::is_whitespace) { format!("'{shell}'") } else { shell.into_owned() };
    let _ = writeln!(text, "next: bench all --data {quoted}");
    text
}

/// Shows each stage as a bar, on standard error if that is a terminal.
struct Bar(ProgressBar, bool);

impl Bar {
    fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self(ProgressBar::with_draw_target(None, target), quiet)
    }
}

impl FetchObserver for Bar {
    fn stage(&self, stage: FetchStage) {
        self.0.reset();
        self.0.unset_length();
        self.0.set_message(match stage {
            FetchStage::Download => "downloading",
            FetchStage::Check => "checking",
            FetchStage::Unpack => "unpacking",
        });
        self.length(None);
    }

    fn length(&self, bytes: Option<u64>) {
        let template = match bytes {
            Some(bytes) => {
                self.0.set_length(bytes);
                "{msg:<11} [{bar:24}] {binary_bytes}/{binary_total_bytes}, {binary_bytes_per_sec}, {eta} left"
            }
            None => "{msg:<11} {spinner} {binary_bytes}, {binary_bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("=> "));
        }
        // What was there before must not count for the speed.
        self.0.reset_eta();
    }

    fn bytes(&self, done: u64) {
        self.0.set_position(done);
    }

    fn say(&self, text: &str) {
        if !self.1 {
            self.0.suspend(|| tell(text));
        }
    }

    fn cancelled(&self) -> bool {
        stopped()
    }
}
