//! The purest of all cuts of a few rows, without sorting them.

use crate::node::Run;
use crate::sweep::purity_of;
use genre_bench_api::wide;

/// Rows that this is the way for: comparing all with all is fast, as nothing depends on the outcome and sixteen comparisons are made at
/// once.
pub(crate) const FEW: usize = 128;

/// Cuts that are counted at once.
const LANES: usize = 16;

/// A cut of a node's rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CutOfFew {
    /// The greatest code on the left side, and the least on the right side.
    pub codes: [u16; 2],
    /// The sum of both sides' purity.
    pub purity: f64,
}

/// The purest cut between two rows of different codes that leaves at least `fewest` on each side, the lowest where several are; the rows
/// are no more than [`FEW`], come class by class in these runs and count as often as `weights` say.
pub(crate) fn purest(codes: &[u16], weights: &[u16], runs: &[Run], fewest: usize) -> Option<CutOfFew> {
    wide(
        #[inline(always)]
        || {
            let greatest = codes.iter().copied().max()?;
            let mut best: Option<(f64, u16)> = None;
            for cuts in codes.chunks(LANES) {
                // What is filled up is no cut.
                let mut limits = [greatest; LANES];
                limits[..cuts.len()].copy_from_slice(cuts);
                let mut purities = purities(codes, weights, runs, &limits);
                if fewest > 1 {
                    let rows = |limit: u16| codes.iter().filter(|&&code| code <= limit).count();
                    for (purity, &limit) in purities.iter_mut().zip(&limits) {
                        let left = rows(limit);
                        if left.min(codes.len() - left) < fewest {
                            *purity = f64::NEG_INFINITY;
                        }
                    }
                }
                let purest = greatest_of(purities);
                if purest == f64::NEG_INFINITY || best.is_some_and(|(purity, _)| purest < purity) {
                    continue;
                }
                let lowest = (purities.iter().zip(limits)).fold(greatest, |low, (&purity, limit)| {
                    if purity == purest { low.min(limit) } else { low }
                });
                best = Some(match best {
                    Some((purity, limit)) if purity == purest => (purity, limit.min(lowest)),
                    _ => (purest, lowest),
                });
            }
            best.map(|(purity, left)| {
                let right = codes.iter().map(|&code| if code > left { code } else { greatest }).min();
                CutOfFew { codes: [left, right.unwrap_or(greatest)], purity }
            })
        },
    )
}

/// The purities of cuts behind these codes; less than any where there is nothing on the right.
#[inline(always)]
fn purities(codes: &[u16], weights: &[u16], runs: &[Run], limits: &[u16; LANES]) -> [f64; LANES] {
    let (mut lefts, mut squares, mut products) = ([0_u32; LANES], [0_u32; LANES], [0_u32; LANES]);
    let (mut first, mut total, mut total_squares) = (0, 0, 0);
    for run in runs {
        let mut counts = [0_u16; LANES];
        for (&code, &weight) in codes[first..run.end].iter().zip(&weights[first..run.end]) {
            for (count, &limit) in counts.iter_mut().zip(limits) {
                *count += if code <= limit { weight } else { 0 };
            }
        }
        // No sum is more than (FEW · 255)².
        for lane in 0..LANES {
            let count = u32::from(counts[lane]);
            lefts[lane] += count;
            squares[lane] += count * count;
            products[lane] += count * run.count;
        }
        total += run.count;
        total_squares += run.count * run.count;
        first = run.end;
    }
    std::array::from_fn(|lane| {
        // Σ (total - left)².
        let right_squares = total_squares - 2 * products[lane] + squares[lane];
        let sides = [squares[lane], right_squares].map(f64::from);
        let purity = purity_of(sides, [lefts[lane], total - lefts[lane]].map(f64::from));
        if lefts[lane] < total { purity } else { f64::NEG_INFINITY }
    })
}

/// The greatest of some numbers.
#[inline(always)]
fn greatest_of(mut numbers: [f64; LANES]) -> f64 {
    for width in [8, 4, 2, 1] {
        for at in 0..width {
            let other = numbers[at + width];
            numbers[at] = if other > numbers[at] { other } else { numbers[at] };
        }
    }
    numbers[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::purity;
    use genre_bench_api::random_stream;
    use rand::Rng;

    /// The rule, without the shortcuts.
    fn by_definition(codes: &[u16], weights: &[u16], runs: &[Run], fewest: usize) -> Option<CutOfFew> {
        let class = |row: usize| runs.iter().position(|run| row < run.end).unwrap();
        let mut different = codes.to_vec();
        different.sort_unstable();
        different.dedup();
        let cut = |pair: &[u16]| {
            let mut sides = [vec![0; runs.len()], vec![0; runs.len()]];
            let mut rows = [0, 0];
            for (row, &code) in codes.iter().enumerate() {
                let side = usize::from(code > pair[0]);
                sides[side][class(row)] += u32::from(weights[row]);
                rows[side] += 1;
            }
            let purity = purity(&sides[0]) + purity(&sides[1]);
            (rows[0].min(rows[1]) >= fewest).then_some(CutOfFew { codes: [pair[0], pair[1]], purity })
        };
        different
            .windows(2)
            .filter_map(cut)
            .reduce(|best, cut| if cut.purity > best.purity { cut } else { best })
    }

    #[test]
    fn the_purest_cut_is_found() {
        let mut rng = random_stream(0, "cuts of few");
        for rows in [1, 2, 3, LANES, LANES + 1, 100, FEW] {
            for (classes, codes, fewest) in
                [(1, 9, 1), (2, 60_000, 1), (7, 60_000, 1), (7, 5, 1), (3, 900, 4)]
            {
                let mut ends: Vec<usize> = (1..classes).map(|_| rng.gen_range(1..=rows)).collect();
                ends.push(rows);
                ends.sort_unstable();
                ends.dedup();
                let codes: Vec<u16> = (0..rows).map(|_| rng.gen_range(0..codes)).collect();
                let weights: Vec<u16> = (0..rows).map(|_| rng.gen_range(1..256)).collect();
                let mut first = 0;
                let run = |(class, end)| {
                    let count = weights[first..end].iter().copied().map(u32::from).sum();
                    first = end;
                    Run { class, end, count }
                };
                let runs: Vec<Run> = ends.into_iter().enumerate().map(run).collect();
                let expected = by_definition(&codes, &weights, &runs, fewest);
                assert_eq!(purest(&codes, &weights, &runs, fewest), expected, "{rows} rows, {runs:?}");
            }
        }
    }
}
