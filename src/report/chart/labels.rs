//! Names beside what they name, without covering each other.

use super::{SMALL, font};

/// Places for labels in a column: as near to the wanted ones as they can be with `gap` between neighbours, and within
/// `low` and `high` as far as there is room. In the order of `wanted`.
///
/// Neighbours that would touch become a block around the mean of what its members want (as in isotonic regression), so
/// the sum of squared shifts is the least there is.
pub fn spread(wanted: &[f64], gap: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    // Of the first label of each block: the sum of what its members want of it, and how many they are.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for &at in &order {
        blocks.push((wanted[at], 1));
        while let [.., (above, many), (below, more)] = blocks[..] {
            let (start, height) = (above / many as f64, many as f64 * gap);
            if below / more as f64 >= start + height {
                break;
            }
            blocks.truncate(blocks.len() - 2);
            blocks.push((above + below - more as f64 * height, many + more));
        }
    }
    let mut placed = vec![0.0; wanted.len()];
    let mut next = 0;
    // The room that is left below a block for those after it.
    let mut left = wanted.len() as f64 * gap;
    let mut least = low;
    for (sum, many) in blocks {
        let most = high - (left - gap);
        let start = (sum / many as f64).min(most).max(least);
        for number in 0..many {
            placed[order[next]] = start + number as f64 * gap;
            next += 1;
        }
        left -= many as f64 * gap;
        least = start + many as f64 * gap;
    }
    placed
}

/// A point with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its place.
    pub at: (f64, f64),
    /// Its name.
    pub name: String,
}

/// Where a name stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// The place of its beginning, on the base line.
    pub at: (f64, f64),
    /// Where a line from the point ends, if the name is too far away to be seen as its.
    pub from: Option<(f64, f64)>,
}

/// Room around a point.
const RADIUS: f64 = 5.0;

/// Places for the names of points, small text, within a field from its corner above on the left to the one below on the
/// right, which cover no other point or name and, as far as there is room, not the line through `line`. `None` where no
/// place is free. The first points are the first to choose.
pub fn beside(
    points: &[Point],
    line: &[(f64, f64)],
    corners: ((f64, f64), (f64, f64)),
) -> Vec<Option<Placed>> {
    let ((left, top), (right, bottom)) = corners;
    let around = |(x, y): (f64, f64)| [x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS];
    let mut taken: Vec<[f64; 4]> = points.iter().map(|point| around(point.at)).collect();
    let strokes: Vec<[f64; 4]> = line
        .windows(2)
        .map(|ends| {
            let [(a, b), (c, d)] = [ends[0], ends[1]];
            [a.min(c) - 1.0, b.min(d) - 1.0, a.max(c) + 1.0, b.max(d) + 1.0]
        })
        .collect();
    let mut placed = Vec::new();
    for (number, Point { at, name }) in points.iter().enumerate() {
        let width = font::width(name, SMALL, false);
        let cell = |(x, y): (f64, f64)| [x - 1.0, y - 10.0, x + width + 1.0, y + 3.0];
        let inside = |own: &[f64; 4]| own[0] >= left && own[1] >= top && own[2] <= right && own[3] <= bottom;
        let free = |place: &&Placed| {
            let own = cell(place.at);
            let mut others = taken.iter().enumerate().filter(|(other, _)| *other != number);
            inside(&own) && !others.any(|(_, other)| overlap(&own, other))
        };
        let clear = |place: &&Placed| {
            let own = cell(place.at);
            free(place) && !strokes.iter().any(|stroke| overlap(&own, stroke))
        };
        let places = places(*at, width);
        let found = places.iter().find(clear).or_else(|| places.iter().find(free)).copied();
        taken.extend(found.map(|place| cell(place.at)));
        placed.push(found);
    }
    placed
}

/// Where the name of a point may stand, the best places first: beside it, at its corners, above and below, and then away
/// from it with a line.
fn places((x, y): (f64, f64), width: f64) -> Vec<Placed> {
    let near = RADIUS + 3.0;
    let touching = [
        (x + near, y + 4.0),
        (x - near - width, y + 4.0),
        (x + near - 2.0, y - 6.0),
        (x - near - width + 2.0, y - 6.0),
        (x + near - 2.0, y + 14.0),
        (x - near - width + 2.0, y + 14.0),
        (x - width / 2.0, y - near - 1.0),
        (x - width / 2.0, y + near + 8.0),
    ];
    let mut places: Vec<Placed> = touching.into_iter().map(|at| Placed { at, from: None }).collect();
    for away in [24.0, 38.0, 52.0] {
        for down in [away, -away] {
            // A line ends in the middle of the side of the name that it comes from.
            let end = |x: f64| (x, y + down - if down > 0.0 { 9.0 } else { -3.0 });
            let starts = [x - width / 2.0, x + 10.0, x - 10.0 - width];
            places.extend(starts.into_iter().map(|start| Placed {
                at: (start, y + down),
                from: Some(end(x.clamp(start, start + width))),
            }));
        }
    }
    places
}

fn overlap(a: &[f64; 4], b: &[f64; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_distance_and_their_order() {
        let placed = spread(&[50.0, 51.0, 10.0, 52.0], 10.0, (0.0, 100.0));
        assert_eq!(placed, [41.0, 51.0, 10.0, 61.0]);
        let full = spread(&[99.0; 5], 10.0, (0.0, 100.0));
        assert_eq!(full, [60.0, 70.0, 80.0, 90.0, 100.0]);
        assert!(spread(&[], 10.0, (0.0, 1.0)).is_empty());
        let many: Vec<f64> = (0..30).map(|at| f64::from(at * at % 37)).collect();
        let mut placed = spread(&many, 12.0, (0.0, 400.0));
        placed.sort_by(f64::total_cmp);
        assert!(placed.windows(2).all(|pair| pair[1] - pair[0] >= 12.0 - 1e-9), "{placed:?}");
        assert!(placed[0] >= 0.0 && placed[29] <= 400.0, "{placed:?}");
    }

    #[test]
    fn names_cover_neither_points_nor_names() {
        let points: Vec<Point> = (0..12)
            .map(|at| Point {
                at: (100.0 + f64::from(at % 4) * 9.0, 100.0 + f64::from(at / 4) * 9.0),
                name: "a model".to_owned(),
            })
            .collect();
        let line = [(0.0, 90.0), (300.0, 90.0)];
        let placed = beside(&points, &line, ((0.0, 0.0), (300.0, 300.0)));
        let width = font::width("a model", SMALL, false);
        let cells: Vec<[f64; 4]> = placed
            .iter()
            .flatten()
            .map(|placed| placed.at)
            .map(|(x, y)| [x, y - 9.0, x + width, y + 2.0])
            .collect();
        assert!(cells.len() > 8, "{}", cells.len());
        assert!(cells.iter().all(|cell| !overlap(cell, &[0.0, 90.0, 300.0, 90.0])), "a name on the line");
        for (at, a) in cells.iter().enumerate() {
            assert!(cells[at + 1..].iter().all(|b| !overlap(a, b)));
        }
    }
}
