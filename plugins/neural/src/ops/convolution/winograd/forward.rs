use super::Winograd;
use super::eight::{Eight, Portable, Register};
use super::lines::{Lines, Plane};
use super::maps::{LANES, Maps, apart, both_axes, eight_mut, patch};
use super::weights::Kernels;
use crate::ops::cpu::{Panel, Rows, Scratch, Unwritten, depth_blocks, put, wide};
use rayon::prelude::*;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Numbers that a thread has at a time of what tiles see: they should stay in its own cache, beside the kernels that they are multiplied
/// with.
const NUMBERS: usize = 144 * 1024;
/// Tiles that a thread works on at a time, at least and at most.
const TILES: (usize, usize) = (32, 128);
/// Mapped numbers of kernels from which on they are mapped where they are used: the memory is slower than mapping them again.
const KERNELS: usize = 1024 * 1024;
/// Numbers that there are then at a time of what tiles see, of all threads: they should stay in the CPU's cache. And of how many examples
/// these have to be, at least, for kernels to be used often enough.
const SHARED: usize = 3 * 1024 * 1024;
const EXAMPLES: usize = 4;
/// Panels of tiles that are multiplied with a group of kernels before the products are mapped back.
const PANELS: usize = 8;

impl Winograd {
    /// The output.
    pub(super) fn convolve<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        input: &[f32],
        kernels: &Kernels<impl Fn(usize, usize, usize, usize) -> f32 + Sync>,
        bias: Option<&[f32]>,
    ) -> Vec<f32> {
        let of_output = self.filters * Plane::written(self.rows, self.columns).len();
        let mut output = Unwritten::new(self.batch * of_output);
        let of_kernels = kernels.mapped(P * P) * self.filters.div_ceil(LANES);
        let examples = SHARED / (P * P * self.views.depth() * self.grid.tiles());
        if of_kernels >= KERNELS && examples >= EXAMPLES {
            self.by_kernels::<M, P, T, O>(input, kernels, bias, examples, output.all());
        } else {
            self.by_tiles::<M, P, T, O>(input, kernels, bias, output.all());
        }
        // SAFETY: every tile of every filter of every example was written, and tiles cover all outputs.
        unsafe { output.written() }
    }

    /// Every thread takes examples of the batch, and of these, some tiles at a time.
    fn by_tiles<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        input: &[f32],
        kernels: &Kernels<impl Fn(usize, usize, usize, usize) -> f32 + Sync>,
        bias: Option<&[f32]>,
        output: &mut [MaybeUninit<f32>],
    ) {
        let (of_input, of_output) = self.of_example();
        let groups: Vec<_> = kernels.groups().collect();
        let mut mapped = Scratch::new(groups.len() * kernels.mapped(P * P));
        let to = mapped.par_chunks_exact_mut(kernels.mapped(P * P)).zip(&groups);
        to.for_each(|(to, group)| kernels.map::<M, P, T, O>(group, to));
        let tiles = (NUMBERS / (P * P * self.views.depth())).clamp(TILES.0, TILES.1);
        let tiles = tiles.next_multiple_of(LANES);
        let examples =
            (tiles / self.grid.tiles()).clamp(1, self.batch.div_ceil(rayon::current_num_threads()).max(1));
        let parts = output.par_chunks_mut(examples * of_output);
        parts.zip(input.par_chunks(examples * of_input)).for_each_init(
            || (Tiles::<P>::new(self), of_products::<P>()),
            |(some, products), (output, input)| {
                let count = output.len() / of_output * self.grid.tiles();
                let mut planes = self.planes(output);
                for start in (0..count).step_by(tiles) {
                    some.see::<M, T, O>(start..count.min(start + tiles), input);
                    let mapped = mapped.chunks_exact(kernels.mapped(P * P));
                    for ((group, weights), planes) in groups.iter().zip(mapped).zip(&mut planes) {
                        some.convolve::<M, T, O>(group, weights, bias, products, planes);
                    }
                }
            },
        );
    }

    /// All threads map what the tiles of so many examples see; then every thread takes kernels, which it maps once for all of these.
    fn by_kernels<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        input: &[f32],
        kernels: &Kernels<impl Fn(usize, usize, usize, usize) -> f32 + Sync>,
        bias: Option<&[f32]>,
        at_a_time: usize,
        output: &mut [MaybeUninit<f32>],
    ) {
        let (of_input, of_output) = self.of_example();
        let groups: Vec<_> = kernels.groups().collect();
        let of_thread = at_a_time.min(self.batch).div_ceil(rayon::current_num_threads());
        let examples = TILES.1.div_ceil(self.grid.tiles()).min(of_thread).max(1);
        let rounds = output.chunks_mut(at_a_time * of_output).zip(input.chunks(at_a_time * of_input));
        for (output, input) in rounds {
            let seen = |input: &[f32]| {
                let mut some = Tiles::<P>::new(self);
                some.see::<M, T, O>(0..input.len() / of_input * self.grid.tiles(), input);
                some
            };
            let all: Vec<Tiles<P>> = input.par_chunks(examples * of_input).map(seen).collect();
            let work = groups.par_iter().zip(self.planes(output));
            work.for_each_init(
                || (Scratch::new(kernels.mapped(P * P)), of_products::<P>()),
                |(weights, products), (group, mut planes)| {
                    kernels.map::<M, P, T, O>(group, weights);
                    for (some, planes) in all.iter().zip(planes.chunks_mut(examples)) {
                        some.convolve::<M, T, O>(group, weights, bias, products, planes);
                    }
                },
            );
        }
    }

    /// Numbers of an example's input and output.
    fn of_example(&self) -> (usize, usize) {
        let (from, to) = (Plane::read(self.rows, self.columns), Plane::written(self.rows, self.columns));
        (self.views.channels * from.len(), self.filters * to.len())
    }

    /// Of every [`LANES`] filters, their planes in every example.
    fn planes<'a>(&self, output: &'a mut [MaybeUninit<f32>]) -> Vec<Vec<&'a mut [MaybeUninit<f32>]>> {
        let mut planes: Vec<Vec<_>> = (0..self.filters.div_ceil(LANES)).map(|_| Vec::new()).collect();
        let plane = Plane::written(self.rows, self.columns).len();
        for example in output.chunks_exact_mut(self.filters * plane) {
            let groups = planes.iter_mut().zip(example.chunks_mut(LANES * plane));
            groups.for_each(|(planes, group)| planes.push(group));
        }
        planes
    }
}

/// Room for the products of some panels of tiles and a group of filters.
fn of_products<const P: usize>() -> Scratch {
    Scratch::new(P * P * apart(PANELS * LANES * LANES))
}

/// Some tiles of some examples, which see so many points along an axis.
struct Tiles<'a, const P: usize> {
    of: &'a Winograd,
    tiles: Range<usize>,
    lines: Lines,
    /// Of every product and [`LANES`] tiles, a row of them for every channel of every view.
    inputs: Scratch,
}

impl<'a, const P: usize> Tiles<'a, P> {
    fn new(of: &'a Winograd) -> Self {
        let plane = Plane::read(of.rows, of.columns);
        let lines = Lines::new(of.grid, plane, of.views.side(of.grid), 1);
        Self { of, tiles: 0..0, lines, inputs: Scratch::default() }
    }

    fn panels(&self) -> usize {
        self.tiles.len().div_ceil(LANES)
    }

    /// From a product's inputs to the next one's.
    fn apart(&self) -> usize {
        apart(self.panels() * self.of.views.depth() * LANES)
    }

    /// Maps what some tiles see of the input.
    fn see<M: Maps<P, T, O>, const T: usize, const O: usize>(&mut self, tiles: Range<usize>, input: &[f32]) {
        self.lines.go_to(&tiles);
        self.tiles = tiles;
        self.inputs.resize(P * P * self.apart());
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
        let (from, apart) = (above * self.lines.pitch() + left, self.apart());
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

    /// Writes what a group of filters, of which there are mapped weights, makes of the tiles.
    fn convolve<M: Maps<P, T, O>, const T: usize, const O: usize>(
        &self,
        group: &Range<usize>,
        weights: &[f32],
        bias: Option<&[f32]>,
        products: &mut [f32],
        planes: &mut [&mut [MaybeUninit<f32>]],
    ) {
        for panels in (0..self.panels()).step_by(PANELS) {
            let panels = panels..self.panels().min(panels + PANELS);
            self.multiply(&panels, group.len(), weights, products);
            self.write::<M, T, O>(&panels, group, bias, products, planes);
        }
    }

    /// Of every product and panel of tiles, a row for every filter.
    fn multiply(&self, panels: &Range<usize>, filters: usize, weights: &[f32], products: &mut [f32]) {
        let depth = self.of.views.depth();
        let (of_inputs, of_weights) = (self.apart(), apart(depth * LANES));
        let of_products = apart(PANELS * LANES * LANES);
        for product in 0..P * P {
            for part in depth_blocks(depth) {
                let numbers = &weights[product * of_weights + part.start * LANES..];
                let rows = Rows { numbers, step: 1, along: LANES };
                let products = products[product * of_products..].chunks_exact_mut(LANES * LANES);
                for (panel, sums) in panels.clone().zip(products) {
                    let seen = product * of_inputs + (panel * depth + part.start) * LANES;
                    let numbers = &self.inputs[seen..][..part.len() * LANES];
                    let panel = Panel { numbers, width: LANES };
                    match part.start {
                        0 => panel.set_product(rows, filters, sums, LANES),
                        _ => panel.add_product(rows, filters, sums, LANES),
                    }
                }
            }
        }
    }

    fn write<M: Maps<P, T, O>, const T: usize, const O: usize>(
        &self,
        panels: &Range<usize>,
        group: &Range<usize>,
        bias: Option<&[f32]>,
        products: &[f32],
        planes: &mut [&mut [MaybeUninit<f32>]],
    ) {
        let grid = self.of.grid;
        let (height, width) = (self.of.rows.output, self.of.columns.output);
        // The example of a tile, where it is written to in a plane, and how much of it there is.
        let place = |tile: usize| {
            let (example, tile) = (tile / grid.tiles(), tile % grid.tiles());
            let (row, column) = (tile / grid.columns * O, tile % grid.columns * O);
            (example, row * width + column, O.min(height - row), O.min(width - column))
        };
        let start = self.tiles.start + panels.start * LANES;
        let places: Vec<_> = (start..self.tiles.end).take(panels.len() * LANES).map(place).collect();
        for (filter, number) in group.clone().enumerate() {
            let bias = bias.map_or(0.0, |bias| bias[number]);
            wide(
                #[inline(always)]
                |simd| match simd.is_wide() {
                    true => self.write_filter::<M, Register, T, O>(&places, (filter, bias), products, planes),
                    false => {
                        self.write_filter::<M, Portable, T, O>(&places, (filter, bias), products, planes)
                    }
                },
            );
        }
    }

    /// Of one filter of a group, with its bias.
    #[inline(always)]
    fn write_filter<M: Maps<P, T, O>, N: Eight, const T: usize, const O: usize>(
        &self,
        places: &[(usize, usize, usize, usize)],
        (filter, bias): (usize, f32),
        products: &[f32],
        planes: &mut [&mut [MaybeUninit<f32>]],
    ) {
        let (apart, width) = (apart(PANELS * LANES * LANES), self.of.columns.output);
        let plane = self.of.rows.output * width;
        for (panel, places) in places.chunks(LANES).enumerate() {
            let at = (panel * LANES + filter) * LANES;
            for (half, places) in places.chunks(8).enumerate() {
                let mut tiles = [[N::all(bias); O]; O];
                both_axes(
                    patch(
                        products,
                        half,
                        #[inline(always)]
                        |row, column| (row * P + column) * apart + at,
                    ),
                    #[inline(always)]
                    |numbers| M::outputs::<N>(numbers),
                    #[inline(always)]
                    |row, column, number| tiles[row][column] = tiles[row][column] + number,
                );
                let mut rows = [[[0.0; O]; 8]; O];
                for (to, columns) in rows.iter_mut().zip(tiles) {
                    *to = N::rows(columns);
                }
                for (tile, &(example, at, height, columns)) in places.iter().enumerate() {
                    let to = &mut planes[example][filter * plane + at..];
                    for row in 0..height {
                        let numbers = &rows[row][tile];
                        let to = &mut to[row * width..];
                        match to.first_chunk_mut::<O>() {
                            // As many as the compiler knows of: others it has copied by a call.
                            Some(to) if columns == O => *to = numbers.map(MaybeUninit::new),
                            _ => put(to, &numbers[..columns]),
                        }
                    }
                }
            }
        }
    }
}
