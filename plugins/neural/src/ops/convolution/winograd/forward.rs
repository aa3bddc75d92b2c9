use super::Winograd;
use super::lines::{Lines, Plane};
use super::maps::{LANES, Maps, both_axes, lanes};
use super::weights::MappedWeights;
use crate::ops::cpu::{Panel, Unwritten, depth_blocks, put, wide};
use rayon::prelude::*;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Numbers that a thread has at a time of what tiles see and of their products.
const NUMBERS: usize = 256 * 1024;
/// Tiles that a thread works on at a time, at least and at most: so often mapped kernels are used once they are in the cache.
const TILES: (usize, usize) = (48, 128);

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
        let lines = Lines::new(of.grid, plane, of.side(), 1);
        Self { of, tiles: 0..0, lines, inputs: Vec::new(), products: Vec::new() }
    }

    fn panels(&self) -> usize {
        self.tiles.len().div_ceil(LANES)
    }

    fn go_to(&mut self, tiles: Range<usize>) {
        self.lines.go_to(&tiles);
        self.tiles = tiles;
        let numbers = P * P * self.panels() * LANES;
        self.inputs.resize(numbers * self.of.views.depth(), 0.0);
        self.products.resize(numbers * self.of.filters, 0.0);
    }

    fn map_inputs<M: Maps<P, T, O>, const T: usize, const O: usize>(&mut self, input: &[f32]) {
        let (panels, views) = (self.panels(), self.of.views);
        let plane = Plane::read(self.of.rows, self.of.columns).len();
        let place = |panel: usize, lane: usize| {
            // Lanes that are left over see what the last tile does.
            let tile = self.tiles.start + panel * LANES + lane;
            self.lines.place(tile.min(self.tiles.end - 1))
        };
        let places: Vec<[usize; LANES]> =
            (0..panels).map(|panel| std::array::from_fn(|lane| place(panel, lane))).collect();
        let pitch = self.lines.pitch();
        for channel in 0..views.channels {
            self.lines.fill(0, input, |example| (example * views.channels + channel) * plane);
            for depth in (channel..views.depth()).step_by(views.channels) {
                let (_, above, left) = views.of(depth);
                wide(
                    #[inline(always)]
                    |fused| {
                        for (panel, places) in places.iter().enumerate() {
                            let places = places.map(|place| place + above * pitch + left);
                            let patch = self.lines.patch::<P>(&places, fused);
                            let mapped = both_axes(|row, column| &patch[row][column], M::seen(fused));
                            for product in 0..P * P {
                                let at = ((product * panels + panel) * views.depth() + depth) * LANES;
                                self.inputs[at..at + LANES]
                                    .copy_from_slice(&mapped[product / P][product % P]);
                            }
                        }
                    },
                );
            }
        }
    }

    fn multiply(&mut self, weights: &MappedWeights) {
        let (panels, depth, filters) = (self.panels(), self.of.views.depth(), self.of.filters);
        for product in 0..P * P {
            for block in weights.blocks() {
                for panel in product * panels..(product + 1) * panels {
                    let seen = &self.inputs[panel * depth * LANES..][..depth * LANES];
                    let sums =
                        &mut self.products[(panel * filters + block.start) * LANES..][..block.len() * LANES];
                    for part in depth_blocks(depth) {
                        let rows = weights.rows(&block, product, part.start);
                        let numbers = &seen[part.start * LANES..part.end * LANES];
                        let panel = Panel { numbers, width: LANES };
                        match part.start {
                            0 => panel.set_product(rows, block.len(), sums, LANES),
                            _ => panel.add_product(rows, block.len(), sums, LANES),
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
        let (panels, filters, grid) = (self.panels(), self.of.filters, self.of.grid);
        let (height, width) = (self.of.rows.output, self.of.columns.output);
        // Where a tile is written to in the first filter, and how much of it there is.
        let place = |tile: usize| {
            let (example, tile) = (tile / grid.tiles(), tile % grid.tiles());
            let (row, column) = (tile / grid.columns * O, tile % grid.columns * O);
            let at = example * filters * height * width + row * width + column;
            (at, O.min(height - row), O.min(width - column))
        };
        let places: Vec<_> = self.tiles.clone().map(place).collect();
        for filter in 0..filters {
            let output = &mut output[filter * height * width..];
            let bias = bias.map_or(0.0, |bias| bias[filter]);
            wide(
                #[inline(always)]
                |fused| {
                    for (panel, places) in places.chunks(LANES).enumerate() {
                        let at = |row: usize, column: usize| {
                            let product = row * P + column;
                            lanes(&self.products, ((product * panels + panel) * filters + filter) * LANES)
                        };
                        let patch = both_axes(at, M::outputs(fused));
                        for row in 0..O {
                            let mut numbers = [[0.0; O]; LANES];
                            for lane in 0..LANES {
                                for column in 0..O {
                                    numbers[lane][column] = patch[row][column][lane] + bias;
                                }
                            }
                            for (numbers, &(at, rows, columns)) in numbers.iter().zip(places) {
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
                },
            );
        }
    }
}
