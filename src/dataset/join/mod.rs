//! The examples of a table with the spectrograms of the recordings or images beside it.
//!
//! Rows and files are brought together by track and number of the segment, never by their order. The examples stay those
//! of the table; a row without a counterpart is left out for all models, so that all are tested on the same.

mod left_out;
mod matching;

use super::assemble::{DatasetParts, Joined};
use super::input_kinds::InputKind;
use super::source::Source;
use super::spectrograms::SpectrogramSource;
use super::{audio, images};
use crate::error::{Error, Result};
use crate::recordings::{LabelledRecordings, Recording, find_labelled};
use left_out::LeftOut;
use matching::{FileIndex, Tracks};
use std::collections::BTreeSet;
use std::path::Path;

/// The examples of `table`, which was read from `file` in `folder`, with the spectrograms that `source` asks for. They
/// are made of whichever of audio and images there is of more tracks, of audio if there is as much.
///
/// Where fewer than half of the tracks or rows have any, the table stays whole and without spectrograms, unless the user
/// named the input.
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
        if source.inputs.is_none() && 2 * of_tracks < tracks.len() {
            reasons.push(format!(
                "there are {} of only {of_tracks} of its {} tracks (--inputs table,{} compares all models on these)",
                kind.files(),
                tracks.len(),
                kind.name()
            ));
            continue;
        }
        match candidate.parts(folder, source, seconds, progress) {
            Ok(files) => {
                let matched = Matched::of(&table, &files, &tracks, kind);
                let rows = (matched.rows.len(), table.examples.len());
                if rows.0 == 0 || (source.inputs.is_none() && 2 * rows.0 < rows.1) {
                    reasons.push(format!(
                        "only {} of its {} rows have a counterpart among the {} ({})",
                        rows.0,
                        rows.1,
                        kind.files(),
                        matched.notes.join("; ")
                    ));
                    continue;
                }
                return Ok(matched.join(table, files, kind, file, folder));
            }
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
    Audio(LabelledRecordings),
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
            let known = files.recordings().iter().map(|file| matching::key(&file.track));
            let known = known.filter(|key| tracks.has(key));
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
        add(InputKind::Audio, find_labelled(folder).map(Files::Audio));
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
            Self::Audio(found) => &found.recordings,
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
            Files::Audio(found) => {
                let mut parts = audio::parts(folder, &found.recordings, &source, progress)?;
                parts.notes.splice(..0, found.notes.iter().cloned());
                Ok(parts)
            }
            Files::Images(found) => images::parts(folder, found, &source, progress),
        }
    }
}

/// Rows of a table with their counterparts.
struct Matched {
    /// Rows that have one, in their order.
    rows: Vec<usize>,
    /// The example of the files that each of them is.
    members: Vec<usize>,
    /// What did not fit.
    notes: Vec<String>,
}

impl Matched {
    fn of(table: &DatasetParts, files: &DatasetParts, tracks: &Tracks, kind: InputKind) -> Self {
        let mut index = FileIndex::of(&files.examples, tracks, &table.examples);
        let (mut rows, mut members, mut left_out) = (Vec::new(), Vec::new(), LeftOut::default());
        for (row, example) in table.examples.iter().enumerate() {
            match index.find(example) {
                Ok(member) => {
                    rows.push(row);
                    members.push(member);
                }
                Err(reason) => left_out.add(reason, example),
            }
        }
        let mut notes = left_out.notes(kind.files());
        notes.extend(index.notes(kind.files()));
        Self { rows, members, notes }
    }

    /// The rows that have a counterpart, with its spectrograms.
    fn join(
        self,
        table: DatasetParts,
        mut files: DatasetParts,
        kind: InputKind,
        file: &Path,
        folder: &Path,
    ) -> DatasetParts {
        let made =
            if files.spectrograms.is_asked_for() { "spectrograms are made" } else { "embeddings are made" };
        let told = format!(
            "{made} of the {} in {}, joined to the rows of {} by track and segment: {} of {} examples have \
             one",
            kind.files(),
            folder.display(),
            file.file_name().unwrap_or_default().to_string_lossy(),
            self.rows.len(),
            table.examples.len(),
        );
        let contents = self.members.iter().map(|&member| files.contents[member]).collect();
        let mut table = table.select(&self.rows);
        for (example, &member) in table.examples.iter_mut().zip(&self.members) {
            example.source.clone_from(&files.examples[member].source);
        }
        table.spectrograms = files.spectrograms.select(&self.members);
        table.joined = Some(Joined { from: kind, contents });
        table.notes.push(told);
        table.notes.extend(self.notes);
        table.notes.append(&mut files.notes);
        table
    }
}
