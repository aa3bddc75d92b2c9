use super::Winograd;
use super::lines::{Lines, Plane};
use super::transforms::{
    LANES, OUTPUTS, POINTS, PRODUCTS, TAPS, both_axes, lanes, output_gradients, seen, tap_gradients,
};
use super::weights::BLOCK;
use crate::ops::cpu::{Panel, Rows, wide, zeros};
use rayon::prelude::*;
use std::ops::Range;

/// Tiles that are summed up at a time.
const TILES: usize = 192;

impl Winograd {
    /// Gradient of the weights. Some tiles at a time are mapped by all threads, each of which takes channels or filters, and then
    /// multiplied: of that, threads take products and channels. So every sum goes through all tiles in order.
    pub fn weight_gradient(&self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        let panels = self.channels.div_ceil(LANES);
        let count = self.batch * self.grid.tiles();
        let tiles = TILES.min(count);
        // Of every 16 channels and product, a row of them for every tile.
        let mut inputs = vec![0.0; panels * PRODUCTS * tiles * LANES];
        // Of every block of filters and product, a row of tiles for every filter.
        let mut gradients = vec![0.0; self.filters * PRODUCTS * tiles];
        // Of every product and 16 channels, a row of them for every filter.
        let mut sums: Vec<f32> = zeros(PRODUCTS * panels * self.filters * LANES);
        for start in (0..count).step_by(tiles) {
            let now = start..count.min(start + tiles);
            self.map_inputs(input, &now, tiles, &mut inputs);
            self.map_gradients(gradient, &now, tiles, &mut gradients);
            sums.par_chunks_exact_mut(self.filters * LANES).enumerate().for_each(|(at, sums)| {
                let (product, panel) = (at / panels, at % panels);
                let seen = &inputs[(panel * PRODUCTS + product) * tiles * LANES..][..now.len() * LANES];
                let blocks = sums.chunks_mut(BLOCK * LANES).zip(gradients.chunks(BLOCK * PRODUCTS * tiles));
                for (sums, gradients) in blocks {
                    let filters = sums.len() / LANES;
                    let rows = Rows { numbers: &gradients[product * filters * tiles..], step: tiles };
                    Panel { numbers: seen, width: LANES }.add_product(rows, filters, sums, LANES);
                }
            });
        }
        self.unmapped(&sums)
    }

    fn map_inputs(&self, input: &[f32], now: &Range<usize>, tiles: usize, to: &mut [f32]) {
        let plane = Plane::read(self.rows, self.columns);
        to.par_chunks_exact_mut(PRODUCTS * tiles * LANES).enumerate().for_each_init(
            || Lines::<POINTS>::new(self.grid, plane, LANES),
            |lines, (panel, to)| {
                lines.go_to(now);
                let first = panel * LANES;
                // Lanes that are left over see anything; nobody reads what becomes of it.
                for (lane, channel) in (first..self.channels.min(first + LANES)).enumerate() {
                    lines.fill(lane, input, |example| (example * self.channels + channel) * plane.len());
                }
                wide(
                    #[inline(always)]
                    |fused| {
                        for (tile, at) in now.clone().enumerate() {
                            let place = lines.place(at);
                            let places = std::array::from_fn(|lane| lines.start(lane) + place);
                            let patch = lines.seen(&places, fused);
                            let mapped = both_axes(|row, column| &patch[row][column], seen(fused));
                            for product in 0..PRODUCTS {
                                to[(product * tiles + tile) * LANES..][..LANES]
                                    .copy_from_slice(&mapped[product / POINTS][product % POINTS]);
                            }
                        }
                    },
                );
            },
        );
    }

    fn map_gradients(&self, gradient: &[f32], now: &Range<usize>, tiles: usize, to: &mut [f32]) {
        let plane = Plane::written(self.rows, self.columns);
        to.par_chunks_mut(BLOCK * PRODUCTS * tiles).enumerate().for_each_init(
            || Lines::<OUTPUTS>::new(self.grid, plane, 1),
            |lines, (block, to)| {
                lines.go_to(now);
                let filters = to.len() / (PRODUCTS * tiles);
                for filter in 0..filters {
                    let at = block * BLOCK + filter;
                    lines.fill(0, gradient, |example| (example * self.filters + at) * plane.len());
                    wide(
                        #[inline(always)]
                        |fused| {
                            for first in (0..now.len()).step_by(LANES) {
                                let width = LANES.min(now.len() - first);
                                let places = std::array::from_fn(|lane| {
                                    lines.place(now.start + first + lane.min(width - 1))
                                });
                                let patch = lines.seen(&places, fused);
                                let mapped =
                                    both_axes(|row, column| &patch[row][column], output_gradients(fused));
                                for product in 0..PRODUCTS {
                                    let from = &mapped[product / POINTS][product % POINTS];
                                    let to = &mut to[(product * filters + filter) * tiles + first..];
                                    match to.first_chunk_mut::<LANES>() {
                                        Some(to) if width == LANES => *to = *from,
                                        _ => to[..width].copy_from_slice(&from[..width]),
                                    }
                                }
                            }
                        },
                    );
                }
            },
        );
    }

    /// The weights' gradients, of those of mapped ones.
    fn unmapped(&self, sums: &[f32]) -> Vec<f32> {
        let panels = self.channels.div_ceil(LANES);
        let mut of_weight = zeros(self.filters * self.channels * TAPS * TAPS);
        of_weight.par_chunks_exact_mut(self.channels * TAPS * TAPS).enumerate().for_each(|(filter, to)| {
            for (panel, to) in to.chunks_mut(LANES * TAPS * TAPS).enumerate() {
                let at = |row: usize, column: usize| {
                    let product = row * POINTS + column;
                    lanes(sums, ((product * panels + panel) * self.filters + filter) * LANES)
                };
                let kernels = wide(
                    #[inline(always)]
                    |fused| both_axes(at, tap_gradients(fused)),
                );
                for (lane, kernel) in to.chunks_exact_mut(TAPS * TAPS).enumerate() {
                    for (tap, to) in kernel.iter_mut().enumerate() {
                        *to = kernels[tap / TAPS][tap % TAPS][lane];
                    }
                }
            }
        });
        of_weight
    }
}
