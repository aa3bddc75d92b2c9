//! Which recordings share landmarks at one offset in time: the inverted index.

use super::landmark::Landmark;
use rayon::prelude::*;

/// Landmarks that must agree on an offset for it to be looked into. By chance up to a dozen of a track's thousands
/// do; 10 s in common give hundreds.
const VOTES: usize = 15;
/// Offsets of a pair that are looked into: music repeats itself, so the best in votes need not be the right one.
const OFFSETS: usize = 3;
/// Uses of one hash that are followed, so that a thousand copies of a recording do not make a million pairs.
/// They are the first in the order of recordings, so that all copies still meet in the first.
const USES: usize = 1024;

/// Two recordings that may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Index of the first recording.
    pub a: usize,
    /// Index of the second, after `a`.
    pub b: usize,
    /// Landmarks that agree on the best offset.
    pub votes: usize,
    /// Likely offsets, the likeliest first: a moment of `b` comes this many frames later in `a`.
    pub offsets: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    hash: u32,
    recording: u32,
    frame: u32,
}

/// Pairs of recordings whose landmarks agree on an offset, those with the most votes first.
///
/// `prints` has the landmarks of each recording. Memory is 12 bytes a landmark: 36 MB for a thousand tracks of
/// 30 s.
pub fn candidates(prints: &[&[Landmark]]) -> Vec<Candidate> {
    let mut uses: Vec<Use> = prints
        .iter()
        .enumerate()
        .flat_map(|(recording, print)| {
            let recording = recording as u32;
            print.iter().map(move |&Landmark { hash, frame }| Use { hash, recording, frame })
        })
        .collect();
    uses.par_sort_unstable();
    let mut found: Vec<Candidate> = (0..prints.len())
        .into_par_iter()
        .flat_map_iter(|b| {
            let mut agreements = agreements(&uses, b, prints[b]);
            agreements.sort_unstable();
            let pairs = agreements.chunk_by(|x, y| x.0 == y.0);
            pairs.filter_map(|pair| vote(b, pair)).collect::<Vec<_>>()
        })
        .collect();
    found.sort_by_key(|c| (std::cmp::Reverse(c.votes), c.a, c.b));
    found
}

/// For each landmark of `b` that an earlier recording has too: that recording, and how much later it has it.
fn agreements(uses: &[Use], b: usize, print: &[Landmark]) -> Vec<(usize, i64)> {
    let mut found = Vec::new();
    for landmark in print {
        let first = uses.partition_point(|u| u.hash < landmark.hash);
        let earlier =
            uses[first..].iter().take_while(|u| u.hash == landmark.hash && (u.recording as usize) < b);
        found.extend(
            earlier
                .take(USES)
                .map(|u| (u.recording as usize, i64::from(u.frame) - i64::from(landmark.frame))),
        );
    }
    found
}

/// The offsets that most of a pair's agreements, sorted, speak for.
fn vote(b: usize, pair: &[(usize, i64)]) -> Option<Candidate> {
    let counts: Vec<(i64, usize)> = pair.chunk_by(|x, y| x == y).map(|c| (c[0].1, c.len())).collect();
    // The true offset is no whole number of frames, so its votes fall on two neighbours.
    let mut votes: Vec<(usize, i64)> = counts
        .iter()
        .enumerate()
        .map(|(i, &(offset, count))| {
            let next = counts.get(i + 1).filter(|(next, _)| *next == offset + 1);
            (count + next.map_or(0, |(_, count)| *count), offset)
        })
        .filter(|(votes, _)| *votes >= VOTES)
        .collect();
    votes.sort_by_key(|&(votes, offset)| (std::cmp::Reverse(votes), offset));
    let most = votes.first()?.0;
    let mut offsets: Vec<i64> = Vec::new();
    for (_, offset) in votes {
        if offsets.len() < OFFSETS && offsets.iter().all(|taken| taken.abs_diff(offset) > 1) {
            offsets.push(offset);
        }
    }
    Some(Candidate { a: pair[0].0, b, votes: most, offsets })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(first_hash: u32, first_frame: u32, count: u32) -> Vec<Landmark> {
        (0..count).map(|i| Landmark { hash: first_hash + 7 * i, frame: first_frame + 3 * i }).collect()
    }

    #[test]
    fn a_shifted_copy_is_found_at_its_offset() {
        let prints = [print(0, 50, 40), print(100_000, 0, 40), print(0, 10, 40)];
        let found = candidates(&prints.each_ref().map(Vec::as_slice));
        assert_eq!(found, [Candidate { a: 0, b: 2, votes: 40, offsets: vec![40] }]);
    }

    #[test]
    fn equal_hashes_at_scattered_times_are_none() {
        let scattered: Vec<Landmark> =
            print(0, 0, 40).iter().map(|l| Landmark { frame: l.hash * l.hash % 997, ..*l }).collect();
        assert!(candidates(&[&print(0, 0, 40), &scattered]).is_empty());
    }
}
