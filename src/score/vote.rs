use super::{labels_of, scores::first_maximum};
use ndarray::{Array1, ArrayView2};
use std::collections::BTreeMap;

/// One label a track, from the predictions for its segments.
///
/// All vectors have one entry a track, in ascending order of [`Tracks::ids`], so they do not depend
/// on the order of the segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracks {
    /// The tracks' numbers, ascending.
    pub ids: Vec<usize>,
    /// True class of each track.
    pub truth: Vec<usize>,
    /// The class most of the track's segments were labelled with. Among classes with equally many
    /// segments the one with the higher mean score, then the lower index.
    pub by_majority: Vec<usize>,
    /// The class with the highest score averaged over the track's segments, the lower index where
    /// several are equal.
    pub by_mean: Vec<usize>,
}

/// Lets the segments of each track decide on the track's label.
///
/// `tracks` and `truth` have one entry a segment; `scores` has shape `(segments, classes)`.
/// A track has one genre, so all its segments have the same true class, and that of its first
/// segment is taken.
///
/// # Panics
///
/// Where the lengths differ.
pub fn by_track(tracks: &[usize], truth: &[usize], scores: ArrayView2<f32>) -> Tracks {
    assert_eq!(tracks.len(), truth.len(), "one true class a segment");
    assert_eq!(tracks.len(), scores.nrows(), "one row of scores a segment");
    let labels = labels_of(scores);
    let mut voted =
        Tracks { ids: Vec::new(), truth: Vec::new(), by_majority: Vec::new(), by_mean: Vec::new() };
    for (id, segments) in positions_by_track(tracks) {
        let tally = tally(&segments, &labels, scores);
        voted.ids.push(id);
        voted.truth.push(truth[segments[0]]);
        voted.by_majority.push(first_maximum(tally.view()));
        voted.by_mean.push(first_maximum(tally.mapv(|(_, total)| total).view()));
    }
    voted
}

/// Where the segments of each track are: track number → ascending positions in `tracks`, at least one.
pub fn positions_by_track(tracks: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut positions = BTreeMap::<_, Vec<_>>::new();
    for (position, &track) in tracks.iter().enumerate() {
        positions.entry(track).or_default().push(position);
    }
    positions
}

/// For each class the number of segments labelled with it, and its score summed over the segments,
/// which orders the classes as the mean does.
fn tally(segments: &[usize], labels: &[usize], scores: ArrayView2<f32>) -> Array1<(usize, f64)> {
    let mut tally = Array1::from_elem(scores.ncols(), (0, 0.0));
    for &segment in segments {
        tally[labels[segment]].0 += 1;
        tally.zip_mut_with(&scores.row(segment), |(_, total), &score| *total += f64::from(score));
    }
    tally
}
