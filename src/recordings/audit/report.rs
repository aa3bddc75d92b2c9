//! The machine-readable report of an audit.

use crate::error::{Error, Result};
use crate::util::read_regular;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What a report calls itself.
const SCHEMA: &str = "genre-bench-audit";
/// Number of the layout below; it changes with any change that a reader must know of.
const VERSION: u32 = 1;
/// Larger files are refused: a report has less than a kilobyte a recording.
const MAX_BYTES: u64 = 256 << 20;

/// Everything an audit found. This, as JSON, is the file that `bench data audit -o` writes and `--drop-faults`
/// reads.
///
/// Paths are relative to the audited folder, with `/` between names. A `clip` is the name of the track in
/// feature tables, such as `blues.00000`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditReport {
    /// Always `genre-bench-audit`.
    pub schema: String,
    /// Number of this layout: 1.
    pub version: u32,
    /// Program and version that wrote it.
    pub program: String,
    /// Name of the audited folder.
    pub folder: String,
    /// Counts by genre.
    pub genres: BTreeMap<String, GenreCounts>,
    /// Recordings that cannot be used, by path.
    pub faults: Vec<FaultyRecording>,
    /// Recordings that are the same, by their first member.
    pub duplicates: Vec<DuplicateGroup>,
    /// What may be worth a look or a listen but is no fault, by kind and path.
    pub hints: Vec<AuditHint>,
    /// Every recording that could be read, by path.
    pub recordings: Vec<AuditedRecording>,
    /// How each kind of finding is made, and its threshold.
    pub methods: BTreeMap<String, String>,
}

/// Counts of one genre.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenreCounts {
    /// Files.
    pub files: usize,
    /// Those that cannot be used.
    pub faults: usize,
    /// Those that are in a group of duplicates.
    pub duplicates: usize,
    /// Those with a hint.
    pub hints: usize,
}

/// A recording and where it lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuditedFile {
    /// Path.
    pub file: String,
    /// Name in feature tables.
    #[serde(rename = "clip")]
    pub track: String,
    /// Name of its folder.
    pub genre: String,
}

/// A recording that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultyRecording {
    /// The recording.
    #[serde(flatten)]
    pub place: AuditedFile,
    /// One word: `unreadable`, `empty`, `not-audio`, `broken`, `unsupported`, `truncated`, `silent`, `too-long`.
    pub kind: String,
    /// A sentence without its subject.
    pub reason: String,
}

/// How two recordings are the same, the stronger change the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sameness {
    /// Decoded samples are equal.
    Exact,
    /// Equal but for a factor.
    Level,
    /// One is a cut of the other, or they overlap; the level may differ too.
    Offset,
    /// The same sound, changed: by a lossy codec, noise, a filter; level and offset may differ too.
    ReEncoded,
}

impl Sameness {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Level => "level",
            Self::Offset => "offset",
            Self::ReEncoded => "re-encoded",
        }
    }
}

/// Recordings that are the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DuplicateGroup {
    /// The strongest change among the links.
    pub kind: Sameness,
    /// Whether the members are of different genres, so that at least one label is wrong.
    pub mislabelled: bool,
    /// The recordings, by path.
    pub members: Vec<AuditedFile>,
    /// What connects them: one link fewer than members.
    pub links: Vec<DuplicateLink>,
}

/// Two recordings that are the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DuplicateLink {
    /// Path of the first.
    pub a: String,
    /// Path of the second.
    pub b: String,
    /// How they are the same.
    pub kind: Sameness,
    /// 0 to 1: median over blocks of 0.74 s of the magnitude of their correlation.
    pub similarity: f64,
    /// The beginning of `b` is so many seconds after the beginning of `a` in the music.
    pub offset_seconds: f64,
    /// Level of `b` above that of `a` in dB.
    pub gain_db: f64,
    /// Seconds that both have.
    pub overlap_seconds: f64,
}

/// What a hint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HintTopic {
    /// The waveform is cut off.
    Clipping,
    /// A long part is silent.
    Silence,
    /// Another sample rate than that of GTZAN.
    Rate,
    /// More than one channel.
    Stereo,
    /// Much longer or shorter than the others.
    Length,
    /// The extension is that of another kind of file.
    Extension,
    /// Unlike the others of its genre.
    FarFromGenre,
    /// Like those of another genre.
    NearerOtherGenre,
}

impl HintTopic {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clipping => "clipping",
            Self::Silence => "silence",
            Self::Rate => "rate",
            Self::Stereo => "stereo",
            Self::Length => "length",
            Self::Extension => "extension",
            Self::FarFromGenre => "far-from-genre",
            Self::NearerOtherGenre => "nearer-other-genre",
        }
    }
}

/// Something that may be worth a look or a listen but is no fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditHint {
    /// The recording.
    #[serde(flatten)]
    pub place: AuditedFile,
    /// What it is about.
    pub kind: HintTopic,
    /// A sentence without its subject.
    pub reason: String,
}

/// What was measured of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditedRecording {
    /// The recording.
    #[serde(flatten)]
    pub place: AuditedFile,
    /// What the file is by its content, such as `WAV`.
    pub container: String,
    /// Sample rate of the file in Hz.
    pub rate: u32,
    /// Channels of the file.
    pub channels: usize,
    /// Length.
    pub seconds: f64,
    /// Largest magnitude of a sample, 1 being full scale.
    pub peak: f64,
    /// Share of samples at a peak that is cut off.
    pub clipped_share: f64,
    /// Share of tenths of a second below −60 dB.
    pub silent_share: f64,
    /// SHA-256 of the decoded samples: one channel at 22,050 Hz, 32-bit little-endian floats.
    pub sha256: String,
}

impl AuditReport {
    /// An empty report on a folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            program: concat!("genre-bench ", env!("CARGO_PKG_VERSION")).to_owned(),
            folder: folder
                .file_name()
                .map_or_else(|| folder.display().to_string(), |n| n.to_string_lossy().into()),
            genres: BTreeMap::new(),
            faults: Vec::new(),
            duplicates: Vec::new(),
            hints: Vec::new(),
            recordings: Vec::new(),
            methods: BTreeMap::new(),
        }
    }

    /// The report as text, to be written to a file.
    ///
    /// # Errors
    ///
    /// None: every part of a report can be written as JSON.
    pub fn json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(|e| Error::new("report", e, ""))?;
        Ok(text + "\n")
    }

    /// Reads what `bench data audit -o` wrote.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is no JSON, no report, or of another version.
    pub fn read(path: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Header {
            schema: String,
            version: u32,
        }
        let hint = "give the file that `bench data audit DIR -o report.json` wrote";
        let bytes = read_regular(path, MAX_BYTES).map_err(|e| Error::at(path, e, hint))?;
        let broken = |e: serde_json::Error| Error::at(path, format!("is no report of an audit: {e}"), hint);
        let header: Header = serde_json::from_slice(&bytes).map_err(broken)?;
        if header.schema != SCHEMA {
            return Err(Error::at(path, format!("is no report of an audit but `{}`", header.schema), hint));
        }
        if header.version != VERSION {
            let reason =
                format!("is of version {}, and this program reads version {VERSION}", header.version);
            return Err(Error::at(path, reason, "run `bench data audit` of this program again"));
        }
        serde_json::from_slice(&bytes).map_err(broken)
    }

    /// Names of all tracks that were audited, usable or not.
    pub fn tracks(&self) -> impl Iterator<Item = &str> {
        let faulty = self.faults.iter().map(|fault| &fault.place);
        self.recordings.iter().map(|r| &r.place).chain(faulty).map(|place| place.track.as_str())
    }
}
