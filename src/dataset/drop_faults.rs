//! Leaving out what an audit found.

use super::Dataset;
use crate::error::{Error, Result};
use crate::recordings::audit::AuditReport;
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
    let examples = dataset.catalogue.examples.iter().enumerate();
    let kept: Vec<usize> = examples.filter(|(_, e)| !dropped[e.track]).map(|(at, _)| at).collect();
    let mut rest = dataset.select(&kept);
    if rest.catalogue.classes.len() < 2 {
        let reason = "without its faults and duplicates fewer than two genres are left";
        return Err(Error::at(path, reason, "leave --drop-faults out, or get more recordings"));
    }
    rest.notes.push(note);
    Ok(rest)
}
