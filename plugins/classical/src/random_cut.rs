//! Cuts of a node's rows at a value drawn at random.

use crate::node::Run;
use genre_bench_api::wide;

/// The least and the greatest of some keys, of which there is one at least.
pub(crate) fn extremes<T: Copy + Ord + Default>(keys: &[T]) -> (T, T) {
    wide(
        #[inline(always)]
        || {
            let first = keys.first().copied().unwrap_or_default();
            keys.iter().fold((first, first), |(least, greatest), &key| (least.min(key), greatest.max(key)))
        },
    )
}

/// The sum of both sides' [`purity`](crate::sweep::purity) where a node's rows, which count once each and come class by class, are cut behind
/// the keys up to a limit, and how many rows are on the left.
pub(crate) fn purity_at(keys: &[u32], runs: &[Run], limit: u32) -> (f64, usize) {
    let (mut squares, mut left_rows, mut first) = ([0_u64; 2], 0, 0);
    wide(
        #[inline(always)]
        || {
            for run in runs {
                let keys = &keys[first..run.end];
                let left: u32 = keys.iter().map(|&key| u32::from(key <= limit)).sum();
                let sides = [left, run.count - left].map(u64::from);
                squares = [0, 1].map(|side| squares[side] + sides[side] * sides[side]);
                left_rows += left as usize;
                first = run.end;
            }
        },
    );
    let purity = squares[0] as f64 / left_rows as f64 + squares[1] as f64 / (keys.len() - left_rows) as f64;
    (purity, left_rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::purity;
    use genre_bench_api::random_stream;
    use rand::Rng;

    #[test]
    fn extremes_are_the_least_and_the_greatest() {
        let mut rng = random_stream(0, "extremes");
        for count in [1, 2, 15, 16, 83] {
            let keys: Vec<u16> = (0..count).map(|_| rng.gen_range(3..900)).collect();
            let expected = (*keys.iter().min().unwrap(), *keys.iter().max().unwrap());
            assert_eq!(extremes(&keys), expected);
        }
    }

    #[test]
    fn purity_is_that_of_both_sides() {
        let mut rng = random_stream(0, "purity at random");
        let mut runs = Vec::new();
        let (mut end, mut sides) = (0, [vec![], vec![]]);
        let mut keys = Vec::new();
        for class in [0, 2, 3] {
            let of_class: Vec<u32> = (0..40 + class).map(|_| rng.gen_range(0..1000)).collect();
            end += of_class.len();
            runs.push(Run { class, end, count: of_class.len() as u32 });
            let left = of_class.iter().filter(|&&key| key <= 600).count();
            sides[0].push(left as u32);
            sides[1].push((of_class.len() - left) as u32);
            keys.extend(of_class);
        }
        let left_rows = sides[0].iter().sum::<u32>() as usize;
        assert_eq!(purity_at(&keys, &runs, 600), (purity(&sides[0]) + purity(&sides[1]), left_rows));
    }
}
