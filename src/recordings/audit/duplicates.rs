//! Recordings that are the same, found from their sound alone.

use super::AuditObserver;
use super::align::{Aligner, Alignment};
use super::index::{Candidate, candidates};
use super::landmark::{HOP, Landmark};
use super::measure::Measured;
use super::report::Sameness;
use crate::audio::{self, Limits, RATE};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Least similarity of two recordings that count as one. Measured on 50 real tracks and their copies: different
/// recordings stay below 0.07; MP3 at 64 kbit/s, Ogg Vorbis and noise at 20 dB stay above 0.75, half of those with
/// noise at 10 dB above 0.5. Two that have a third of their bars in common reach 0.4.
pub const SIMILAR: f64 = 0.5;
/// Residual power up to which one recording is the other but for level: −50 dB. Rounding to 16 bits stays below,
/// lossy codecs above, but for the best.
const CLEAN: f64 = 1e-5;
/// Change of level that is none, in dB.
const LEVEL: f64 = 0.05;
/// Candidates compared at a time. A constant, so that the result does not depend on the number of threads.
const BATCH: usize = 32;

/// Two recordings that are the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamePair {
    /// Index of the first recording.
    pub a: usize,
    /// Index of the second, after `a`.
    pub b: usize,
    /// In what they differ.
    pub kind: Sameness,
    /// 1 if they are equal; see [`Alignment::similarity`].
    pub similarity: f64,
    /// Seconds by which what begins `b` comes later in `a`; negative if it comes before `a` begins.
    pub offset: f64,
    /// Level of `b` above that of `a` in dB.
    pub gain_db: f64,
    /// Seconds that both have.
    pub overlap: f64,
}

/// Recordings that are the same, at least two, and what connects them: each link joins two that no other joins.
#[derive(Debug, Clone, PartialEq)]
pub struct SameRecordings {
    /// Their indices, in order.
    pub members: Vec<usize>,
    /// One link fewer than members.
    pub links: Vec<SamePair>,
}

/// Finds all groups of recordings that are the same, in the order of their first members; `None` if cancelled.
///
/// Equal samples are exact duplicates. For all others, landmarks say which pairs may overlap and where, and the
/// samples, read again, whether they do.
pub fn find(
    paths: &[&Path],
    measured: &[&Measured],
    limits: &Limits,
    observer: &dyn AuditObserver,
) -> Option<Vec<SameRecordings>> {
    let mut links = Vec::new();
    let mut joined = Joined::new(measured.len());
    let mut first_with = BTreeMap::new();
    for (b, recording) in measured.iter().enumerate() {
        let a = *first_with.entry(&recording.sha256).or_insert(b);
        if joined.join(a, b) {
            links.push(exact(a, b, recording.seconds));
        }
    }
    // Of equal recordings one is looked for.
    let is_first = |i: &usize| first_with[&measured[*i].sha256] == *i;
    let print = |i: usize| if is_first(&i) { &measured[i].print[..] } else { &[] };
    let prints: Vec<&[Landmark]> = (0..measured.len()).map(print).collect();
    let candidates = candidates(&prints);

    let aligner = Aligner::new();
    observer.begin("comparing", candidates.len());
    for batch in candidates.chunks(BATCH) {
        let open = |c: &Candidate| joined.root(c.a) != joined.root(c.b);
        let found: Vec<Option<SamePair>> = batch
            .par_iter()
            .with_max_len(1)
            .map(|candidate| {
                let work = open(candidate) && !observer.cancelled();
                let link = work.then(|| compare(&aligner, paths, limits, candidate)).flatten();
                observer.done();
                link
            })
            .collect();
        if observer.cancelled() {
            return None;
        }
        links.extend(found.into_iter().flatten().filter(|link| joined.join(link.a, link.b)));
    }
    Some(groups(&links, &joined))
}

fn exact(a: usize, b: usize, seconds: f64) -> SamePair {
    SamePair { a, b, kind: Sameness::Exact, similarity: 1.0, offset: 0.0, gain_db: 0.0, overlap: seconds }
}

/// Reads both recordings again. One that cannot be read any more is nobody's duplicate.
fn compare(aligner: &Aligner, paths: &[&Path], limits: &Limits, candidate: &Candidate) -> Option<SamePair> {
    let a = audio::read_within(paths[candidate.a], limits).ok()?.samples;
    let b = audio::read_within(paths[candidate.b], limits).ok()?.samples;
    let found = aligner.align(&a, &b, candidate.offsets.iter().map(|offset| offset * HOP as i64))?;
    let Alignment { lag, similarity, gain, residual, overlap } = found;
    let gain_db = 20.0 * gain.abs().log10();
    let kind = match () {
        () if residual > CLEAN => Sameness::ReEncoded,
        () if lag != 0 || a.len() != b.len() => Sameness::Offset,
        () if gain_db.abs() > LEVEL || gain < 0.0 => Sameness::Level,
        () => Sameness::ReEncoded,
    };
    let seconds = |samples: i64| samples as f64 / f64::from(RATE);
    let (a, b) = (candidate.a, candidate.b);
    let (offset, overlap) = (seconds(lag), seconds(overlap as i64));
    (similarity >= SIMILAR).then_some(SamePair { a, b, kind, similarity, offset, gain_db, overlap })
}

fn groups(links: &[SamePair], joined: &Joined) -> Vec<SameRecordings> {
    let mut of_root: BTreeMap<usize, SameRecordings> = BTreeMap::new();
    for link in links {
        let empty = || SameRecordings { members: Vec::new(), links: Vec::new() };
        let group = of_root.entry(joined.root(link.a)).or_insert_with(empty);
        group.links.push(*link);
        group.members.extend([link.a, link.b]);
    }
    let mut groups: Vec<SameRecordings> = of_root.into_values().collect();
    for group in &mut groups {
        group.members.sort_unstable();
        group.members.dedup();
        group.links.sort_by_key(|link| (link.a, link.b));
    }
    groups.sort_by_key(|group| group.members[0]);
    groups
}

/// Which recordings are known to be the same: a union–find forest.
struct Joined(Vec<usize>);

impl Joined {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&self, mut i: usize) -> usize {
        while self.0[i] != i {
            i = self.0[i];
        }
        i
    }

    /// Whether the two were not joined before. The smaller root stays one.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
        a != b
    }
}
