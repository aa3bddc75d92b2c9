//! Divisions inside a training part, which keep together what the split keeps together.

use super::{Fold, Leakage, Protocol, Split, table};
use crate::dataset::Dataset;
use genre_bench_api::partition::{Group, partition};
use genre_bench_api::random_stream;
use std::collections::BTreeMap;

/// One number an example of the dataset: equal numbers must not be separated inside a training part.
///
/// A split from a file, and the fault-filtered one, keep together whatever they do not leak.
pub fn groups(dataset: &Dataset, protocol: &Protocol, leaks: &Leakage) -> Vec<usize> {
    enum Unit {
        Example,
        Track,
        Artist,
    }
    let unit = match protocol {
        Protocol::Segment => Unit::Example,
        Protocol::Track => Unit::Track,
        Protocol::Artist => Unit::Artist,
        _ if leaks.same_track > 0 => Unit::Example,
        _ if leaks.same_artist == Some(0) => Unit::Artist,
        _ => Unit::Track,
    };
    let unknown = dataset.artists.of_track.iter().flatten().max().map_or(0, |last| last + 1);
    let examples = dataset.catalogue.examples.iter().enumerate();
    examples
        .map(|(number, example)| match unit {
            Unit::Example => number,
            Unit::Track => example.track,
            // Tracks of unknown artists count as by an artist each.
            Unit::Artist => dataset.artists.of_track[example.track].unwrap_or(unknown + example.track),
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
            leaks: Leakage::default(),
            groups: self.groups.clone(),
            gaps: Vec::new(),
            per_class: self.per_class,
            shots: self.shots,
            validated_on_test: false,
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

#[cfg(test)]
mod tests {
    use super::super::{Resampling, SplitRequest};
    use super::*;
    use crate::dataset::Source;
    use std::collections::BTreeSet;
    use std::fmt::Write;

    /// Three genres of 12 tracks in two segments, by four artists each.
    fn dataset() -> Dataset {
        let folder = tempfile::tempdir().unwrap();
        let (mut table, mut artists) = ("filename,x,y,label\n".to_owned(), "filename,artist\n".to_owned());
        for genre in ["blues", "jazz", "rock"] {
            for track in 0..12 {
                writeln!(artists, "{genre}.{track:05}.wav,{genre} {}", track % 4).unwrap();
                for segment in 0..2 {
                    writeln!(table, "{genre}.{track:05}.{segment}.wav,{track},{segment},{genre}").unwrap();
                }
            }
        }
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("table.csv"), table).unwrap();
        std::fs::write(path("artists.csv"), artists).unwrap();
        let source =
            Source { data: Some(path("table.csv")), artists: Some(path("artists.csv")), ..Source::default() };
        Dataset::load(&source, &|_, _| ()).unwrap()
    }

    fn split(dataset: &Dataset, protocol: Protocol, valid: u32) -> Split {
        let request = SplitRequest {
            protocol,
            resampling: Some(Resampling::Folds(4)),
            repeats: 1,
            seed: 5,
            valid,
            per_class: None,
            shots: None,
            validate_on_test: false,
        };
        Split::build(dataset, &request).unwrap()
    }

    /// What each protocol keeps together, by example.
    fn units(dataset: &Dataset) -> [(Protocol, Vec<usize>); 3] {
        let examples = &dataset.catalogue.examples;
        let tracks: Vec<usize> = examples.iter().map(|example| example.track).collect();
        let artists = tracks.iter().map(|&track| dataset.artists.of_track[track].unwrap()).collect();
        [
            (Protocol::Segment, (0..examples.len()).collect()),
            (Protocol::Track, tracks),
            (Protocol::Artist, artists),
        ]
    }

    fn apart(unit: &[usize], a: &[usize], b: &[usize]) -> bool {
        let of = |part: &[usize]| part.iter().map(|&example| unit[example]).collect::<BTreeSet<_>>();
        of(a).is_disjoint(&of(b))
    }

    #[test]
    fn inner_folds_keep_together_what_the_protocol_does_and_see_no_outer_test_part() {
        let dataset = dataset();
        for (protocol, unit) in units(&dataset) {
            let outer = split(&dataset, protocol.clone(), 0);
            let inner = outer.nested(&dataset, 3, 5);
            assert_eq!(inner.folds.len(), 12);
            for fold in &inner.folds {
                let around = &outer.folds[fold.repeat];
                assert!(apart(&unit, &fold.train, &fold.test), "{protocol:?}");
                let mut whole = [fold.train.clone(), fold.test.clone()].concat();
                whole.sort_unstable();
                assert_eq!(whole, around.train, "{protocol:?}: the whole training part and nothing else");
                for class in 0..3 {
                    let of_class = |e: &&usize| dataset.catalogue.examples[**e].label == class;
                    assert_eq!(fold.test.iter().filter(of_class).count() * 3, around.train.len() / 3);
                }
            }
        }
    }

    #[test]
    fn validation_parts_are_kept_apart_too() {
        let dataset = dataset();
        for (protocol, unit) in units(&dataset) {
            let without = split(&dataset, protocol.clone(), 0);
            let with = split(&dataset, protocol.clone(), 34);
            for (with, without) in with.folds.iter().zip(&without.folds) {
                assert_eq!(with.test, without.test);
                let mut whole = [with.train.clone(), with.valid.clone()].concat();
                whole.sort_unstable();
                assert_eq!(whole, without.train);
                assert_eq!(with.valid.len(), 18, "{protocol:?}");
                assert!(apart(&unit, &with.train, &with.valid), "{protocol:?}");
            }
            assert_ne!(with.hash, without.hash);
        }
    }

    #[test]
    fn a_split_from_a_file_keeps_together_what_it_does_not_leak() {
        let dataset = dataset();
        for (protocol, unit) in units(&dataset) {
            let drawn = split(&dataset, protocol, 0);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("split.csv");
            std::fs::write(&path, table::csv(&dataset.catalogue, &drawn.folds)).unwrap();
            let request = SplitRequest {
                protocol: Protocol::File(path),
                resampling: None,
                repeats: 1,
                seed: 0,
                valid: 0,
                per_class: None,
                shots: None,
                validate_on_test: false,
            };
            let read = Split::build(&dataset, &request).unwrap();
            assert_eq!(read.folds, drawn.folds);
            for fold in read.nested(&dataset, 3, 0).folds {
                assert!(apart(&unit, &fold.train, &fold.test));
            }
        }
    }
}
