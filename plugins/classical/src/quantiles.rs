//! Splits of large nodes: between quantiles of a column instead of all its values.

use crate::split::NodeRow;
use crate::sweep::purity_of;
#[cfg(target_arch = "x86_64")]
use std::mem::transmute;

/// Bins of a column; a `u8` is always the number of one.
const BINS: usize = 256;

/// Classes counted in one go.
const LANES: usize = 8;

/// Nodes of no more rows are searched value by value: that costs less, and there it matters more where exactly a cut is.
const FEW: usize = 128;

/// One row, above how often it counts.
const ROW: u32 = 1 << 16;

/// Rows, each as often as it counts, that a class count in 16 bits can hold.
const MOST: u64 = i16::MAX as u64;

/// By column: every row's bin, of which each holds about as many rows.
pub(crate) struct Quantiles {
    /// By column, then by row.
    bins: Vec<Vec<u8>>,
    /// By column, then by bin: the greatest rank in it or in those before.
    ends: Vec<Vec<u32>>,
}

impl Quantiles {
    /// From the ranks of rows, by column; none where no node can be large.
    pub fn new(ranks: &[Vec<u32>]) -> Option<Self> {
        ranks.first().filter(|ranks| ranks.len() > FEW)?;
        let (bins, ends) = ranks.iter().map(|ranks| binned(ranks)).unzip();
        Some(Self { bins, ends })
    }

    /// Bytes that it needs.
    pub fn memory(rows: usize, columns: usize) -> u64 {
        if rows > FEW { (rows + 4 * BINS) as u64 * columns as u64 } else { 0 }
    }
}

/// Every row's bin, and every bin's greatest rank.
fn binned(ranks: &[u32]) -> (Vec<u8>, Vec<u32>) {
    let distinct = ranks.iter().max().map_or(0, |&rank| rank as usize + 1);
    let mut before = vec![0; distinct];
    ranks.iter().for_each(|&rank| before[rank as usize] += 1);
    let mut ends = vec![0; BINS];
    let mut rows = 0;
    // From how many rows have a rank to which bin it is in.
    for (rank, before) in before.iter_mut().enumerate() {
        let bin = rows * BINS / ranks.len();
        rows += std::mem::replace(before, bin);
        ends[bin] = rank as u32;
    }
    for bin in 1..BINS {
        ends[bin] = ends[bin].max(ends[bin - 1]);
    }
    (ranks.iter().map(|&rank| before[rank as usize] as u8).collect(), ends)
}

/// A cut after a bin.
pub(crate) struct BinnedCut {
    /// Greatest rank that goes to the left side.
    pub rank: u32,
    /// The sum of both sides' purity.
    pub purity: f64,
}

/// Counts classes by bin; holds what is reused from search to search.
pub(crate) struct BinSearch {
    /// By bin, then by class: how often it counts. As many lanes as there are classes, rounded up.
    counts: Vec<Counts>,
    /// By bin: how many rows there are, and how often they count in the [`ROW`] below.
    rows: [u32; BINS],
    /// The node's counts, and those on the left side of a cut.
    total: Vec<Counts>,
    left: Vec<Counts>,
    /// By bin, of a cut after it: `Σ left²`, `Σ left · total` and `Σ left` over the classes.
    sums: [[f64; BINS]; 3],
    /// By bin: how many rows are on the left of a cut after it.
    left_rows: [usize; BINS],
    purities: [f64; BINS],
}

impl BinSearch {
    /// For so many classes.
    pub fn new(classes: usize) -> Self {
        let lanes = classes.div_ceil(LANES);
        Self {
            counts: Vec::new(),
            rows: [0; BINS],
            left_rows: [0; BINS],
            total: vec![[0; LANES]; lanes],
            left: vec![[0; LANES]; lanes],
            sums: [[0.0; BINS]; 3],
            purities: [0.0; BINS],
        }
    }

    /// Bytes that searches in a table of so many rows need: with more classes than these allow for there is none.
    pub fn memory(rows: usize) -> usize {
        size_of::<Self>() + 2 * rows.div_ceil(FEW) * BINS * size_of::<Counts>()
    }

    /// Whether this is the way to search a node of so many rows, given how often its classes count.
    pub fn suits(&self, rows: usize, counts: &[u32]) -> bool {
        rows > FEW * self.total.len().div_ceil(2)
            && counts.iter().map(|&count| u64::from(count)).sum::<u64>() <= MOST
    }

    /// The purest cut between two bins of a column that leaves at least `fewest` rows on each side, the lowest where several are;
    /// none where every cut leaves fewer. `counts` are how often the rows' classes count.
    pub fn purest(
        &mut self,
        quantiles: &Quantiles,
        column: usize,
        rows: &[NodeRow],
        counts: &[u32],
        fewest: usize,
    ) -> Option<BinnedCut> {
        self.count(&quantiles.bins[column], rows);
        self.total
            .as_flattened_mut()
            .iter_mut()
            .zip(counts)
            .for_each(|(total, &count)| *total = count as i16);
        // SAFETY: the instructions that it asks for are those that every processor of the kind has.
        #[allow(unused_unsafe, reason = "other kinds are asked for none")]
        unsafe {
            self.add_up();
        }
        let [squares, products, lefts] = &self.sums;
        let total: f64 = counts.iter().map(|&count| f64::from(count)).sum();
        let total_squares: f64 = counts.iter().map(|&count| f64::from(count) * f64::from(count)).sum();
        for (bin, purity) in self.purities.iter_mut().enumerate() {
            // Σ (total - left)².
            let right_squares = total_squares - 2.0 * products[bin] + squares[bin];
            *purity = purity_of([squares[bin], right_squares], [lefts[bin], total - lefts[bin]]);
        }
        let (mut purest, mut best) = (f64::NEG_INFINITY, None);
        for (bin, (&purity, &left_rows)) in self.purities.iter().zip(&self.left_rows).enumerate() {
            // Where a side is empty the purity is not a number.
            if purity > purest && left_rows.min(rows.len() - left_rows) >= fewest {
                (purest, best) = (purity, Some(bin));
            }
        }
        best.map(|bin| BinnedCut { rank: quantiles.ends[column][bin], purity: purest })
    }

    /// Counts the rows and their classes by bin.
    fn count(&mut self, bins: &[u8], rows: &[NodeRow]) {
        let lanes = LANES * self.total.len();
        self.counts.clear();
        self.counts.resize(BINS * self.total.len(), [0; LANES]);
        self.rows.fill(0);
        let counts = self.counts.as_flattened_mut();
        for row in rows {
            let bin = usize::from(bins[row.number as usize]);
            counts[bin * lanes + row.counted.class()] += row.counted.weight() as i16;
            self.rows[bin] += ROW + row.counted.weight();
        }
    }

    /// What the purities of all cuts are made of.
    #[cfg_attr(target_arch = "x86_64", target_feature(enable = "sse2"))]
    fn add_up(&mut self) {
        self.left.fill([0; LANES]);
        let mut left_rows = 0;
        for (bin, counts) in self.counts.chunks_exact(self.total.len()).enumerate() {
            let (mut squares, mut products) = (NOTHING, NOTHING);
            for ((left, counts), total) in self.left.iter_mut().zip(counts).zip(&self.total) {
                *left = more(*left, *counts);
                (squares, products) = (plus(squares, *left, *left), plus(products, *left, *total));
            }
            left_rows += self.rows[bin];
            self.sums[0][bin] = f64::from(add(squares));
            self.sums[1][bin] = f64::from(add(products));
            self.sums[2][bin] = f64::from(left_rows % ROW);
            self.left_rows[bin] = (left_rows / ROW) as usize;
        }
    }
}

/// How often classes count.
type Counts = [i16; LANES];

/// Sums of products of counts: no more than [`MOST`]² together, as the counts are those of no more rows.
type Sums = [i32; LANES / 2];

const NOTHING: Sums = [0; LANES / 2];

// The compiler does not find these instructions by itself.

/// Adds counts.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn more(a: Counts, b: Counts) -> Counts {
    use std::arch::x86_64::{__m128i, _mm_add_epi16};
    // SAFETY: both types are sixteen bytes, in which every bit may be either.
    unsafe {
        transmute::<__m128i, Counts>(_mm_add_epi16(
            transmute::<Counts, __m128i>(a),
            transmute::<Counts, __m128i>(b),
        ))
    }
}

/// Adds the products of neighbouring pairs to sums.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn plus(sums: Sums, a: Counts, b: Counts) -> Sums {
    use std::arch::x86_64::{__m128i, _mm_add_epi32, _mm_madd_epi16};
    // SAFETY: all these types are sixteen bytes, in which every bit may be either.
    unsafe {
        let products = _mm_madd_epi16(transmute::<Counts, __m128i>(a), transmute::<Counts, __m128i>(b));
        transmute::<__m128i, Sums>(_mm_add_epi32(transmute::<Sums, __m128i>(sums), products))
    }
}

/// Adds counts.
#[cfg(not(target_arch = "x86_64"))]
fn more(a: Counts, b: Counts) -> Counts {
    std::array::from_fn(|lane| a[lane] + b[lane])
}

/// Adds the products of neighbouring pairs to sums.
#[cfg(not(target_arch = "x86_64"))]
fn plus(sums: Sums, a: Counts, b: Counts) -> Sums {
    let product = |lane: usize| i32::from(a[lane]) * i32::from(b[lane]);
    std::array::from_fn(|pair| sums[pair] + product(2 * pair) + product(2 * pair + 1))
}

fn add([a, b, c, d]: Sums) -> i32 {
    (a + c) + (b + d)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use crate::sweep::{Counted, purity};
    use genre_bench_api::random_stream;
    use rand::Rng;

    #[test]
    fn bins_hold_equally_many_rows_where_values_allow_it() {
        let ranks: Vec<u32> = (0..512).map(|row| row * 7 % 512).collect();
        let (bins, ends) = binned(&ranks);
        assert_eq!(bins, ranks.iter().map(|rank| (rank / 2) as u8).collect::<Vec<u8>>());
        assert_eq!(ends, (0..256).map(|bin| 2 * bin + 1).collect::<Vec<u32>>());
        // Half of the rows have the least value.
        let (bins, ends) = binned(&[0, 0, 1, 2]);
        assert_eq!(bins, [0, 0, 128, 192]);
        assert_eq!([0, 127, 128, 191, 192, 255].map(|bin| ends[bin]), [0, 0, 1, 1, 2, 2]);
    }

    /// Beside all cuts between bins, taken one by one.
    #[test]
    fn the_purest_cut_between_bins_is_found() {
        let mut rng = random_stream(0, "cuts between bins");
        for (classes, distinct, fewest) in [(2, 1000, 1), (10, 1000, 1), (10, 7, 1), (40, 900, 30), (3, 1, 1)]
        {
            let ranks: Vec<u32> = (0..2000_u32).map(|row| row * 7 % distinct).collect();
            let quantiles = Quantiles::new(std::slice::from_ref(&ranks)).unwrap();
            let rows: Vec<NodeRow> = (0..2000)
                .filter(|row| row % 3 != 1)
                .map(|number| {
                    let class = (ranks[number as usize] as usize / 50 + rng.gen_range(0..classes)) % classes;
                    NodeRow { number, counted: Counted::new(class, rng.gen_range(1..4)) }
                })
                .collect();
            let counts = |goes_in: &dyn Fn(u32) -> bool| {
                let mut counts = vec![0; classes];
                for row in rows.iter().filter(|row| goes_in(ranks[row.number as usize])) {
                    counts[row.counted.class()] += row.counted.weight();
                }
                counts
            };
            let mut expected: Option<(u32, f64)> = None;
            for &end in &quantiles.ends[0] {
                let left_rows = rows.iter().filter(|row| ranks[row.number as usize] <= end).count();
                let purity = purity(&counts(&|rank| rank <= end)) + purity(&counts(&|rank| rank > end));
                let is_allowed = left_rows.min(rows.len() - left_rows) >= fewest;
                if is_allowed && expected.is_none_or(|(_, best)| purity > best) {
                    expected = Some((end, purity));
                }
            }
            let mut search = BinSearch::new(classes);
            for _ in 0..2 {
                let found = search.purest(&quantiles, 0, &rows, &counts(&|_| true), fewest);
                assert_eq!(
                    found.map(|cut| (cut.rank, cut.purity)),
                    expected,
                    "{classes} classes, {distinct} values"
                );
            }
        }
    }
}
