//! Leaving out what an audit found.

use super::Dataset;
use super::assemble::Joined;
use super::catalogue::{Catalogue, Example, numbered};
use super::fingerprint::fingerprint;
use crate::error::{Error, Result};
use crate::recordings::audit::AuditReport;
use ndarray::Axis;
use std::collections::BTreeSet;
use std::path::Path;

/// The dataset without the recordings that `bench data audit` reports as faults, and with one recording of each
/// group of duplicates: the first that the dataset has. Hints leave nothing out.
///
/// Recordings are matched by the name of their track. What was left out is told in a note.
///
/// # Errors
///
/// The data is built in, the file is no report that can be read or is on other recordings, or too little is left.
pub fn drop_faults(dataset: Dataset, path: &Path) -> Result<Dataset> {
    // Its recordings are named like GTZAN's, but are others.
    if dataset.info.synthetic {
        let reason = "the built-in data has no faults to drop";
        return Err(Error::new("--drop-faults", reason, "name the table of the recordings, --data FILE"));
    }
    let report = AuditReport::read(path)?;
    let tracks = &dataset.catalogue.tracks;
    let known = |track: &str| tracks.binary_search_by(|c| c.as_str().cmp(track)).is_ok();
    if !report.tracks().any(known) {
        let example = report.tracks().next().unwrap_or("none");
        let reason = format!(
            "it is on other recordings (such as {example}) than {} (such as {})",
            dataset.info.name, tracks[0]
        );
        return Err(Error::at(path, reason, "audit the folder whose recordings the table was made from"));
    }
    let faults: BTreeSet<&str> =
        report.faults.iter().map(|f| f.place.track.as_str()).filter(|c| known(c)).collect();
    let mut copies = BTreeSet::new();
    for group in &report.duplicates {
        let members = group.members.iter().map(|member| member.track.as_str());
        let mut there = members.filter(|track| known(track) && !faults.contains(track));
        if let Some(kept) = there.next() {
            copies.extend(there.filter(|track| *track != kept));
        }
    }
    let dropped: Vec<bool> = tracks
        .iter()
        .map(|track| faults.contains(track.as_str()) || copies.contains(track.as_str()))
        .collect();
    let examples = dataset.catalogue.examples.iter().filter(|e| dropped[e.track]).count();
    let note = format!(
        "{examples} examples of {} recordings were left out by {}: {} unusable, {} duplicates of others",
        faults.len() + copies.len(),
        path.display(),
        faults.len(),
        copies.len()
    );
    let mut rest = without(dataset, &dropped);
    if rest.catalogue.classes.len() < 2 {
        let reason = "without its faults and duplicates fewer than two genres are left";
        return Err(Error::at(path, reason, "leave --drop-faults out, or get more recordings"));
    }
    rest.notes.push(note);
    Ok(rest)
}

/// The dataset without the tracks that are marked.
fn without(mut dataset: Dataset, dropped: &[bool]) -> Dataset {
    let Catalogue { examples, tracks, classes } = &dataset.catalogue;
    let kept: Vec<usize> = (0..examples.len()).filter(|&e| !dropped[examples[e].track]).collect();
    let table = dataset.table.select(Axis(0), &kept);
    let (new_tracks, track_of) = numbered(kept.iter().map(|&e| tracks[examples[e].track].as_str()));
    let (new_classes, label_of) = numbered(kept.iter().map(|&e| classes[examples[e].label].as_str()));
    let renumbered = kept.iter().zip(track_of).zip(label_of);
    let examples: Vec<Example> =
        renumbered.map(|((&e, track), label)| Example { track, label, ..examples[e].clone() }).collect();
    for of_track in [&mut dataset.artists.of_track, &mut dataset.artists.test_fold] {
        let mut dropped = dropped.iter();
        of_track.retain(|_| dropped.next() == Some(&false));
    }
    let catalogue = Catalogue { examples, tracks: new_tracks, classes: new_classes };
    dataset.info.examples = catalogue.examples.len();
    dataset.info.tracks = catalogue.tracks.len();
    dataset.info.classes = catalogue.classes.clone();
    let contents: Vec<[u8; 32]> = if dataset.contents.is_empty() {
        Vec::new()
    } else {
        kept.iter().map(|&e| dataset.contents[e]).collect()
    };
    if !dataset.parts.is_empty() {
        dataset.parts = kept.iter().map(|&e| dataset.parts[e].clone()).collect();
    }
    dataset.info.fingerprint = fingerprint(&dataset.columns, &table, &contents, &catalogue);
    let spectrograms = dataset.spectrograms.select(&kept);
    let joined = dataset.joined.map(|joined| joined.select(&kept));
    dataset.info.spectrograms = joined.as_ref().map(Joined::info);
    Dataset { table, contents, spectrograms, joined, catalogue, ..dataset }
}
