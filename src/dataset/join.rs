//! The examples of a table with the spectrograms of the recordings or images beside it.
//!
//! Rows and files are brought together by track and number of the segment, never by their order. The examples stay those
//! of the table; a row without a counterpart is left out for all models, so that all are tested on the same.

use super::assemble::{DatasetParts, ExampleFacts, Joined};
use super::audio::SHOWN_FAULTS;
use super::input_kinds::InputKind;
use super::source::Source;
use super::spectrograms::SpectrogramSource;
use super::{audio, images};
use crate::error::{Error, Result};
use crate::recordings::Recording;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// The examples of `table`, which was read from `file` in `folder`, with the spectrograms that `source` asks for. They
/// are made of whichever of audio and images there is of more tracks, of audio if there is as much.
///
/// Where fewer than half of the tracks have any, the table stays whole and without spectrograms, unless the user named
/// the input.
///
/// # Errors
///
/// Inputs that the user named, and that are not there or cannot be joined.
pub(super) fn with_spectrograms(
    mut table: DatasetParts,
    file: &Path,
    folder: &Path,
    source: &Source,
    progress: &dyn Fn(usize, usize),
) -> Result<DatasetParts> {
    if !source.joins() {
        return Ok(table);
    }
    let seconds = source.seconds.or(table.measured_seconds());
    let tracks = Tracks::of(&table.examples);
    let mut reasons = Vec::new();
    for candidate in candidates(folder, source, &tracks, &mut reasons) {
        let (of_tracks, kind) = (candidate.tracks, candidate.kind);
        if source.inputs.is_none() && 2 * of_tracks < tracks.genres.len() {
            reasons.push(format!(
                "there are {} of only {of_tracks} of its {} tracks (--inputs table,{} compares all models on these)",
                kind.files(),
                tracks.genres.len(),
                kind.name()
            ));
            continue;
        }
        match candidate.parts(folder, source, seconds, progress) {
            Ok(files) => return joined(table, files, kind, file, folder),
            Err(error) => reasons.push(format!("of its {}: {error}", kind.files())),
        }
    }
    let reason = match reasons.is_empty() {
        true => "the folder of the table has neither audio nor images".to_owned(),
        false => reasons.join("; "),
    };
    if let Some(inputs) = &source.inputs {
        let hint = "`bench list datasets --data DIR` shows what a folder holds";
        return Err(Error::at(folder, format!("--inputs {inputs}: {reason}"), hint));
    }
    table.spectrograms = SpectrogramSource::None(reason);
    Ok(table)
}

/// Audio or images that may be joined.
struct Candidate {
    kind: InputKind,
    files: Files,
    /// Tracks of the table that there are files of.
    tracks: usize,
}

enum Files {
    Audio(Vec<Recording>),
    Images(images::FoundImages),
}

impl InputKind {
    /// What its files are called.
    fn files(self) -> &'static str {
        match self {
            Self::Audio => "recordings",
            Self::Table | Self::Images => "images",
        }
    }
}

/// What there is beside a table and may be taken, of most tracks first; with reasons against what there is and cannot
/// be.
fn candidates(folder: &Path, source: &Source, tracks: &Tracks, reasons: &mut Vec<String>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut add = |kind, files: Result<Files>| match files {
        Ok(files) => {
            let known = files.recordings().iter().map(key).filter(|key| tracks.genres.contains_key(key));
            let known = known.collect::<BTreeSet<_>>().len();
            match files.recordings() {
                [] => {}
                [first, ..] if known == 0 => reasons.push(format!(
                    "its {} are of other tracks, such as {}",
                    InputKind::files(kind),
                    first.path.display()
                )),
                _ => candidates.push(Candidate { kind, files, tracks: known }),
            }
        }
        Err(error) => reasons.push(error.to_string()),
    };
    if source.takes(InputKind::Audio) {
        add(InputKind::Audio, audio::found(folder).map(Files::Audio));
    }
    if source.takes(InputKind::Images) {
        add(InputKind::Images, images::found(folder).map(Files::Images));
    }
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.tracks));
    candidates
}

impl Files {
    fn recordings(&self) -> &[Recording] {
        match self {
            Self::Audio(recordings) => recordings,
            Self::Images(found) => &found.images,
        }
    }
}

impl Candidate {
    /// The examples that the files give, without a table.
    fn parts(
        &self,
        folder: &Path,
        source: &Source,
        seconds: Option<u32>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<DatasetParts> {
        let source = Source { table: false, seconds, ..source.clone() };
        match &self.files {
            Files::Audio(recordings) => audio::parts(folder, recordings, &source, progress),
            Files::Images(found) => images::parts(folder, found, &source, progress),
        }
    }
}

/// What recordings and rows are matched by. A table tells tracks of one name apart by their folders, `blues/01`, and a
/// folder does so by genres, `blues-01`.
fn track_key(track: &str) -> String {
    match track.rsplit_once('/') {
        Some((folder, name)) => format!("{}-{name}", folder.rsplit('/').next().unwrap_or(folder)),
        None => track.to_owned(),
    }
}

fn key(recording: &Recording) -> String {
    track_key(&recording.track)
}

/// The tracks of a table.
struct Tracks {
    /// Genre of each.
    genres: BTreeMap<String, String>,
    /// Rows of each.
    rows: BTreeMap<String, usize>,
}

impl Tracks {
    fn of(examples: &[ExampleFacts]) -> Self {
        let mut tracks = Self { genres: BTreeMap::new(), rows: BTreeMap::new() };
        for example in examples {
            if let Some(track) = example.track.as_deref().map(track_key) {
                tracks.genres.entry(track.clone()).or_insert_with(|| example.genre.clone());
                *tracks.rows.entry(track).or_default() += 1;
            }
        }
        tracks
    }
}

/// A genre as it is compared: `Hip-Hop` is `hiphop`.
fn plain(genre: &str) -> String {
    genre.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What was left out, by reason; names of tracks, in order.
#[derive(Default)]
struct LeftOut {
    /// Rows whose track has no file, or none that could be used.
    no_file: BTreeMap<String, usize>,
    /// Rows whose track has files in the folder of another genre.
    other_genre: BTreeMap<String, usize>,
    /// Rows of segments that the files do not have.
    no_segment: BTreeMap<String, usize>,
    /// Rows of tracks that have several, without numbers.
    no_number: BTreeMap<String, usize>,
}

/// Joins `files` to `table` and says what did not fit.
fn joined(
    table: DatasetParts,
    mut files: DatasetParts,
    kind: InputKind,
    file: &Path,
    folder: &Path,
) -> Result<DatasetParts> {
    let tracks = Tracks::of(&table.examples);
    let genres: BTreeSet<String> = tracks.genres.values().map(|genre| plain(genre)).collect();
    let mut known: HashMap<(String, Option<usize>), usize> = HashMap::new();
    let (mut foreign, mut twice, mut conflicts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut segments_of: BTreeMap<String, usize> = BTreeMap::new();
    for (at, example) in files.examples.iter().enumerate() {
        let Some(track) = example.track.as_deref().map(track_key) else { continue };
        match tracks.genres.get(&track).map(|genre| plain(genre)) {
            None => {
                foreign.insert(track);
            }
            // A folder that is no genre of the table says nothing.
            Some(genre) if genre != plain(&example.genre) && genres.contains(&plain(&example.genre)) => {
                conflicts.insert(track);
            }
            Some(_) => {
                *segments_of.entry(track.clone()).or_default() += 1;
                if known.contains_key(&(track.clone(), example.segment)) {
                    twice.insert(track);
                } else {
                    known.insert((track, example.segment), at);
                }
            }
        }
    }
    // Tables count their segments from 0, or from 1.
    let from = table.examples.iter().filter_map(|example| example.segment).min().unwrap_or(0).min(1);
    let mut left_out = LeftOut::default();
    let (mut rows, mut members, mut used) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (row, example) in table.examples.iter().enumerate() {
        let track = example.track.as_deref().map(track_key).unwrap_or_default();
        let wants = example.segment.map(|segment| segment - from);
        let alone = tracks.rows.get(&track) == Some(&1) && segments_of.get(&track) == Some(&1);
        let whole = || {
            if alone {
                known.get(&(track.clone(), None)).or_else(|| known.get(&(track.clone(), Some(0))))
            } else {
                None
            }
        };
        let found = known
            .get(&(track.clone(), wants))
            .or_else(|| if wants.is_none_or(|s| s == 0) { whole() } else { None });
        match found {
            Some(&member) => {
                rows.push(row);
                members.push(member);
                *used.entry(track).or_insert(0) += 1;
            }
            None => {
                let reason = if conflicts.contains(&track) {
                    &mut left_out.other_genre
                } else if !segments_of.contains_key(&track) {
                    &mut left_out.no_file
                } else if wants.is_none() && tracks.rows[&track] > 1 {
                    &mut left_out.no_number
                } else {
                    &mut left_out.no_segment
                };
                *reason.entry(track).or_insert(0) += 1;
            }
        }
    }
    let mut notes = vec![format!(
        "spectrograms are made of the {} in {}, joined to the rows of {} by track and segment: {} of {} examples have one",
        kind.files(),
        folder.display(),
        file.file_name().unwrap_or_default().to_string_lossy(),
        rows.len(),
        table.examples.len(),
    )];
    if from == 1 {
        notes.push(
            "the table counts the segments of a track from 1; segment 1 is taken for the start".to_owned(),
        );
    }
    let word = kind.files();
    notes.extend(left_out.notes(word));
    notes.extend(named(&foreign, |count| {
        format!("{count} of the {word} are of no track of the table and are not used")
    }));
    notes.extend(named(&twice, |count| {
        format!("{word} of {count} are there more than once; the first is taken")
    }));
    let spare: BTreeMap<String, usize> = (segments_of.into_iter())
        .map(|(track, count)| (track.clone(), count - used.get(&track).copied().unwrap_or(0).min(count)))
        .filter(|(track, count)| *count > 0 && used.contains_key(track) && !twice.contains(track))
        .collect();
    let spares: usize = spare.values().sum();
    notes.extend(named(&spare.keys().cloned().collect(), |count| {
        format!("{spares} segments of the {word} of {count} have no row in the table and are not used")
    }));
    if rows.is_empty() {
        let reason =
            format!("not one of its examples has a counterpart among the {word}: {}", notes[1..].join("; "));
        return Err(Error::at(file, reason, "--inputs table uses the table alone"));
    }
    let contents = members.iter().map(|&member| files.contents[member]).collect();
    let mut table = table.select(&rows);
    table.spectrograms = files.spectrograms.select(&members);
    table.joined = Some(Joined { from: kind, contents });
    table.notes.extend(notes);
    table.notes.append(&mut files.notes);
    Ok(table)
}

impl LeftOut {
    fn notes(&self, word: &str) -> impl Iterator<Item = String> {
        let note = |rows: &BTreeMap<String, usize>, why: &str| {
            let examples: usize = rows.values().sum();
            named(&rows.keys().cloned().collect(), |count| {
                format!("{examples} examples of {count} were left out for all models, because {why}")
            })
        };
        [
            note(&self.no_file, &format!("there are no {word} of them that can be used")),
            note(
                &self.other_genre,
                &format!("their {word} lie in the folder of another genre than the table says"),
            ),
            note(&self.no_segment, &format!("their {word} have no such segment")),
            note(&self.no_number, "they are several of a track, and nothing says which segment is which"),
        ]
        .into_iter()
        .flatten()
    }
}

/// A sentence on some tracks and the first of their names, if there are any; `say` is given their number in words.
fn named(tracks: &BTreeSet<String>, say: impl FnOnce(String) -> String) -> Option<String> {
    if tracks.is_empty() {
        return None;
    }
    let count = format!("{} track{}", tracks.len(), if tracks.len() == 1 { "" } else { "s" });
    let first: Vec<&str> = tracks.iter().take(SHOWN_FAULTS).map(String::as_str).collect();
    let more = if tracks.len() > first.len() { ", …" } else { "" };
    Some(format!("{}: {}{more}", say(count), first.join(", ")))
}
