//! Looks a folder of recordings over: what cannot be used, what is there twice, what is odd.
//!
//! B. L. Sturm, *The GTZAN dataset: its contents, its faults, their effects on evaluation, and its future use*
//! (2013), found by listening that one track in seven or so of GTZAN is repeated, mislabelled or distorted. This
//! finds from the sound alone what a program can find.
//!
//! | file | what |
//! |---|---|
//! | [`measure`] | one recording read once, and what is kept of it |
//! | [`clipping`], [`silence`] | defects of the sound |
//! | [`landmark`], [`index`] | which recordings may be the same, and where |
//! | [`align`] | whether they are, by their samples |
//! | [`duplicates`] | groups of recordings that are the same |
//! | [`outlier`] | recordings unlike their genre |
//! | [`report`] | what is written |

mod align;
mod clipping;
mod duplicates;
mod index;
mod landmark;
mod measure;
mod outlier;
mod report;
#[cfg(test)]
mod signals;
mod silence;
#[cfg(test)]
mod tests;

pub use report::{
    AuditHint, AuditReport, AuditedFile, AuditedRecording, DuplicateGroup, DuplicateLink, FaultyRecording,
    GenreCounts, HintTopic, Sameness,
};

use super::{Recording, find};
use crate::audio::{self, Limits, RATE};
use crate::error::{Error, Result};
use measure::{Measured, Measurer};
use outlier::{Oddity, Point};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Share of cut-off samples from which on a recording counts as clipped: 1 in 5000, 4 a second.
const CLIPPED: f64 = 2e-4;
/// Seconds of silence in a row, and silent share, from which on it is worth a hint.
const SILENT_SECONDS: f64 = 2.0;
const SILENT_SHARE: f64 = 0.2;
/// Factor between a recording's length and the median from which on it is unusual.
const LENGTH: f64 = 1.1;

/// Who is told how far an audit is, and may end it. Called from many threads.
pub trait AuditObserver: Sync {
    /// A stage of so many steps begins: `reading` recordings, then `comparing` pairs.
    fn begin(&self, stage: &'static str, steps: usize);
    /// A step is done.
    fn done(&self);
    /// Whether to stop soon.
    fn cancelled(&self) -> bool;
}

/// Audits all recordings under `root`; `None` if `observer` cancelled it. One that exceeds `limits` is a fault.
///
/// Recordings are read in parallel on the current rayon pool and forgotten again but for a few kilobytes of numbers
/// and fingerprint each; pairs that seem to be the same are read once more. The report does not depend on the number of
/// threads.
///
/// # Errors
///
/// The folder cannot be listed, or there is not one recording in it.
pub fn audit(root: &Path, limits: &Limits, observer: &dyn AuditObserver) -> Result<Option<AuditReport>> {
    let hint = "name a folder with one folder of recordings a genre, such as gtzan/genres_original";
    let unlisted = |e: Error| Error { hint: hint.to_owned(), ..e };
    let files = find(&[root.to_owned()]).map_err(unlisted)?;
    if files.is_empty() {
        return Err(Error::at(root, "there are no recordings under this folder", hint));
    }
    observer.begin("reading", files.len());
    let Some(outcomes) = measured(&files, limits, observer)? else { return Ok(None) };

    let mut report = AuditReport::new(root);
    let mut read: Vec<(&Path, AuditedFile, Measured)> = Vec::new();
    for (file, outcome) in files.iter().zip(outcomes) {
        let place = place(root, file);
        report.genres.entry(file.genre.clone()).or_default().files += 1;
        match outcome {
            Ok(measured) => read.push((&file.path, place, measured)),
            Err(error) => {
                let (kind, reason) = (error.fault.kind().to_owned(), error.fault.to_string());
                report.faults.push(FaultyRecording { place, kind, reason });
            }
        }
    }
    let paths: Vec<&Path> = read.iter().map(|r| r.0).collect();
    let measured: Vec<&Measured> = read.iter().map(|r| &r.2).collect();
    let Some(groups) = duplicates::find(&paths, &measured, limits, observer) else { return Ok(None) };

    let places: Vec<&AuditedFile> = read.iter().map(|r| &r.1).collect();
    report.duplicates = groups.iter().map(|group| named(group, &places)).collect();
    report.hints = hints(&places, &measured, &groups);
    report.recordings = places.iter().zip(&measured).map(|(place, m)| recording(place, m)).collect();
    report.methods = methods();
    count(&mut report);
    Ok(Some(report))
}

/// A recording from outside that is among others, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRecording {
    /// The file from outside.
    pub outside: PathBuf,
    /// One that is the same.
    pub inside: PathBuf,
}

/// Which recordings from `outside` are among those `inside`, found as duplicates are; `None` if `observer` cancelled it.
/// Those that cannot be read are nobody's duplicates.
///
/// # Errors
///
/// None that a caller could cause.
pub fn seen(
    inside: &[Recording],
    outside: &[Recording],
    limits: &Limits,
    observer: &dyn AuditObserver,
) -> Result<Option<Vec<SeenRecording>>> {
    let files: Vec<Recording> = inside.iter().chain(outside).cloned().collect();
    observer.begin("reading", files.len());
    let Some(outcomes) = measured(&files, limits, observer)? else { return Ok(None) };
    let read: Vec<(usize, Measured)> =
        outcomes.into_iter().enumerate().filter_map(|(at, outcome)| Some((at, outcome.ok()?))).collect();
    let paths: Vec<&Path> = read.iter().map(|(at, _)| files[*at].path.as_path()).collect();
    let of_files: Vec<&Measured> = read.iter().map(|(_, measured)| measured).collect();
    let Some(groups) = duplicates::find(&paths, &of_files, limits, observer) else { return Ok(None) };
    let mut found = Vec::new();
    for group in groups {
        let is_inside = |member: &&usize| read[**member].0 < inside.len();
        let Some(known) = group.members.iter().find(is_inside) else { continue };
        let others = group.members.iter().filter(|member| !is_inside(member));
        found.extend(others.map(|member| SeenRecording {
            outside: paths[*member].to_owned(),
            inside: paths[*known].to_owned(),
        }));
    }
    Ok(Some(found))
}

type Measurement = std::result::Result<Measured, audio::AudioError>;

/// Measures all files, in their order; `None` if cancelled.
fn measured(
    files: &[Recording],
    limits: &Limits,
    observer: &dyn AuditObserver,
) -> Result<Option<Vec<Measurement>>> {
    let first = Measurer::new().map_err(|e| Error::new("audit", e, ""))?;
    let measure = |measurer: &mut Measurer, file: &Recording| {
        let outcome = (!observer.cancelled()).then(|| measurer.measure(&file.path, limits));
        observer.done();
        outcome
    };
    Ok(files.par_iter().map_init(|| first.clone(), measure).collect())
}

fn place(root: &Path, recording: &Recording) -> AuditedFile {
    let Recording { path, genre, track, .. } = recording;
    let relative = path.strip_prefix(root).unwrap_or(path);
    let names: Vec<_> = relative.iter().map(|name| name.to_string_lossy()).collect();
    AuditedFile { file: names.join("/"), track: track.clone(), genre: genre.clone() }
}

fn recording(place: &AuditedFile, measured: &Measured) -> AuditedRecording {
    AuditedRecording {
        place: place.clone(),
        container: measured.container.to_owned(),
        rate: measured.rate,
        channels: measured.channels,
        seconds: rounded(measured.seconds),
        peak: rounded(measured.peak),
        clipped_share: rounded(measured.clipped),
        silent_share: rounded(measured.silence.share),
        sha256: measured.sha256.clone(),
    }
}

/// To six decimals, which JSON gives back exactly.
fn rounded(value: f64) -> f64 {
    (1e6 * value).round() / 1e6
}

fn named(group: &duplicates::SameRecordings, places: &[&AuditedFile]) -> DuplicateGroup {
    let members: Vec<AuditedFile> = group.members.iter().map(|&i| places[i].clone()).collect();
    let links: Vec<DuplicateLink> = group
        .links
        .iter()
        .map(|link| DuplicateLink {
            a: places[link.a].file.clone(),
            b: places[link.b].file.clone(),
            kind: link.kind,
            similarity: rounded(link.similarity),
            offset_seconds: rounded(link.offset),
            gain_db: rounded(link.gain_db),
            overlap_seconds: rounded(link.overlap),
        })
        .collect();
    DuplicateGroup {
        kind: links.iter().map(|link| link.kind).max().unwrap_or(Sameness::Exact),
        mislabelled: members.iter().any(|member| member.genre != members[0].genre),
        members,
        links,
    }
}

/// All hints, by kind and path.
fn hints(
    places: &[&AuditedFile],
    measured: &[&Measured],
    groups: &[duplicates::SameRecordings],
) -> Vec<AuditHint> {
    let mut lengths: Vec<f64> = measured.iter().map(|m| m.seconds).collect();
    lengths.sort_by(f64::total_cmp);
    let usual = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    let mut hints = Vec::new();
    let mut hint = |i: usize, kind: HintTopic, reason: String| {
        hints.push(AuditHint { place: places[i].clone(), kind, reason });
    };
    for (i, m) in measured.iter().enumerate() {
        for (kind, reason) in defects(m, usual) {
            hint(i, kind, reason);
        }
    }
    let genres: Vec<&str> =
        places.iter().map(|p| p.genre.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let mut group: Vec<usize> = (0..places.len()).collect();
    for same in groups {
        same.members.iter().for_each(|&i| group[i] = same.members[0]);
    }
    let points: Vec<Point> = (measured.iter().zip(places).zip(group))
        .map(|((m, place), group)| Point {
            features: &m.features,
            genre: genres.partition_point(|genre| *genre < place.genre.as_str()),
            group,
        })
        .collect();
    for (i, oddity) in outlier::oddities(&points) {
        match oddity {
            Oddity::Far(z) => hint(i, HintTopic::FarFromGenre, format!("{z:.1} deviations from its genre")),
            Oddity::Nearer { genre, votes } => {
                let reason = format!("{votes} of the {} nearest are {}", outlier::ASKED, genres[genre]);
                hint(i, HintTopic::NearerOtherGenre, reason);
            }
        }
    }
    hints.sort_by(|x, y| (x.kind, &x.place).cmp(&(y.kind, &y.place)));
    hints
}

/// Hints about a recording as such, in a folder where recordings usually last `usual` seconds.
fn defects(m: &Measured, usual: f64) -> Vec<(HintTopic, String)> {
    let mut found = Vec::new();
    if m.clipped >= CLIPPED {
        found.push((HintTopic::Clipping, format!("{:.2} % of its samples are cut off", 100.0 * m.clipped)));
    }
    if m.silence.longest >= SILENT_SECONDS || m.silence.share >= SILENT_SHARE {
        let (share, longest) = (100.0 * m.silence.share, m.silence.longest);
        found.push((HintTopic::Silence, format!("{share:.0} % silent, {longest:.1} s in a row")));
    }
    if m.rate != RATE {
        found.push((HintTopic::Rate, format!("{} Hz", m.rate)));
    }
    if m.channels > 1 {
        found.push((HintTopic::Stereo, format!("{} channels", m.channels)));
    }
    if m.seconds > LENGTH * usual || m.seconds * LENGTH < usual {
        found.push((HintTopic::Length, format!("{:.1} s, others {usual:.1} s", m.seconds)));
    }
    if m.mislabelled {
        found.push((HintTopic::Extension, format!("is {} by its content", m.container)));
    }
    found
}

/// How findings are made, for whoever reads a report without the program.
fn methods() -> BTreeMap<String, String> {
    use outlier::{AGREE, ASKED, FAR, LEAST, OWN};
    let outlier_space = "57 feature columns, scaled by median and MAD over all recordings, limited to ±5, \
                         Euclidean, duplicates left out";
    [
        ("exact", "equal decoded samples (SHA-256)".to_owned()),
        (
            "level, offset, re-encoded",
            format!(
                "landmark hashes (Wang 2003) that agree on an offset, then correlation of the samples in blocks \
                 of 0.74 s: median at least {}; residual above -50 dB: re-encoded",
                duplicates::SIMILAR
            ),
        ),
        (
            HintTopic::Clipping.name(),
            format!("at least {} % of samples in runs of 3 or more equal ones at the peak", 100.0 * CLIPPED),
        ),
        (
            HintTopic::Silence.name(),
            format!(
                "below -60 dB for {SILENT_SECONDS} s in a row or {} % of the recording",
                100.0 * SILENT_SHARE
            ),
        ),
        (HintTopic::Length.name(), format!("more than a factor of {LENGTH} from the median of all recordings")),
        (
            HintTopic::FarFromGenre.name(),
            format!(
                "modified z-score above {FAR} of the log mean distance to the {OWN} nearest of its genre, in \
                 genres of at least {LEAST}; {outlier_space}"
            ),
        ),
        (
            HintTopic::NearerOtherGenre.name(),
            format!("at least {AGREE} of the {ASKED} nearest are of one other genre; {outlier_space}"),
        ),
    ]
    .map(|(finding, method)| (finding.to_owned(), method))
    .into()
}

/// Fills in the counts by genre.
fn count(report: &mut AuditReport) {
    let mut add = |place: &AuditedFile, field: fn(&mut GenreCounts) -> &mut usize| {
        *field(report.genres.entry(place.genre.clone()).or_default()) += 1;
    };
    report.faults.iter().for_each(|fault| add(&fault.place, |c| &mut c.faults));
    report.duplicates.iter().flat_map(|g| &g.members).for_each(|place| add(place, |c| &mut c.duplicates));
    let hinted: BTreeSet<&AuditedFile> = report.hints.iter().map(|hint| &hint.place).collect();
    hinted.into_iter().for_each(|place| add(place, |c| &mut c.hints));
}
