use super::axis::{Axis, Frame, Phase};
use super::kernel::{Places, add_products};
use crate::ops::cpu::{COLUMNS, Unwritten, zeros};
use rayon::prelude::*;
use std::mem::MaybeUninit;

/// Numbers of a plane that are summed up at a time, so that the sums stay in a core's first cache.
const PIXELS: usize = 240;
/// Taps whose sum is taken before it is added to those of others: in one sum of thousands more is rounded away.
const TAPS: usize = 256;
/// Numbers of some examples' planes for which a panel of weights is read once.
const TOGETHER: usize = 96;

/// From the planes that are read to those that are written, of so many channels in each group.
pub(super) struct Passage {
    pub batch: usize,
    pub groups: usize,
    pub read: usize,
    pub written: usize,
    pub rows: Axis,
    pub columns: Axis,
}

/// Written numbers that see through the same taps.
struct Part {
    /// Where each number of a plane sees from, and where it is written to.
    numbers: Vec<(usize, usize)>,
    /// Where each tap of each channel sees, some taps at a time.
    taps: Vec<Places>,
    /// Of every group and [`COLUMNS`] channels that are written, a row of them for every tap.
    weights: Vec<f32>,
}

impl Passage {
    /// What is written, by the weight of every channel that is written and every one that is read of a group, and tap.
    pub fn through(
        &self,
        planes: &[f32],
        bias: Option<&[f32]>,
        weight: impl Fn(usize, usize, usize, (usize, usize)) -> f32 + Sync,
    ) -> Vec<f32> {
        let frame = Frame { rows: &self.rows, columns: &self.columns };
        let of_rows = self.rows.phases.iter();
        let pairs = of_rows.flat_map(|rows| self.columns.phases.iter().map(move |columns| (rows, columns)));
        let parts: Vec<Part> = pairs.map(|pair| self.part(frame, pair, &weight)).collect();
        let (of_input, of_output) =
            (self.read * self.groups * frame.read(), self.written * self.groups * frame.written());
        let examples =
            TOGETHER.div_ceil(frame.written()).min(self.batch.div_ceil(rayon::current_num_threads())).max(1);
        let of_frames = self.groups * self.read * frame.step();
        let mut output = Unwritten::new(self.batch * of_output);
        let outputs = output.all().par_chunks_mut(examples * of_output);
        let scratch = || (vec![0.0; examples * of_frames], vec![0.0; PIXELS * COLUMNS]);
        outputs.zip(planes.par_chunks(examples * of_input)).for_each_init(
            scratch,
            |(frames, sums), (output, planes)| {
                let filled = frames.chunks_exact_mut(frame.step()).zip(planes.chunks_exact(frame.read()));
                filled.for_each(|(to, plane)| frame.fill(plane, to));
                for part in &parts {
                    let count = output.len() / of_output;
                    let numbers = (0..count).flat_map(|example| {
                        let further = (example * of_frames, example * of_output);
                        part.numbers.iter().map(move |(from, to)| (from + further.0, to + further.1))
                    });
                    let (from, to): (Vec<usize>, Vec<usize>) = numbers.unzip();
                    for panel in 0..self.groups * self.panels() {
                        self.write(part, panel, bias, (frames, &from), sums, (output, &to));
                    }
                }
            },
        );
        // SAFETY: every number of a plane is of one of the parts, and those of every channel of every example were written.
        unsafe { output.written() }
    }

    /// Of a group.
    fn panels(&self) -> usize {
        self.written.div_ceil(COLUMNS)
    }

    fn part(
        &self,
        frame: Frame,
        (rows, columns): (&Phase, &Phase),
        weight: &(impl Fn(usize, usize, usize, (usize, usize)) -> f32 + Sync),
    ) -> Part {
        let across = |(from, to): (usize, usize)| {
            columns.numbers().map(move |(further, column)| {
                (from * frame.pitch() + further, to * self.columns.written + column)
            })
        };
        let numbers = rows.numbers().flat_map(across).collect();
        let taps: Vec<((usize, usize), usize)> = rows
            .taps
            .iter()
            .flat_map(|(row, down)| {
                columns
                    .taps
                    .iter()
                    .map(move |(column, right)| ((*row, *column), down * frame.pitch() + right))
            })
            .collect();
        let of_channel = |channel| taps.iter().map(move |(_, place)| channel * frame.step() + place);
        let places: Vec<usize> = (0..self.read).flat_map(of_channel).collect();
        let mut weights = zeros(self.groups * self.panels() * places.len() * COLUMNS);
        if !places.is_empty() {
            weights.par_chunks_exact_mut(places.len() * COLUMNS).enumerate().for_each(|(panel, to)| {
                let (group, first) = (panel / self.panels(), panel % self.panels() * COLUMNS);
                let mut to = to.as_chunks_mut::<COLUMNS>().0.iter_mut();
                for channel in 0..self.read {
                    for ((tap, _), to) in taps.iter().zip(&mut to) {
                        for (written, to) in (first..self.written).zip(to) {
                            *to = weight(group, written, channel, *tap);
                        }
                    }
                }
            });
        }
        Part { numbers, taps: places.chunks(TAPS).map(|some| Places::new(some.to_vec())).collect(), weights }
    }

    /// Writes a panel of channels.
    fn write(
        &self,
        part: &Part,
        panel: usize,
        bias: Option<&[f32]>,
        (frames, from): (&[f32], &[usize]),
        sums: &mut [f32],
        (output, to): (&mut [MaybeUninit<f32>], &[usize]),
    ) {
        let (group, first) = (panel / self.panels(), panel % self.panels() * COLUMNS);
        let lanes = COLUMNS.min(self.written - first);
        let first = group * self.written + first;
        let mut biases = [0.0; COLUMNS];
        if let Some(bias) = bias {
            biases[..lanes].copy_from_slice(&bias[first..first + lanes]);
        }
        let frame = Frame { rows: &self.rows, columns: &self.columns };
        let of_group = &frames[group * self.read * frame.step()..];
        let of_panel = part.weights.len() / (self.groups * self.panels());
        let weights = &part.weights[panel * of_panel..][..of_panel];
        for (from, to) in from.chunks(PIXELS).zip(to.chunks(PIXELS)) {
            let sums = &mut sums[..from.len() * COLUMNS];
            let of_numbers = sums.as_chunks_mut::<COLUMNS>().0;
            of_numbers.fill(biases);
            for (taps, weights) in part.taps.iter().zip(weights.chunks(TAPS * COLUMNS)) {
                add_products(of_group, from, taps, weights, sums);
            }
            let sums = sums.as_chunks::<COLUMNS>().0;
            for lane in 0..lanes {
                let output = &mut output[(first + lane) * frame.written()..];
                sums.iter().zip(to).for_each(|(sums, to)| _ = output[*to].write(sums[lane]));
            }
        }
    }
}
