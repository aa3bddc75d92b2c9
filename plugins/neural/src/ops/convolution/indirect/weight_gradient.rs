use super::Indirect;
use super::axis::{Axis, Frame};
use super::kernel::{Places, add_products};
use crate::geometry::{ConvolutionSizes, Unfolding};
use crate::ops::cpu::{COLUMNS, Unwritten, parts, zeroed, zeros};
use rayon::prelude::*;

/// Pixels whose sum is taken before it is added to those of others, always the same.
const PIXELS: usize = 256;
/// Taps that a thread works on at a time.
const TAPS: usize = 48;
/// Numbers of some examples' planes that are laid out at a time: they should stay in the CPU's cache.
const NUMBERS: usize = 1024 * 1024;

impl Indirect {
    /// Gradient of the weights. Some examples at a time are laid out by all threads, each of which takes planes, and then multiplied: of
    /// that, threads take filters and taps. So every sum goes through all examples in order.
    pub fn weight_gradient(&self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        let ConvolutionSizes { groups, filters, unfolding, .. } = self.0;
        let Unfolding { channels, rows, columns } = unfolding;
        let (taps, pixels) = (unfolding.taps(), unfolding.pixels());
        let (rows, columns) = (&Axis::forward(rows), &Axis::forward(columns));
        let frame = Frame { rows, columns };
        let (of_frames, panels) = (channels * frame.step(), filters.div_ceil(COLUMNS));
        let of_panels = panels * pixels * COLUMNS;
        let at_a_time = (NUMBERS / (groups * (of_frames + of_panels))).clamp(1, self.0.batch.max(1));
        // Of every example and group.
        let mut frames: Vec<f32> = zeros(at_a_time * groups * of_frames);
        let mut gradients: Vec<f32> = zeros(at_a_time * groups * of_panels);
        // Of every group and [`COLUMNS`] filters, a row of them for every tap.
        let mut sums: Vec<f32> = zeros(groups * panels * taps * COLUMNS);
        let (of_taps, of_pixels) = places(frame, channels);
        let blocks: Vec<_> =
            parts(pixels, PIXELS).map(|part| (Places::new(of_pixels[part.clone()].to_vec()), part)).collect();
        let examples = input.chunks(at_a_time * groups * channels * frame.read());
        for (input, gradient) in examples.zip(gradient.chunks(at_a_time * groups * filters * pixels)) {
            let filled = frames.par_chunks_exact_mut(frame.step()).zip(input.par_chunks_exact(frame.read()));
            filled.for_each(|(to, plane)| frame.fill(plane, to));
            let count = gradient.len() / (filters * pixels);
            let turned = gradients.par_chunks_exact_mut(pixels * COLUMNS).take(count * panels).enumerate();
            turned.for_each(|(at, to)| {
                let (group, first) = (at / panels, at % panels * COLUMNS);
                let planes = &gradient[(group * filters + first) * pixels..];
                turn(&planes[..COLUMNS.min(filters - first) * pixels], pixels, to);
            });
            let work: Vec<_> = sums
                .chunks_exact_mut(taps * COLUMNS)
                .enumerate()
                .flat_map(|(panel, sums)| {
                    let of_taps = of_taps.chunks(TAPS).zip(sums.chunks_mut(TAPS * COLUMNS));
                    of_taps.map(move |(taps, sums)| (panel, taps, sums))
                })
                .collect();
            work.into_par_iter().for_each(|(panel, taps, sums)| {
                for at in (panel / panels..count).step_by(groups) {
                    let frames = &frames[at * of_frames..];
                    let gradients = &gradients[(at * panels + panel % panels) * pixels * COLUMNS..];
                    for (places, part) in &blocks {
                        let gradients = &gradients[part.start * COLUMNS..part.end * COLUMNS];
                        add_products(frames, taps, places, gradients, sums);
                    }
                }
            });
        }
        let mut of_weight = Unwritten::new(groups * filters * taps);
        of_weight.all().par_chunks_exact_mut(taps).enumerate().for_each(|(filter, to)| {
            let (group, filter) = (filter / filters, filter % filters);
            let panel = group * panels + filter / COLUMNS;
            let sums = sums[panel * taps * COLUMNS..][..taps * COLUMNS].as_chunks::<COLUMNS>().0;
            zeroed(to).iter_mut().zip(sums).for_each(|(to, sums)| *to = sums[filter % COLUMNS]);
        });
        // SAFETY: those of every filter were written.
        unsafe { of_weight.written() }
    }
}

/// Where every tap of every channel sees, and every output sees from.
fn places(frame: Frame, channels: usize) -> (Vec<usize>, Vec<usize>) {
    let (rows, columns) = (&frame.rows.phases[0], &frame.columns.phases[0]);
    let of_channel = |channel| {
        let down = rows.taps.iter().map(move |(_, down)| channel * frame.step() + down * frame.pitch());
        down.flat_map(|down| columns.taps.iter().map(move |(_, right)| down + right))
    };
    let taps = (0..channels).flat_map(of_channel).collect();
    let row = |(down, _)| columns.numbers().map(move |(right, _)| down * frame.pitch() + right);
    (taps, rows.numbers().flat_map(row).collect())
}

/// Puts the numbers of a pixel of up to [`COLUMNS`] planes next to each other.
fn turn(planes: &[f32], pixels: usize, to: &mut [f32]) {
    for (lane, plane) in planes.chunks_exact(pixels).enumerate() {
        to[lane..].iter_mut().step_by(COLUMNS).zip(plane).for_each(|(to, number)| *to = *number);
    }
}
