//! Divisions inside a training part, which keep together what the split keeps together.

use super::{Fold, Leaks, Protocol, Split, table};
use crate::dataset::Dataset;
use genre_bench_api::partition::{Group, partition};
use genre_bench_api::random_stream;
use std::collections::BTreeMap;

/// One number an example of the dataset: equal numbers must not be separated inside a training part.
///
/// A split from a file, and the fault-filtered one, keep together whatever they do not leak.
pub fn groups(dataset: &Dataset, protocol: &Protocol, leaks: &Leaks) -> Vec<usize> {
    enum Unit {
        Example,
        Clip,
        Artist,
    }
    let unit = match protocol {
        Protocol::Segment => Unit::Example,
        Protocol::Track => Unit::Clip,
        Protocol::Artist => Unit::Artist,
        _ if leaks.same_clip > 0 => Unit::Example,
        _ if leaks.same_artist == Some(0) => Unit::Artist,
        _ => Unit::Clip,
    };
    let unknown = dataset.artists.of_clip.iter().flatten().max().map_or(0, |last| last + 1);
    let examples = dataset.catalogue.examples.iter().enumerate();
    examples
        .map(|(number, example)| match unit {
            Unit::Example => number,
            Unit::Clip => example.clip,
            // Recordings of unknown artists count as by an artist each.
            Unit::Artist => dataset.artists.of_clip[example.clip].unwrap_or(unknown + example.clip),
        })
        .collect()
}

impl Split {
    /// Sets `percent` of every training part aside as its validation part, stratified, unless it has one.
    pub(super) fn set_validation_aside(&mut self, dataset: &Dataset, percent: u32, seed: u64) {
        let share = f64::from(percent) / 100.0;
        for at in 0..self.folds.len() {
            if self.folds[at].valid.is_empty() {
                let purpose = format!("validation/{at}");
                let parts =
                    self.divide(dataset, &self.folds[at].train, &[1.0 - share, share], seed, &purpose);
                let mut parts = parts.into_iter();
                self.folds[at].train = parts.next().unwrap_or_default();
                self.folds[at].valid = parts.next().unwrap_or_default();
            }
        }
    }

    /// Cross-validations of `count` folds inside every training part, one after the other: the inner folds of the
    /// fold at `k` are those numbered `k` as their repeat. Nothing of an outer test part is in them.
    ///
    /// Outer validation parts are left out too, so that they stay unseen until the final fit.
    pub fn nested(&self, dataset: &Dataset, count: usize, seed: u64) -> Self {
        let shares = vec![1.0 / count as f64; count];
        let mut folds = Vec::new();
        for (outer, Fold { train, .. }) in self.folds.iter().enumerate() {
            let parts = self.divide(dataset, train, &shares, seed, &format!("inner/{outer}"));
            folds.extend(super::cross_validation(outer, &parts));
        }
        Self {
            protocol: self.protocol.clone(),
            scheme: format!("{count} inner folds in each of: {}", self.scheme),
            hash: table::hash(&table::csv(&dataset.catalogue, &folds)),
            unused: self.unused,
            leaks: Leaks::default(),
            groups: self.groups.clone(),
            folds,
        }
    }

    /// Divides some examples into stratified parts of the given shares, groups kept together.
    fn divide(
        &self,
        dataset: &Dataset,
        examples: &[usize],
        shares: &[f64],
        seed: u64,
        purpose: &str,
    ) -> Vec<Vec<usize>> {
        let catalogue = &dataset.catalogue;
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        for &example in examples {
            let group =
                groups.entry(self.groups[example]).or_insert_with(|| Group::new(catalogue.classes.len()));
            group.add(example, catalogue.examples[example].label);
        }
        let groups: Vec<Group> = groups.into_values().collect();
        partition(&groups, shares, &mut random_stream(seed, &format!("protocol/{}/{purpose}", self.protocol)))
    }
}
