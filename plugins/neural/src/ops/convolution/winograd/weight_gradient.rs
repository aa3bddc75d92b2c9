use super::eight::{Eight, Portable, Register};
use super::lines::{Grid, Lines, Plane};
use super::maps::{LANES, Maps, apart, both_axes, eight_mut, patch};
use super::{Views, Winograd};
use crate::ops::cpu::{Panel, Rows, Scratch, Unwritten, wide, zeroed, zeros};
use rayon::prelude::*;
use std::ops::Range;

/// Tiles whose products are summed up before the sums go to memory.
const TILES: usize = 96;
/// Mapped numbers that there are at a time, of as many such parts as they are of: they should stay in the CPU's cache.
const NUMBERS: usize = 1024 * 1024;

impl Winograd {
    /// Gradient of the weights. Some tiles at a time are mapped by all threads, each of which takes channels or filters, and then
    /// multiplied: of that, threads take filters and channels. So every sum goes through all tiles in order.
    pub(super) fn sum_up<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        input: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let (products, count) = (P * P, self.batch * self.grid.tiles());
        let filters = Views { channels: self.filters, kernel: 1, taps: 1 };
        let (panels, groups) = (self.views.depth().div_ceil(LANES), filters.depth().div_ceil(LANES));
        // Of every part and 16 channels of views, or filters, and of every product, a row of them for every tile.
        let apart = apart(TILES.min(count) * LANES);
        let of_part = |lanes: usize| lanes * products * apart;
        let at_a_time = (NUMBERS / of_part(panels + groups)).clamp(1, count.div_ceil(TILES).max(1));
        let mut inputs = Scratch::new(at_a_time * of_part(panels));
        let mut gradients = Scratch::new(at_a_time * of_part(groups));
        // Of every 16 filters and 16 channels of views, and of every tap, a row of channels for every filter.
        let mut sums: Vec<f32> = zeros(groups * panels * T * T * LANES * LANES);
        let read = Planes { views: self.views, plane: Plane::read(self.rows, self.columns), numbers: input };
        let written = Plane::written(self.rows, self.columns);
        let written = Planes { views: filters, plane: written, numbers: gradient };
        let parts: Vec<Range<usize>> =
            (0..count).step_by(TILES).map(|start| start..count.min(start + TILES)).collect();
        for parts in parts.chunks(at_a_time) {
            read.map::<P, P>(
                (self.grid, parts, apart),
                #[inline(always)]
                |numbers| M::seen::<Register>(numbers),
                #[inline(always)]
                |numbers| M::seen::<Portable>(numbers),
                &mut inputs,
            );
            written.map::<O, P>(
                (self.grid, parts, apart),
                #[inline(always)]
                |numbers| M::output_gradients::<Register>(numbers),
                #[inline(always)]
                |numbers| M::output_gradients::<Portable>(numbers),
                &mut gradients,
            );
            let work = sums.par_chunks_exact_mut(T * T * LANES * LANES).enumerate();
            let scratch = || Scratch::new(products * LANES * LANES);
            work.for_each_init(scratch, |of_products, (at, sums)| {
                let (group, panel) = (at / panels, at % panels);
                for (product, sums) in of_products.chunks_exact_mut(LANES * LANES).enumerate() {
                    for (part, tiles) in parts.iter().enumerate() {
                        let seen = ((part * panels + panel) * products + product) * apart;
                        let rows = ((part * groups + group) * products + product) * apart;
                        let numbers = &inputs[seen..][..tiles.len() * LANES];
                        let rows = Rows { numbers: &gradients[rows..], step: 1, along: LANES };
                        let panel = Panel { numbers, width: LANES };
                        match part {
                            0 => panel.set_product(rows, LANES, sums, LANES),
                            _ => panel.add_product(rows, LANES, sums, LANES),
                        }
                    }
                }
                wide(
                    #[inline(always)]
                    |simd| match simd.is_wide() {
                        true => add_taps::<M, Register, P, T, O>(of_products, sums),
                        false => add_taps::<M, Portable, P, T, O>(of_products, sums),
                    },
                );
            });
        }
        self.in_order(&sums, T)
    }

    /// The weights' gradients by filter, channel, row and column.
    fn in_order(&self, sums: &[f32], taps: usize) -> Vec<f32> {
        let (views, panels) = (self.views, self.views.depth().div_ceil(LANES));
        let kernel = views.kernel * views.kernel;
        let mut of_weight = Unwritten::new(self.filters * views.channels * kernel);
        let of_filters = of_weight.all().par_chunks_exact_mut(views.channels * kernel).enumerate();
        of_filters.for_each(|(filter, to)| {
            let to = zeroed(to);
            for depth in 0..views.depth() {
                let (channel, above, left) = views.of(depth);
                let block = (filter / LANES * panels + depth / LANES) * taps * taps;
                for row in above..views.kernel.min(above + taps) {
                    for column in left..views.kernel.min(left + taps) {
                        let tap = block + (row - above) * taps + column - left;
                        to[channel * kernel + row * views.kernel + column] =
                            sums[(tap * LANES + filter % LANES) * LANES + depth % LANES];
                    }
                }
            }
        });
        // SAFETY: those of every filter were written.
        unsafe { of_weight.written() }
    }
}

/// The planes of all examples, as tiles see them.
struct Planes<'a> {
    views: Views,
    plane: Plane,
    numbers: &'a [f32],
}

impl Planes<'_> {
    /// Maps what the tiles of some parts see: of every part and [`LANES`] channels of views, and of every product, `apart` numbers. Both
    /// maps are the same, of registers and of other numbers.
    fn map<const SIDE: usize, const P: usize>(
        &self,
        (grid, parts, apart): (Grid, &[Range<usize>], usize),
        in_registers: impl Fn([Register; SIDE]) -> [Register; P] + Sync,
        elsewhere: impl Fn([Portable; SIDE]) -> [Portable; P] + Sync,
        to: &mut [f32],
    ) {
        let panels = self.views.depth().div_ceil(LANES);
        let mapped = to.par_chunks_exact_mut(P * P * apart).enumerate().take(parts.len() * panels);
        mapped.for_each_init(
            || Lines::new(grid, self.plane, self.views.side(grid), LANES),
            |lines, (at, to)| {
                let part = &parts[at / panels];
                lines.go_to(part);
                let starts = self.fill(lines, at % panels);
                wide(
                    #[inline(always)]
                    |simd| match simd.is_wide() {
                        true => map(lines, starts, part, apart, &in_registers, to),
                        false => map(lines, starts, part, apart, &elsewhere, to),
                    },
                );
            },
        );
    }

    /// Puts a panel of channels of views into lines, and says where what tiles see of each begins. Lanes that are left over see
    /// anything; nobody reads what becomes of it.
    fn fill(&self, lines: &mut Lines, panel: usize) -> [usize; LANES] {
        let mut starts = [0; LANES];
        for (lane, depth) in (panel * LANES..self.views.depth()).take(LANES).enumerate() {
            let (channel, above, left) = self.views.of(depth);
            lines.fill(lane, self.numbers, |example| example * self.views.channels + channel);
            starts[lane] = lines.start(lane) + above * lines.pitch() + left;
        }
        starts
    }
}

/// Maps what tiles see of [`LANES`] planes, from where it begins in each: of every product, a row of planes for every tile.
#[inline(always)]
#[allow(clippy::redundant_closure, reason = "this one is inlined where the wide instructions are allowed")]
fn map<N: Eight, const SIDE: usize, const P: usize>(
    lines: &Lines,
    starts: [usize; LANES],
    tiles: &Range<usize>,
    apart: usize,
    map: &impl Fn([N; SIDE]) -> [N; P],
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

/// Adds the gradients of the taps of [`LANES`] filters and as many channels of views, of those of the products.
#[inline(always)]
fn add_taps<M: Maps<P, T, O>, N: Eight, const P: usize, const T: usize, const O: usize>(
    of_products: &[f32],
    sums: &mut [f32],
) {
    for filter in 0..LANES {
        for half in 0..2 {
            both_axes(
                patch(
                    of_products,
                    half,
                    #[inline(always)]
                    |row, column| ((row * P + column) * LANES + filter) * LANES,
                ),
                #[inline(always)]
                |numbers| M::tap_gradients::<N>(numbers),
                #[inline(always)]
                |row, column, number| {
                    let sums = eight_mut(sums, ((row * T + column) * LANES + filter) * LANES, half);
                    (N::load(sums) + number).store(sums);
                },
            );
        }
    }
}
