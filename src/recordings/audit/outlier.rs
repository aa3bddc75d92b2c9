//! Recordings that sit far from their genre in the space of the 57 columns.
//!
//! Columns are brought to one scale by their median and median absolute deviation over all recordings, and
//! limited to ±5, so that no single odd column decides. Distances are Euclidean, and a recording is never
//! compared with itself or its duplicates. Both findings are hints: good music may be unlike its genre.
//!
//! - Far from its genre: the logarithm of the mean distance to the 5 nearest of its genre lies more than 3.5 robust
//!   standard deviations above the genre's median (the modified z-score of B. Iglewicz and D. C. Hoaglin, *How to
//!   detect and handle outliers*, 1993).
//! - Nearer another genre: of the 10 nearest recordings at least 8 are of one other genre (the edited
//!   nearest-neighbour rule of D. L. Wilson, IEEE Trans. SMC 2, 1972, made strict).

use crate::features::table::COLUMNS;
use rayon::prelude::*;

/// Nearest recordings of its genre that a recording is measured by.
pub const OWN: usize = 5;
/// Robust standard deviations from which on a recording is far from its genre.
pub const FAR: f64 = 3.5;
/// Nearest recordings of any genre that are asked …
pub const ASKED: usize = 10;
/// … and how many of them must be of one other genre.
pub const AGREE: usize = 8;
/// Smallest genre that says what is usual in it.
pub const LEAST: usize = 8;
/// Largest deviation of a column that counts.
const LIMIT: f64 = 5.0;
/// Median absolute deviations in a normal distribution's standard deviation.
const MAD: f64 = 1.4826;

/// A recording in feature space.
#[derive(Debug, Clone, Copy)]
pub struct Point<'a> {
    /// The 57 columns.
    pub features: &'a [f64; COLUMNS],
    /// Number of its genre.
    pub genre: usize,
    /// Number that duplicates share.
    pub group: usize,
}

/// What is odd about a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Oddity {
    /// It is this many robust standard deviations further from its genre than is usual in it.
    Far(f64),
    /// So many of its nearest recordings are of this other genre.
    Nearer {
        /// Number of the genre.
        genre: usize,
        /// How many of [`ASKED`].
        votes: usize,
    },
}

/// The odd ones among recordings, by index.
pub fn oddities(points: &[Point<'_>]) -> Vec<(usize, Oddity)> {
    let scaled = standardised(points);
    let genres = points.iter().map(|p| p.genre + 1).max().unwrap_or(0);
    let neighbours: Vec<(Option<f64>, Option<Oddity>)> = (0..points.len())
        .into_par_iter()
        .map(|i| {
            let others = (0..points.len()).filter(|&j| j != i && points[j].group != points[i].group);
            let mut near: Vec<(f64, usize)> =
                others.map(|j| (distance(&scaled[i], &scaled[j]), points[j].genre)).collect();
            near.sort_by(|x, y| x.0.total_cmp(&y.0));
            (own_distance(&near, points[i].genre), nearer(&near, points[i].genre, genres))
        })
        .collect();
    let mut found = Vec::new();
    for genre in 0..genres {
        let own = |i: &usize| points[*i].genre == genre;
        let (members, logs): (Vec<usize>, Vec<f64>) =
            (0..points.len()).filter(own).filter_map(|i| Some((i, neighbours[i].0?.ln()))).unzip();
        let (centre, spread) = centre_and_spread(&logs);
        if members.len() >= LEAST && spread > 0.0 {
            let scores = members.iter().zip(logs).map(|(&i, log)| (i, (log - centre) / spread));
            found.extend(scores.filter(|(_, z)| *z > FAR).map(|(i, z)| (i, Oddity::Far(z))));
        }
    }
    let nearer = neighbours.iter().enumerate().filter_map(|(i, (_, oddity))| Some((i, (*oddity)?)));
    found.extend(nearer);
    found.sort_by_key(|(i, _)| *i);
    found
}

/// Mean distance to the nearest recordings of its genre.
fn own_distance(near: &[(f64, usize)], genre: usize) -> Option<f64> {
    let own: Vec<f64> = near.iter().filter(|n| n.1 == genre).map(|n| n.0).take(OWN).collect();
    let mean = own.iter().sum::<f64>() / OWN as f64;
    (own.len() == OWN && mean > 0.0).then_some(mean)
}

fn nearer(near: &[(f64, usize)], own: usize, genres: usize) -> Option<Oddity> {
    let mut votes = vec![0; genres];
    near.iter().take(ASKED).for_each(|n| votes[n.1] += 1);
    let genre = (0..genres).filter(|&genre| genre != own).max_by_key(|&genre| votes[genre])?;
    (votes[genre] >= AGREE).then_some(Oddity::Nearer { genre, votes: votes[genre] })
}

fn standardised(points: &[Point<'_>]) -> Vec<[f64; COLUMNS]> {
    let scales: Vec<(f64, f64)> = (0..COLUMNS)
        .map(|column| centre_and_spread(&points.iter().map(|p| p.features[column]).collect::<Vec<_>>()))
        .collect();
    let scaled = |value: f64, (centre, spread): (f64, f64)| {
        if spread > 0.0 { ((value - centre) / spread).clamp(-LIMIT, LIMIT) } else { 0.0 }
    };
    points.iter().map(|p| std::array::from_fn(|column| scaled(p.features[column], scales[column]))).collect()
}

/// Median, and median absolute deviation as an estimate of the standard deviation.
fn centre_and_spread(values: &[f64]) -> (f64, f64) {
    let centre = median(values.to_vec());
    (centre, MAD * median(values.iter().map(|v| (v - centre).abs()).collect()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn distance(x: &[f64; COLUMNS], y: &[f64; COLUMNS]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::signals::noise;
    use super::*;

    /// Two genres of 20 recordings that lie apart, and one more at `odd` that is said to be of the first.
    fn found(odd: f64) -> Vec<(usize, Oddity)> {
        let random = noise(5, 1.0);
        let features: Vec<[f64; COLUMNS]> = (0..41)
            .map(|i| {
                let centre = if i == 40 { odd } else { f64::from(i / 20) * 6.0 };
                std::array::from_fn(|column| centre + f64::from(random[i as usize * COLUMNS + column]))
            })
            .collect();
        let points: Vec<Point> = features
            .iter()
            .enumerate()
            .map(|(i, features)| Point { features, genre: if i == 40 { 0 } else { i / 20 }, group: i })
            .collect();
        oddities(&points)
    }

    #[test]
    fn one_among_its_own_is_not_odd() {
        assert_eq!(found(0.0), []);
    }

    #[test]
    fn one_among_others_is_nearer_them() {
        let found = found(6.0);
        assert!(found.contains(&(40, Oddity::Nearer { genre: 1, votes: 10 })), "{found:?}");
    }

    #[test]
    fn one_beside_all_is_far() {
        let found = found(-20.0);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(matches!(found[0], (40, Oddity::Far(z)) if z > FAR));
    }
}
