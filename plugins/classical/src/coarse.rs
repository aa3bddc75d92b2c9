//! Who may be near, by products in eight bits.

use crate::eight_bits::{Coarse, LANES, MOST_COLUMNS};
use ndarray::parallel::prelude::*;
use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::slice::ParallelSliceMut as _;

/// Rows next to each other: as many sums of 32 bits as a register holds.
const PANEL: usize = 16;
/// Panels that are multiplied at once.
const PANELS: usize = 4;
/// Examples that they are multiplied with: so many sums are held in registers.
const EXAMPLES: usize = 6;
/// Rows that a block of examples is compared with before the next ones: so many of 1024 columns stay in a core's cache.
const STRETCH: usize = 512;

/// More than roundings change a bound by, as a share of `|b|²` and of `|a|·|b|`: of the bound itself, and of the distances in double
/// precision that it bounds.
const ROUNDING: f64 = 1.0 / 65_536.0;

/// Four columns of a panel's rows, the rows one after the other.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Four([[i8; 4]; PANEL]);

/// What is known of the rows of a panel besides their multiples. What only fills it up has a square that is no number.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Terms {
    /// Where sums of products begin, so that multiples greater by 128 give what the multiples themselves would.
    start: [i32; PANEL],
    /// Twice the step.
    step: [f32; PANEL],
    /// Twice the norm.
    norm: [f32; PANEL],
    /// The squared norm, less what roundings may change.
    square: [f32; PANEL],
}

/// A table in eight bits, to find out who of its rows `b` may be near an example `a`.
///
/// Let `â` and `b̂` be [whole multiples](Coarse) of a step, `a = â + e` and `b = b̂ + f`. By the inequality of Cauchy and Schwarz, `a·b - â·b̂ =
/// e·b + â·f` is at most `(ε + (1 + ε)·φ)·|a|·|b|` with `ε = |e| / |a|` and `φ = |f| / |b|`. So `|b|² - 2·â·b̂`, less twice that, is no
/// more than `|a - b|² - |a|²`; and `â·b̂` is a sum of products of eight bits, four times as many of which a processor adds up at once as in
/// single precision.
pub(crate) struct CoarseTable {
    rows: usize,
    /// Of every panel, a [`Four`] after the other.
    panels: Vec<Four>,
    terms: Vec<Terms>,
    /// The largest `φ`.
    left_out: f64,
}

/// Examples that are compared at once.
struct Tile {
    /// Four columns of all of them, multiples plus 128, and the next four.
    fours: Vec<[[u8; 4]; EXAMPLES]>,
    asked: [Asked; EXAMPLES],
}

/// An example, and who may be among its nearest.
#[derive(Default)]
struct Asked {
    step: f32,
    /// `(ε + (1 + ε)·φ)·|a|`.
    width: f32,
    /// What roundings may change, as a share of `|a|²`.
    margin: f32,
    /// The largest bound of a row that may be among the nearest; no number where that is not told.
    reach: f32,
    /// Bound and index of the rows.
    found: Vec<(f32, usize)>,
    /// So many of them are worth a look at the reach.
    enough: usize,
}

impl CoarseTable {
    /// Bytes of one.
    pub fn need(rows: usize, columns: usize) -> u64 {
        let rows = rows.next_multiple_of(PANEL * PANELS);
        (rows * (columns.next_multiple_of(4) + size_of::<Terms>() / PANEL)) as u64
    }

    /// None where this processor has no such products, or the table is not of numbers that they are good for.
    ///
    /// Squared norms are those of the rows.
    pub fn new(table: ArrayView2<f32>, squares: &[f64]) -> Option<Self> {
        let (rows, columns) = table.dim();
        if !has_products() || columns == 0 || columns > MOST_COLUMNS {
            return None;
        }
        let depth = columns.div_ceil(4);
        let count = rows.div_ceil(PANEL * PANELS) * PANELS;
        let none =
            Terms { start: [0; PANEL], step: [0.0; PANEL], norm: [0.0; PANEL], square: [f32::NAN; PANEL] };
        let (mut panels, mut terms) = (vec![Four([[0; 4]; PANEL]); count * depth], vec![none; count]);
        let left_out = panels
            .par_chunks_mut(depth)
            .zip(&mut terms)
            .enumerate()
            .map(|(at, (panel, terms))| {
                let mut left_out = 0.0_f64;
                let first = (at * PANEL).min(rows);
                for (lane, (row, square)) in (first..rows).zip(&squares[first..]).take(PANEL).enumerate() {
                    let (coarse, multiples) = coarsen(table.row(row))?;
                    for (four, multiples) in panel.iter_mut().zip(multiples.as_chunks().0) {
                        four.0[lane] = *multiples;
                    }
                    terms.start[lane] =
                        -128 * multiples.iter().map(|&multiple| i32::from(multiple)).sum::<i32>();
                    terms.step[lane] = 2.0 * coarse.step;
                    terms.norm[lane] = 2.0 * coarse.norm as f32;
                    terms.square[lane] = (square * (1.0 - ROUNDING)) as f32;
                    left_out = left_out.max(coarse.left_out);
                }
                Some(left_out)
            })
            .try_reduce(|| 0.0, |a, b| Some(a.max(b)))?;
        Some(Self { rows, panels, terms, left_out })
    }

    /// Who may be among the `k` nearest of each example of a block: indices, and no more than `|a - b|² - |a|²`. None where they are too
    /// many to be worth it.
    pub fn candidates(&self, examples: ArrayView2<f32>, k: usize) -> Vec<Option<Vec<(f32, usize)>>> {
        let most = (self.rows / 16).max(4 * k);
        let tile = |examples| Tile::new(examples, self.left_out, k);
        let mut tiles: Vec<Tile> = examples.axis_chunks_iter(Axis(0), EXAMPLES).map(tile).collect();
        let depth = self.panels.len() / self.terms.len();
        let stretches = self.panels.chunks(STRETCH / PANEL * depth).zip(self.terms.chunks(STRETCH / PANEL));
        let mut highest = Vec::new();
        for (stretch, (panels, terms)) in stretches.enumerate() {
            for tile in tiles.iter_mut().filter(|tile| tile.asked.iter().any(|asked| !asked.reach.is_nan())) {
                let panels = panels.chunks_exact(PANELS * depth);
                for (at, (panels, terms)) in panels.zip(terms.as_chunks::<PANELS>().0).enumerate() {
                    // SAFETY: there is no such table where the processor has no such products.
                    unsafe { compare(tile, panels, terms, stretch * STRETCH + at * PANEL * PANELS) };
                    for asked in tile.asked.iter_mut().filter(|asked| asked.found.len() >= asked.enough) {
                        asked.narrow(self, k, most, &mut highest);
                    }
                }
            }
        }
        let found = |mut asked: Asked| {
            asked.narrow(self, k, most, &mut highest);
            (!asked.reach.is_nan()).then_some(asked.found)
        };
        tiles.into_iter().flat_map(|tile| tile.asked).take(examples.nrows()).map(found).collect()
    }
}

impl Tile {
    /// Of no more than [`EXAMPLES`]; where they are fewer, others are added that are near nobody.
    fn new(examples: ArrayView2<f32>, left_out: f64, k: usize) -> Self {
        let mut fours = vec![[[128; 4]; EXAMPLES]; examples.ncols().div_ceil(4)];
        let asked = std::array::from_fn(|at| {
            let Some((coarse, multiples)) =
                (at < examples.nrows()).then(|| coarsen(examples.row(at))).flatten()
            else {
                return Asked { reach: f32::NAN, ..Asked::default() };
            };
            for (fours, multiples) in fours.iter_mut().zip(multiples.as_chunks().0) {
                fours[at] = multiples.map(|multiple: i8| multiple.wrapping_add(-128) as u8);
            }
            let share = coarse.left_out + (1.0 + coarse.left_out) * left_out + ROUNDING;
            Asked {
                step: coarse.step,
                width: (share * coarse.norm) as f32,
                margin: (ROUNDING * coarse.norm * coarse.norm) as f32,
                reach: f32::INFINITY,
                found: Vec::with_capacity(2 * PANEL * PANELS),
                enough: (PANEL * PANELS).max(k),
            }
        });
        Self { fours, asked }
    }
}

impl Asked {
    /// Lowers the reach to what those found say, and forgets who is out of it; gives up where that leaves more than `most`.
    fn narrow(&mut self, table: &CoarseTable, k: usize, most: usize, highest: &mut Vec<f32>) {
        if self.found.len() >= k {
            let no_less = |&(bound, at): &(f32, usize)| {
                let terms = &table.terms[at / PANEL];
                let (norm, square) = (terms.norm[at % PANEL], terms.square[at % PANEL]);
                bound + 2.0 * self.width * norm + 2.0 * ROUNDING as f32 * square
            };
            highest.clear();
            highest.extend(self.found.iter().map(no_less));
            let reach = *highest.select_nth_unstable_by(k - 1, f32::total_cmp).1 + self.margin;
            self.reach = self.reach.min(reach);
            self.found.retain(|&(bound, _)| bound <= reach);
        }
        self.enough = 2 * self.found.len() + PANEL * PANELS;
        if self.found.len() > most {
            self.reach = f32::NAN;
            self.found = Vec::new();
        }
    }
}

/// A row in eight bits, filled up with zeros to whole [`LANES`].
fn coarsen(row: ArrayView1<f32>) -> Option<(Coarse, Vec<i8>)> {
    let mut values = vec![[0.0; LANES]; row.len().div_ceil(LANES)];
    values.as_flattened_mut().iter_mut().zip(row).for_each(|(to, &value)| *to = value);
    let mut multiples = vec![[0; LANES]; values.len()];
    Some((Coarse::of(&values, &mut multiples)?, multiples.into_flattened()))
}

/// Whether this processor has the instructions that [`compare`] is made of.
fn has_products() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Adds the rows of some panels that are within reach of examples to those found.
///
/// # Safety
///
/// The processor [has the products](has_products).
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn compare(tile: &mut Tile, panels: &[Four], terms: &[Terms; PANELS], first: usize) {
    use std::arch::x86_64::*;
    let depth = tile.fours.len();
    let panels: [&[Four]; PANELS] = std::array::from_fn(|panel| &panels[panel * depth..][..depth]);
    let start = |panel: usize| {
        // SAFETY: it is as long as a register.
        unsafe { _mm512_loadu_si512(terms[panel].start.as_ptr().cast()) }
    };
    let mut sums: [[__m512i; PANELS]; EXAMPLES] = [std::array::from_fn(start); EXAMPLES];
    for (at, fours) in tile.fours.iter().enumerate() {
        let rows = panels.map(|panel| {
            // SAFETY: as above.
            unsafe { _mm512_loadu_si512(panel[at].0.as_ptr().cast()) }
        });
        for (sums, &four) in sums.iter_mut().zip(fours) {
            let four = _mm512_set1_epi32(i32::from_ne_bytes(four));
            for (sum, rows) in sums.iter_mut().zip(rows) {
                *sum = _mm512_dpbusd_epi32(*sum, four, rows);
            }
        }
    }
    let load = |values: &[f32; PANEL]| {
        // SAFETY: as above.
        unsafe { _mm512_loadu_ps(values.as_ptr()) }
    };
    for (asked, sums) in tile.asked.iter_mut().zip(sums) {
        let (step, width) = (_mm512_set1_ps(asked.step), _mm512_set1_ps(asked.width));
        let reach = _mm512_set1_ps(asked.reach);
        let mut bounds = [_mm512_setzero_ps(); PANELS];
        let mut near = 0;
        for (panel, (sum, terms)) in sums.into_iter().zip(terms).enumerate() {
            let products = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), load(&terms.step));
            let bound = _mm512_fnmadd_ps(step, products, load(&terms.square));
            bounds[panel] = _mm512_fnmadd_ps(width, load(&terms.norm), bound);
            near |= u64::from(_mm512_cmp_ps_mask::<_CMP_LE_OQ>(bounds[panel], reach)) << (panel * PANEL);
        }
        if near != 0 {
            let mut values = [[0.0; PANEL]; PANELS];
            for (values, bounds) in values.iter_mut().zip(bounds) {
                // SAFETY: as above.
                unsafe { _mm512_storeu_ps(values.as_mut_ptr(), bounds) };
            }
            while near != 0 {
                let row = near.trailing_zeros() as usize;
                asked.found.push((values.as_flattened()[row], first + row));
                near &= near - 1;
            }
        }
    }
}

/// Never called: there is no table of it.
///
/// # Safety
///
/// None.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn compare(_: &mut Tile, _: &[Four], _: &[Terms; PANELS], _: usize) {}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::random_stream;
    use ndarray::{Array2, ArrayBase, Data, Ix1};
    use rand::Rng;

    fn square<S: Data<Elem = f32>>(row: &ArrayBase<S, Ix1>) -> f64 {
        row.iter().map(|&value| f64::from(value).powi(2)).sum()
    }

    #[test]
    fn bounds_are_none_too_high_and_leave_few() {
        let mut rng = random_stream(0, "bounds in eight bits");
        let rows = 40 * PANEL + 3;
        let table = Array2::from_shape_fn((rows, 70), |(row, column)| {
            ((row * column) % 101) as f32 / 10.0 - 5.0 + rng.gen_range(-0.3..0.3)
        });
        let squares: Vec<f64> = table.rows().into_iter().map(|row| square(&row)).collect();
        let Some(coarse) = CoarseTable::new(table.view(), &squares) else {
            assert!(!has_products());
            return;
        };
        for (at, found) in coarse.candidates(table.view(), 3).into_iter().enumerate() {
            let found = found.unwrap();
            assert!(found.iter().any(|&(_, row)| row == at), "an example is near itself");
            assert!(found.len() < rows / 16, "{} are near", found.len());
            for (bound, row) in found {
                let distance = square(&(&table.row(row) - &table.row(at)));
                assert!(f64::from(bound) <= distance - squares[at] + 1e-9);
            }
        }
        // Nobody is nearer than others.
        let alike = CoarseTable::new(Array2::ones((rows, 70)).view(), &vec![70.0; rows]).unwrap();
        assert_eq!(alike.candidates(table.slice(ndarray::s![..7, ..]), 3), vec![None; 7]);
    }

    #[test]
    fn there_is_no_table_of_what_eight_bits_are_not_good_for() {
        for value in [1e20, 1e-20, f32::INFINITY, f32::NAN] {
            let mut table = Array2::ones((20, 3));
            table.row_mut(4).fill(value);
            assert!(CoarseTable::new(table.view(), &[1.0; 20]).is_none(), "{value}");
        }
        assert!(CoarseTable::new(Array2::zeros((2, 0)).view(), &[0.0; 2]).is_none());
        assert!(CoarseTable::new(Array2::zeros((1, MOST_COLUMNS + 1)).view(), &[0.0]).is_none());
    }
}
