use super::Winograd;
use super::lines::{Lines, Plane};
use super::maps::{LANES, Maps, both_axes, lanes};
use super::weights::BLOCK;
use crate::ops::cpu::{Panel, Rows, wide, zeros};
use rayon::prelude::*;
use std::ops::Range;

/// Tiles that are summed up at a time.
const TILES: usize = 192;

impl Winograd {
    /// Gradient of the weights. Some tiles at a time are mapped by all threads, each of which takes channels or filters, and then
    /// multiplied: of that, threads take products and channels. So every sum goes through all tiles in order.
    pub(super) fn sum_up<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        input: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let (panels, products) = (self.views.depth().div_ceil(LANES), P * P);
        let count = self.batch * self.grid.tiles();
        let tiles = TILES.min(count);
        // Of every 16 channels of views and product, a row of them for every tile.
        let mut inputs = vec![0.0; panels * products * tiles * LANES];
        // Of every block of filters and product, a row of tiles for every filter.
        let mut gradients = vec![0.0; self.filters * products * tiles];
        // Of every product and 16 channels of views, a row of them for every filter.
        let mut sums: Vec<f32> = zeros(products * panels * self.filters * LANES);
        for start in (0..count).step_by(tiles) {
            let now = start..count.min(start + tiles);
            self.map_inputs::<M, P, T, O>(input, &now, tiles, &mut inputs);
            self.map_gradients::<M, P, T, O>(gradient, &now, tiles, &mut gradients);
            sums.par_chunks_exact_mut(self.filters * LANES).enumerate().for_each(|(at, sums)| {
                let (product, panel) = (at / panels, at % panels);
                let seen = &inputs[(panel * products + product) * tiles * LANES..][..now.len() * LANES];
                let blocks = sums.chunks_mut(BLOCK * LANES).zip(gradients.chunks(BLOCK * products * tiles));
                for (sums, gradients) in blocks {
                    let filters = sums.len() / LANES;
                    let rows = Rows { numbers: &gradients[product * filters * tiles..], step: tiles };
                    Panel { numbers: seen, width: LANES }.add_product(rows, filters, sums, LANES);
                }
            });
        }
        self.unmapped::<M, P, T, O>(&sums)
    }

    fn map_inputs<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        input: &[f32],
        now: &Range<usize>,
        tiles: usize,
        to: &mut [f32],
    ) {
        let (plane, views) = (Plane::read(self.rows, self.columns), self.views);
        to.par_chunks_exact_mut(P * P * tiles * LANES).enumerate().for_each_init(
            || Lines::new(self.grid, plane, self.side(), LANES),
            |lines, (panel, to)| {
                lines.go_to(now);
                // Lanes that are left over see anything; nobody reads what becomes of it.
                let mut starts = [0; LANES];
                for (lane, depth) in (panel * LANES..views.depth()).take(LANES).enumerate() {
                    let (channel, above, left) = views.of(depth);
                    lines.fill(lane, input, |example| (example * views.channels + channel) * plane.len());
                    starts[lane] = lines.start(lane) + above * lines.pitch() + left;
                }
                wide(
                    #[inline(always)]
                    |fused| {
                        for (tile, at) in now.clone().enumerate() {
                            let place = lines.place(at);
                            let patch = lines.patch::<P>(&starts.map(|start| start + place), fused);
                            let mapped = both_axes(|row, column| &patch[row][column], M::seen(fused));
                            for product in 0..P * P {
                                to[(product * tiles + tile) * LANES..][..LANES]
                                    .copy_from_slice(&mapped[product / P][product % P]);
                            }
                        }
                    },
                );
            },
        );
    }

    fn map_gradients<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        gradient: &[f32],
        now: &Range<usize>,
        tiles: usize,
        to: &mut [f32],
    ) {
        let plane = Plane::written(self.rows, self.columns);
        to.par_chunks_mut(BLOCK * P * P * tiles).enumerate().for_each_init(
            || Lines::new(self.grid, plane, O, 1),
            |lines, (block, to)| {
                lines.go_to(now);
                let filters = to.len() / (P * P * tiles);
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
                                let patch = lines.patch::<O>(&places, fused);
                                let mapped =
                                    both_axes(|row, column| &patch[row][column], M::output_gradients(fused));
                                for product in 0..P * P {
                                    let from = &mapped[product / P][product % P];
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
    fn unmapped<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        sums: &[f32],
    ) -> Vec<f32> {
        let views = self.views;
        let (panels, kernel) = (views.depth().div_ceil(LANES), views.kernel * views.kernel);
        let mut of_weight = zeros(self.filters * views.channels * kernel);
        of_weight.par_chunks_exact_mut(views.channels * kernel).enumerate().for_each(|(filter, to)| {
            for panel in 0..panels {
                let at = |row: usize, column: usize| {
                    let product = row * P + column;
                    lanes(sums, ((product * panels + panel) * self.filters + filter) * LANES)
                };
                let kernels = wide(
                    #[inline(always)]
                    |fused| both_axes(at, M::tap_gradients(fused)),
                );
                for (lane, depth) in (panel * LANES..views.depth()).take(LANES).enumerate() {
                    let (channel, above, left) = views.of(depth);
                    for row in above..views.kernel.min(above + T) {
                        for column in left..views.kernel.min(left + T) {
                            to[channel * kernel + row * views.kernel + column] =
                                kernels[row - above][column - left][lane];
                        }
                    }
                }
            }
        });
        of_weight
    }
}
