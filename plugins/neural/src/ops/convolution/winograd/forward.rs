use super::Winograd;
use super::eight::{Eight, Portable, Register};
use super::lines::{Lines, Plane};
use super::maps::{LANES, Maps, apart, both_axes, eight_mut, patch};
use super::weights::MappedWeights;
use crate::ops::cpu::{Panel, Unwritten, depth_blocks, put, wide};
use rayon::prelude::*;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Numbers that a thread has at a time of what tiles see and of their products.
const NUMBERS: usize = 256 * 1024;
/// Tiles that a thread works on at a time, at least and at most: so often mapped kernels are used once they are in the cache.
const TILES: (usize, usize) = (96, 128);

impl Winograd {
    /// The output; every thread takes examples of the batch, and of these, some tiles at a time.
    pub(super) fn convolve<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        input: &[f32],
        weights: &MappedWeights,
        bias: Option<&[f32]>,
    ) -> Vec<f32> {
        let (from, to) = (Plane::read(self.rows, self.columns), Plane::written(self.rows, self.columns));
        let of_input = self.views.channels * from.len();
        let of_output = self.filters * to.len();
        let tiles = (NUMBERS / (P * P * (self.views.depth() + self.filters))).clamp(TILES.0, TILES.1);
        let tiles = tiles.next_multiple_of(LANES);
        let examples =
            (tiles / self.grid.tiles()).clamp(1, self.batch.div_ceil(rayon::current_num_threads()).max(1));
        let mut output = Unwritten::new(self.batch * of_output);
        let parts = output.all().par_chunks_mut(examples * of_output);
        parts.zip(input.par_chunks(examples * of_input)).for_each_init(
            || Tiles::<P>::new(self, from),
            |some, (output, input)| {
                let count = output.len() / of_output * self.grid.tiles();
                for start in (0..count).step_by(tiles) {
                    some.go_to(start..count.min(start + tiles));
                    some.map_inputs::<M, T, O>(input);
                    some.multiply(weights);
                    some.write::<M, T, O>(bias, output);
                }
            },
        );
        // SAFETY: every tile of every filter of every example was written, and tiles cover all outputs.
        unsafe { output.written() }
    }
}

/// Some tiles of some examples, which see so many points along an axis.
struct Tiles<'a, const P: usize> {
    of: &'a Winograd,
    tiles: Range<usize>,
    lines: Lines,
    /// Of every product and [`LANES`] tiles, a row of them for every channel of every view.
    inputs: Vec<f32>,
    /// The same for every filter.
    products: Vec<f32>,
}

impl<'a, const P: usize> Tiles<'a, P> {
    fn new(of: &'a Winograd, plane: Plane) -> Self {
        let lines = Lines::new(of.grid, plane, of.views.side(of.grid), 1);
        Self { of, tiles: 0..0, lines, inputs: Vec::new(), products: Vec::new() }
    }

    fn panels(&self) -> usize {
        self.tiles.len().div_ceil(LANES)
    }

    /// From a product's numbers to the next one's, of so many rows.
    fn apart(&self, rows: usize) -> usize {
        apart(self.panels() * rows * LANES)
    }

    fn go_to(&mut self, tiles: Range<usize>) {
        self.lines.go_to(&tiles);
        self.tiles = tiles;
        self.inputs.resize(P * P * self.apart(self.of.views.depth()), 0.0);
        self.products.resize(P * P * self.apart(self.of.filters), 0.0);
    }

    fn map_inputs<M: Maps<P, T, O>, const T: usize, const O: usize>(&mut self, input: &[f32]) {
        let (panels, views) = (self.panels(), self.of.views);
        let place = |panel: usize, lane: usize| {
            // Lanes that are left over see what the last tile does.
            let tile = self.tiles.start + panel * LANES + lane;
            self.lines.place(tile.min(self.tiles.end - 1))
        };
        let places: Vec<[usize; LANES]> =
            (0..panels).map(|panel| std::array::from_fn(|lane| place(panel, lane))).collect();
        for channel in 0..views.channels {
            self.lines.fill(0, input, |example| example * views.channels + channel);
            for depth in (channel..views.depth()).step_by(views.channels) {
                wide(
                    #[inline(always)]
                    |simd| match simd.is_wide() {
                        true => self.map_view::<M, Register, T, O>(&places, depth),
                        false => self.map_view::<M, Portable, T, O>(&places, depth),
                    },
                );
            }
        }
    }

    /// Of one channel of a view.
    #[inline(always)]
    fn map_view<M: Maps<P, T, O>, N: Eight, const T: usize, const O: usize>(
        &mut self,
        places: &[[usize; LANES]],
        depth: usize,
    ) {
        let (_, above, left) = self.of.views.of(depth);
        let (from, apart) = (above * self.lines.pitch() + left, self.apart(self.of.views.depth()));
        for (panel, places) in places.iter().enumerate() {
            let at = (panel * self.of.views.depth() + depth) * LANES;
            for (half, places) in places.as_chunks::<8>().0.iter().enumerate() {
                both_axes(
                    self.lines.patches::<N, P>(places.map(|place| place + from)),
                    #[inline(always)]
                    |numbers| M::seen::<N>(numbers),
                    #[inline(always)]
                    |row, column, number| {
                        number.store(eight_mut(&mut self.inputs, (row * P + column) * apart + at, half));
                    },
                );
            }
        }
    }

    fn multiply(&mut self, weights: &MappedWeights) {
        let (panels, depth, filters) = (self.panels(), self.of.views.depth(), self.of.filters);
        let (of_inputs, of_products) = (self.apart(depth), self.apart(filters));
        for product in 0..P * P {
            for part in depth_blocks(depth) {
                for group in weights.groups() {
                    let rows = weights.rows(&group, product, part.start);
                    for panel in 0..panels {
                        let seen = product * of_inputs + (panel * depth + part.start) * LANES;
                        let numbers = &self.inputs[seen..][..part.len() * LANES];
                        let at = product * of_products + (panel * filters + group.start) * LANES;
                        let sums = &mut self.products[at..][..group.len() * LANES];
                        let panel = Panel { numbers, width: LANES };
                        match part.start {
                            0 => panel.set_product(rows, group.len(), sums, LANES),
                            _ => panel.add_product(rows, group.len(), sums, LANES),
                        }
                    }
                }
            }
        }
    }

    fn write<M: Maps<P, T, O>, const T: usize, const O: usize>(
        &self,
        bias: Option<&[f32]>,
        output: &mut [MaybeUninit<f32>],
    ) {
        let grid = self.of.grid;
        let (height, width) = (self.of.rows.output, self.of.columns.output);
        // Where a tile is written to in the first filter, and how much of it there is.
        let place = |tile: usize| {
            let (example, tile) = (tile / grid.tiles(), tile % grid.tiles());
            let (row, column) = (tile / grid.columns * O, tile % grid.columns * O);
            let at = example * self.of.filters * height * width + row * width + column;
            (at, O.min(height - row), O.min(width - column))
        };
        let places: Vec<_> = self.tiles.clone().map(place).collect();
        for filter in 0..self.of.filters {
            let output = &mut output[filter * height * width..];
            let bias = bias.map_or(0.0, |bias| bias[filter]);
            wide(
                #[inline(always)]
                |simd| match simd.is_wide() {
                    true => self.write_filter::<M, Register, T, O>(&places, (filter, bias), output),
                    false => self.write_filter::<M, Portable, T, O>(&places, (filter, bias), output),
                },
            );
        }
    }

    /// Of one filter, with its bias.
    #[inline(always)]
    fn write_filter<M: Maps<P, T, O>, N: Eight, const T: usize, const O: usize>(
        &self,
        places: &[(usize, usize, usize)],
        (filter, bias): (usize, f32),
        output: &mut [MaybeUninit<f32>],
    ) {
        let (apart, width) = (self.apart(self.of.filters), self.of.columns.output);
        for (panel, places) in places.chunks(LANES).enumerate() {
            let at = (panel * self.of.filters + filter) * LANES;
            for (half, places) in places.chunks(8).enumerate() {
                let mut tiles = [[N::all(bias); O]; O];
                both_axes(
                    patch(
                        &self.products,
                        half,
                        #[inline(always)]
                        |row, column| (row * P + column) * apart + at,
                    ),
                    #[inline(always)]
                    |numbers| M::outputs::<N>(numbers),
                    #[inline(always)]
                    |row, column, number| tiles[row][column] = tiles[row][column] + number,
                );
                for (row, columns) in tiles.into_iter().enumerate() {
                    for (numbers, &(at, rows, columns)) in N::rows(columns).iter().zip(places) {
                        if row < rows {
                            let to = &mut output[at + row * width..];
                            match to.first_chunk_mut::<O>() {
                                Some(to) if columns == O => put(to, numbers),
                                _ => put(to, &numbers[..columns]),
                            }
                        }
                    }
                }
            }
        }
    }
}
