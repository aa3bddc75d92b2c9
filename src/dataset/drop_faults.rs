//! Leaving out what an audit found.

use super::audit::Report;
use super::catalogue::{Catalogue, Example, numbered};
use super::{Dataset, fingerprint};
use crate::error::{Error, Result};
use ndarray::Axis;
use std::collections::BTreeSet;
use std::path::Path;

/// The dataset without the recordings that `bench data audit` reports as faults, and with one recording of each
/// group of duplicates: the first that the dataset has. Hints leave nothing out.
///
/// Recordings are matched by the name of their clip. What was left out is told in a note.
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
    let report = Report::read(path)?;
    let clips = &dataset.catalogue.clips;
    let known = |clip: &str| clips.binary_search_by(|c| c.as_str().cmp(clip)).is_ok();
    if !report.clips().any(known) {
        let example = report.clips().next().unwrap_or("none");
        let reason = format!(
            "it is on other recordings (such as {example}) than {} (such as {})",
            dataset.info.name, clips[0]
        );
        return Err(Error::at(path, reason, "audit the folder whose recordings the table was made from"));
    }
    let faults: BTreeSet<&str> =
        report.faults.iter().map(|f| f.place.clip.as_str()).filter(|c| known(c)).collect();
    let mut copies = BTreeSet::new();
    for group in &report.duplicates {
        let members = group.members.iter().map(|member| member.clip.as_str());
        let mut there = members.filter(|clip| known(clip) && !faults.contains(clip));
        if let Some(kept) = there.next() {
            copies.extend(there.filter(|clip| *clip != kept));
        }
    }
    let dropped: Vec<bool> =
        clips.iter().map(|clip| faults.contains(clip.as_str()) || copies.contains(clip.as_str())).collect();
    let examples = dataset.catalogue.examples.iter().filter(|e| dropped[e.clip]).count();
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

/// The dataset without the clips that are marked.
fn without(mut dataset: Dataset, dropped: &[bool]) -> Dataset {
    let Catalogue { examples, clips, classes } = &dataset.catalogue;
    let kept: Vec<usize> = (0..examples.len()).filter(|&e| !dropped[examples[e].clip]).collect();
    let table = dataset.table.select(Axis(0), &kept);
    let (new_clips, clip_of) = numbered(kept.iter().map(|&e| clips[examples[e].clip].as_str()));
    let (new_classes, label_of) = numbered(kept.iter().map(|&e| classes[examples[e].label].as_str()));
    let renumbered = kept.iter().zip(clip_of).zip(label_of);
    let examples: Vec<Example> = renumbered
        .map(|((&e, clip), label)| Example { name: examples[e].name.clone(), clip, label })
        .collect();
    for of_clip in [&mut dataset.artists.of_clip, &mut dataset.artists.test_fold] {
        let mut dropped = dropped.iter();
        of_clip.retain(|_| dropped.next() == Some(&false));
    }
    let catalogue = Catalogue { examples, clips: new_clips, classes: new_classes };
    dataset.info.examples = catalogue.examples.len();
    dataset.info.clips = catalogue.clips.len();
    dataset.info.classes = catalogue.classes.clone();
    dataset.info.fingerprint = fingerprint(&dataset.columns, &table, &catalogue);
    let pictures = dataset.pictures.select(&kept);
    Dataset { table, pictures, catalogue, ..dataset }
}
