use super::Winograd;
use super::eight::{Eight, Portable, Register};
use super::lines::{Lines, Plane};
use super::maps::{LANES, Maps, apart, both_axes, eight, eight_mut, load};
use crate::ops::cpu::{Panel, Rows, wide, zeros};
use rayon::prelude::*;
use std::ops::Range;

/// Tiles whose products are summed up before the sums go to memory.
const TILES: usize = 96;
/// Mapped numbers that there are at a time, of as many such parts as they are of: they should stay in the CPU's cache.
const NUMBERS: usize = 1024 * 1024;

impl Winograd {
    /// Gradient of the weights. Some tiles at a time are mapped by all threads, each of which takes channels or filters, and then
    /// multiplied: of that, threads take products and channels. So every sum goes through all tiles in order.
    pub(super) fn sum_up<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        input: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let (products, count) = (P * P, self.batch * self.grid.tiles());
        let (panels, groups) = (self.views.depth().div_ceil(LANES), self.filters.div_ceil(LANES));
        // Of every part and 16 channels of views, or filters, and of every product, a row of them for every tile.
        let apart = apart(TILES.min(count) * LANES);
        let of_part = |lanes: usize| lanes * products * apart;
        let at_a_time = (NUMBERS / of_part(panels + groups)).clamp(1, 4);
        let mut inputs: Vec<f32> = zeros(at_a_time * of_part(panels));
        let mut gradients: Vec<f32> = zeros(at_a_time * of_part(groups));
        // Of every product and 16 channels of views, a row of them for every filter.
        let mut sums: Vec<f32> = zeros(products * panels * self.filters * LANES);
        let (read, written) = (Plane::read(self.rows, self.columns), Plane::written(self.rows, self.columns));
        let parts: Vec<Range<usize>> =
            (0..count).step_by(TILES).map(|start| start..count.min(start + TILES)).collect();
        for parts in parts.chunks(at_a_time) {
            let mapped = inputs.par_chunks_exact_mut(products * apart).enumerate();
            mapped.take(parts.len() * panels).for_each_init(
                || Lines::new(self.grid, read, self.side(), LANES),
                |lines, (at, to)| {
                    lines.go_to(&parts[at / panels]);
                    let views = at % panels * LANES..self.views.depth();
                    let starts = starts(lines, views, input, |view| {
                        let (channel, above, left) = self.views.of(view);
                        (channel, self.views.channels, above, left)
                    });
                    let part = &parts[at / panels];
                    wide(
                        #[inline(always)]
                        |fused| match fused {
                            true => map::<Register, P, P>(
                                lines,
                                starts,
                                part,
                                apart,
                                #[inline(always)]
                                |numbers| M::seen::<Register>(numbers),
                                to,
                            ),
                            false => map::<Portable, P, P>(
                                lines,
                                starts,
                                part,
                                apart,
                                #[inline(always)]
                                |numbers| M::seen::<Portable>(numbers),
                                to,
                            ),
                        },
                    );
                },
            );
            let mapped = gradients.par_chunks_exact_mut(products * apart).enumerate();
            mapped.take(parts.len() * groups).for_each_init(
                || Lines::new(self.grid, written, O, LANES),
                |lines, (at, to)| {
                    lines.go_to(&parts[at / groups]);
                    let filters = at % groups * LANES..self.filters;
                    let starts = starts(lines, filters, gradient, |filter| (filter, self.filters, 0, 0));
                    let part = &parts[at / groups];
                    wide(
                        #[inline(always)]
                        |fused| match fused {
                            true => map::<Register, O, P>(
                                lines,
                                starts,
                                part,
                                apart,
                                #[inline(always)]
                                |numbers| M::output_gradients::<Register>(numbers),
                                to,
                            ),
                            false => map::<Portable, O, P>(
                                lines,
                                starts,
                                part,
                                apart,
                                #[inline(always)]
                                |numbers| M::output_gradients::<Portable>(numbers),
                                to,
                            ),
                        },
                    );
                },
            );
            sums.par_chunks_exact_mut(self.filters * LANES).enumerate().for_each(|(at, sums)| {
                let (product, panel) = (at / panels, at % panels);
                for (group, sums) in sums.chunks_mut(LANES * LANES).enumerate() {
                    for (part, tiles) in parts.iter().enumerate() {
                        let seen = ((part * panels + panel) * products + product) * apart;
                        let rows = ((part * groups + group) * products + product) * apart;
                        let numbers = &inputs[seen..][..tiles.len() * LANES];
                        let rows = Rows { numbers: &gradients[rows..], step: 1, along: LANES };
                        Panel { numbers, width: LANES }.add_product(rows, sums.len() / LANES, sums, LANES);
                    }
                }
            });
        }
        self.unmapped::<M, P, T, O>(&sums)
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
                let at = |product: usize| ((product * panels + panel) * self.filters + filter) * LANES;
                let kernels = wide(
                    #[inline(always)]
                    |fused| match fused {
                        true => kernels::<M, Register, P, T, O>(sums, at),
                        false => kernels::<M, Portable, P, T, O>(sums, at),
                    },
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

/// Fills [`LANES`] planes with the first of some, and says where what tiles see of each begins. `plane` gives the plane's number in an
/// example, how many there are, and how far from its beginning tiles see. Lanes that are left over see anything; nobody reads what
/// becomes of it.
fn starts(
    lines: &mut Lines,
    some: Range<usize>,
    numbers: &[f32],
    plane: impl Fn(usize) -> (usize, usize, usize, usize),
) -> [usize; LANES] {
    let mut starts = [0; LANES];
    for (lane, at) in some.take(LANES).enumerate() {
        let (number, count, above, left) = plane(at);
        lines.fill(lane, numbers, |example| example * count + number);
        starts[lane] = lines.start(lane) + above * lines.pitch() + left;
    }
    starts
}

/// Maps what tiles see of [`LANES`] planes, from where it begins in each: of every product, a row of planes for every tile.
#[inline(always)]
#[allow(clippy::redundant_closure, reason = "this one is inlined where the wide instructions are allowed")]
fn map<N: Eight, const SIDE: usize, const P: usize>(
    lines: &Lines,
    starts: [usize; LANES],
    tiles: &Range<usize>,
    apart: usize,
    map: impl Fn([N; SIDE]) -> [N; P],
    to: &mut [f32],
) {
    for (at, tile) in tiles.clone().enumerate() {
        let place = lines.place(tile);
        for (half, starts) in starts.as_chunks::<8>().0.iter().enumerate() {
            both_axes(
                lines.patches::<N, SIDE>(starts.map(|start| start + place)),
                #[inline(always)]
                |numbers| map(numbers),
                #[inline(always)]
                |row, column, number| {
                    number.store(eight_mut(to, (row * P + column) * apart + at * LANES, half));
                },
            );
        }
    }
}

/// The gradients of the taps of [`LANES`] channels of views, of where each product's begin.
#[inline(always)]
fn kernels<M: Maps<P, T, O>, N: Eight, const P: usize, const T: usize, const O: usize>(
    sums: &[f32],
    at: impl Fn(usize) -> usize,
) -> [[[f32; LANES]; T]; T] {
    let mut kernels = [[[0.0; LANES]; T]; T];
    for half in 0..2 {
        both_axes(
            #[inline(always)]
            |row| {
                load(
                    #[inline(always)]
                    |column| eight(sums, at(row * P + column), half),
                )
            },
            #[inline(always)]
            |numbers| M::tap_gradients::<N>(numbers),
            #[inline(always)]
            |row, column, number| number.store(eight_mut(&mut kernels[row][column], 0, half)),
        );
    }
    kernels
}
