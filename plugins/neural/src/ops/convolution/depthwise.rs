//! A convolution of every channel by itself, in loops over whole planes.

use crate::geometry::{ConvolutionSizes, Unfolding, WindowAxis};
use crate::ops::cpu::{Simd, Unwritten, multiply_add, wide, zeroed, zeros};
use rayon::prelude::*;

/// Numbers that a loop works on at once.
const LANES: usize = 32;

/// A padded plane, cut by the stride: all numbers that are a multiple of it apart lie next to each other, *phase* by phase.
/// Then the numbers that a tap sees, output for output, are one run, however the kernel moves: only behind each row of
/// outputs there are some that belong to none, because rows are as long as the padded plane's.
struct Phases {
    rows: WindowAxis,
    columns: WindowAxis,
    /// Length of a row, and of a phase.
    pitch: usize,
    phase: usize,
    /// Where the run of each tap begins.
    taps: Vec<usize>,
    /// From the first output to the last, with what is between rows.
    span: usize,
}

impl Phases {
    fn new(&Unfolding { rows, columns, .. }: &Unfolding) -> Self {
        let long = |axis: WindowAxis| {
            ((axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1).div_ceil(axis.stride)
        };
        let (pitch, lines) = (long(columns), long(rows));
        let phase = pitch * lines;
        let tap = |(row, column): (usize, usize)| {
            let (row, column) = (row * rows.dilation, column * columns.dilation);
            let number = row % rows.stride * columns.stride + column % columns.stride;
            number * phase + row / rows.stride * pitch + column / columns.stride
        };
        let places = (0..rows.kernel).flat_map(|row| (0..columns.kernel).map(move |column| (row, column)));
        let span = (rows.output - 1) * pitch + columns.output;
        Self { rows, columns, pitch, phase, taps: places.map(tap).collect(), span }
    }

    /// Numbers of all phases.
    fn len(&self) -> usize {
        self.rows.stride * self.columns.stride * self.phase
    }

    /// Every row of the plane that a phase has, and every column: the run of the plane's columns, and where in the phases
    /// it begins.
    fn each(&self, mut run: impl FnMut(usize, usize, usize)) {
        for row in 0..self.rows.input {
            let padded = row + self.rows.padding;
            let line = padded / self.rows.stride * self.pitch;
            if line >= self.phase {
                break;
            }
            let of_row = padded % self.rows.stride * self.columns.stride * self.phase + line;
            for first in 0..self.columns.stride.min(self.columns.input) {
                let padded = first + self.columns.padding;
                let at = padded % self.columns.stride * self.phase + padded / self.columns.stride;
                run(
                    row * self.columns.input + first,
                    of_row + at,
                    self.pitch.saturating_sub(padded / self.columns.stride),
                );
            }
        }
    }

    /// From a plane to its phases; what is padded must be zero already.
    fn cut(&self, plane: &[f32], phases: &mut [f32]) {
        let (width, stride) = (self.columns.input, self.columns.stride);
        self.each(|from, to, room| {
            let row = &plane[from..(from / width + 1) * width];
            match stride {
                1 => phases[to..to + row.len().min(room)].copy_from_slice(&row[..row.len().min(room)]),
                _ => phases[to..to + room]
                    .iter_mut()
                    .zip(row.iter().step_by(stride))
                    .for_each(|(to, from)| *to = *from),
            }
        });
    }

    /// Back from the phases to the plane.
    fn join(&self, phases: &[f32], plane: &mut [f32]) {
        let (width, stride) = (self.columns.input, self.columns.stride);
        self.each(|to, from, room| {
            let row = plane[to..(to / width + 1) * width].iter_mut().step_by(stride);
            row.zip(&phases[from..from + room]).for_each(|(to, from)| *to = *from);
        });
    }

    /// The outputs' rows, as far apart as the phases'.
    fn spread(&self, outputs: &[f32], spread: &mut [f32]) {
        for (row, to) in outputs.chunks_exact(self.columns.output).zip(spread.chunks_mut(self.pitch)) {
            to[..row.len()].copy_from_slice(row);
        }
    }

    fn gather(&self, spread: &[f32], outputs: &mut [f32]) {
        for (row, from) in outputs.chunks_exact_mut(self.columns.output).zip(spread.chunks(self.pitch)) {
            row.copy_from_slice(&from[..row.len()]);
        }
    }
}

/// `to[i] = start + Σ weight · from[i + place]` over all weights and their places; `from` has [`LANES`] numbers more.
#[inline(always)]
fn correlate(from: &[f32], taps: &[(f32, usize)], start: f32, to: &mut [f32]) {
    wide(
        #[inline(always)]
        |simd| {
            let (blocks, rest) = to.as_chunks_mut();
            let count = blocks.len();
            for (block, to) in blocks.iter_mut().enumerate() {
                *to = sums(simd, &from[block * LANES..], taps, start);
            }
            rest.copy_from_slice(&sums(simd, &from[count * LANES..], taps, start)[..rest.len()]);
        },
    );
}

/// The first of them. They stay in the CPU's wide registers where as many are written as are summed up.
#[inline(always)]
fn sums(simd: Simd, from: &[f32], taps: &[(f32, usize)], start: f32) -> [f32; LANES] {
    let mut sums = [start; LANES];
    for &(weight, place) in taps {
        let seen = &from[place..][..LANES];
        for lane in 0..LANES {
            sums[lane] = multiply_add(simd, weight, seen[lane], sums[lane]);
        }
    }
    sums
}

/// `Σ left[i] · right[i]` over the shorter of the two, always in the same order.
#[inline(always)]
fn dot(left: &[f32], right: &[f32]) -> f32 {
    wide(
        #[inline(always)]
        |simd| {
            let mut sums = [0.0; LANES];
            let count = left.len().min(right.len());
            let (left, left_rest) = left[..count].as_chunks::<LANES>();
            let (right, right_rest) = right[..count].as_chunks::<LANES>();
            for (left, right) in left.iter().zip(right) {
                for lane in 0..LANES {
                    sums[lane] = multiply_add(simd, left[lane], right[lane], sums[lane]);
                }
            }
            let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
            sums.iter().sum::<f32>() + rest
        },
    )
}

impl ConvolutionSizes {
    /// The output; every thread takes planes.
    pub(super) fn depthwise(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let phases = Phases::new(&self.unfolding);
        let mut output = Unwritten::new(self.batch * self.groups * self.unfolding.pixels());
        let planes = output.all().par_chunks_exact_mut(self.unfolding.pixels());
        planes.zip(input.par_chunks_exact(self.unfolding.inputs())).enumerate().for_each_init(
            || (vec![0.0; phases.len() + LANES], vec![0.0; phases.span]),
            |(cut, sums), (number, (output, input))| {
                let channel = number % self.groups;
                let weights = &weight[channel * phases.taps.len()..];
                let taps: Vec<_> = weights.iter().copied().zip(phases.taps.iter().copied()).collect();
                phases.cut(input, cut);
                correlate(cut, &taps, bias.map_or(0.0, |bias| bias[channel]), sums);
                phases.gather(sums, zeroed(output));
            },
        );
        // SAFETY: every plane is zeros first.
        unsafe { output.written() }
    }

    /// Gradient of the input; every thread takes planes.
    ///
    /// A number of a phase is in the sums of the outputs that lie before it by the place of a tap: so this is a correlation of
    /// the outputs' gradients with zeros in front, with the taps of one phase at a time.
    pub(super) fn depthwise_input_gradient(&self, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let phases = Phases::new(&self.unfolding);
        let furthest = phases.taps.iter().map(|place| place % phases.phase).max().unwrap_or(0);
        let mut of_input = Unwritten::new(self.batch * self.groups * self.unfolding.inputs());
        let planes = of_input.all().par_chunks_exact_mut(self.unfolding.inputs());
        planes.zip(gradient.par_chunks_exact(self.unfolding.pixels())).enumerate().for_each_init(
            || {
                (
                    vec![0.0; furthest + phases.phase.max(phases.span) + phases.pitch + LANES],
                    vec![0.0; phases.len()],
                )
            },
            |(spread, cut), (number, (of_input, gradient))| {
                let weights = &weight[number % self.groups * phases.taps.len()..];
                phases.spread(gradient, &mut spread[furthest..]);
                for (phase, cut) in cut.chunks_exact_mut(phases.phase).enumerate() {
                    let own =
                        weights.iter().zip(&phases.taps).filter(|(_, place)| *place / phases.phase == phase);
                    let taps: Vec<_> =
                        own.map(|(weight, place)| (*weight, furthest - place % phases.phase)).collect();
                    correlate(spread, &taps, 0.0, cut);
                }
                phases.join(cut, zeroed(of_input));
            },
        );
        // SAFETY: every plane is zeros first.
        unsafe { of_input.written() }
    }

    /// Gradient of the weights. Every thread takes channels, each of which goes through all examples in order.
    pub(super) fn depthwise_weight_gradient(&self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        let phases = Phases::new(&self.unfolding);
        let (inputs, pixels) = (self.unfolding.inputs(), self.unfolding.pixels());
        let mut of_weight = zeros(self.groups * phases.taps.len());
        of_weight.par_chunks_exact_mut(phases.taps.len()).enumerate().for_each_init(
            || (vec![0.0; phases.len() + LANES], vec![0.0; phases.span + phases.pitch]),
            |(cut, spread), (channel, of_weight)| {
                let mut sums = vec![0.0; phases.taps.len()];
                for example in 0..self.batch {
                    let at = example * self.groups + channel;
                    phases.cut(&input[at * inputs..][..inputs], cut);
                    phases.spread(&gradient[at * pixels..][..pixels], spread);
                    for (sum, place) in sums.iter_mut().zip(&phases.taps) {
                        *sum += f64::from(dot(&spread[..phases.span], &cut[*place..]));
                    }
                }
                of_weight.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum as f32);
            },
        );
        of_weight
    }
}
