//! Checks of the data and its division.

use super::{Check, Found, Subject, said};
use crate::dataset::MAY_GIVE_AWAY;
use crate::protocol::leakage::{
    DUPLICATES as DUPLICATE, SAME_ARTIST as BY_SAME_ARTIST, SAME_TRACK as OF_SAME_TRACK,
};
use crate::run::OPTIMISTIC;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer artists in a class make it a class of artists.
const FEWEST_ARTISTS: usize = 5;

/// An artist with a greater share of a class's tracks stands for the class.
const MOST_BY_ONE: f64 = 0.25;

pub(super) static GIVEN_AWAY: Check = Check {
    code: "D101",
    name: "label-given-away",
    summary: "a column that may tell the class instead of measuring anything",
    find: |subject| said(&subject.results.plan.notes, MAY_GIVE_AWAY),
};

pub(super) static SAME_TRACK: Check = Check {
    code: "S101",
    name: "same-track",
    summary: "segments of one track on both sides of the split",
    find: |subject| said(&subject.results.plan.warnings, OF_SAME_TRACK),
};

pub(super) static DUPLICATES: Check = Check {
    code: "S102",
    name: "duplicates",
    summary: "tested examples that stand in the training part to the last bit",
    find: |subject| said(&subject.results.plan.warnings, DUPLICATE),
};

pub(super) static SAME_ARTIST: Check = Check {
    code: "S103",
    name: "same-artist",
    summary: "tracks of one artist on both sides of the split",
    find: |subject| said(&subject.results.plan.warnings, BY_SAME_ARTIST),
};

pub(super) static FEW_ARTISTS: Check = Check {
    code: "S104",
    name: "few-artists",
    summary: "a class of fewer than 5 artists, or with more than a quarter of its tracks by one",
    find: few_artists,
};

pub(super) static VALIDATED_ON_TEST: Check = Check {
    code: "S105",
    name: "validated-on-test",
    summary: "early stopping and checkpoints looked at the test part",
    find: |subject| said(&subject.results.plan.warnings, OPTIMISTIC),
};

/// A class whose tracks are few artists': a model may learn the artists.
fn few_artists(subject: &Subject) -> Vec<Found> {
    let catalogue = &subject.results.catalogue;
    let tested: BTreeSet<usize> =
        subject.results.folds.iter().flat_map(|fold| fold.test.iter().copied()).collect();
    let mut of_class: BTreeMap<usize, BTreeMap<usize, BTreeSet<usize>>> = BTreeMap::new();
    for example in tested.into_iter().map(|example| &catalogue.examples[example]) {
        if let Some(artist) = catalogue.artists.get(example.track).copied().flatten() {
            of_class.entry(example.label).or_default().entry(artist).or_default().insert(example.track);
        }
    }
    let of_class = of_class.into_iter().filter_map(|(class, artists)| {
        let tracks: usize = artists.values().map(BTreeSet::len).sum();
        let most = artists.values().map(BTreeSet::len).max().unwrap_or(0);
        let is_few = artists.len() < FEWEST_ARTISTS || most as f64 > MOST_BY_ONE * tracks as f64;
        let class = &catalogue.classes[class];
        is_few.then(|| format!("{class} ({} artists, {most} of {tracks} tracks by one)", artists.len()))
    });
    let classes: Vec<String> = of_class.collect();
    let text = || format!("few artists stand for the class: {}", classes.join(", "));
    if classes.is_empty() { Vec::new() } else { vec![Found { models: Vec::new(), text: text() }] }
}
