use crate::geometry::WindowAxis;

/// How a convolution, or what its gradient goes back through, moves over one axis.
pub(super) struct Axis {
    /// Numbers that are read.
    pub read: usize,
    /// Zeros in front of them.
    front: usize,
    /// All that there is to see: what is read, with the zeros in front and behind.
    pub framed: usize,
    /// Numbers that are written.
    pub written: usize,
    pub phases: Vec<Phase>,
}

/// Written numbers at one distance from each other, which all see through the same taps.
pub(super) struct Phase {
    pub first: usize,
    pub step: usize,
    pub count: usize,
    /// Where the first one sees from, and how much further on the next does.
    place: usize,
    apart: usize,
    /// Taps of the kernel, and how much further on each sees.
    pub taps: Vec<(usize, usize)>,
}

impl Axis {
    /// From the input to the output.
    pub fn forward(axis: WindowAxis) -> Self {
        let WindowAxis { input, output, kernel, stride, padding, dilation } = axis;
        let taps = (0..kernel).map(|tap| (tap, tap * dilation)).collect();
        let phase = Phase { first: 0, step: 1, count: output, place: 0, apart: stride, taps };
        let framed = (output - 1) * stride + (kernel - 1) * dilation + 1;
        Self { read: input, front: padding, framed, written: output, phases: vec![phase] }
    }

    /// From the output's gradient to the input's: which taps an input went through goes by what is left when its place is divided by the
    /// stride.
    pub fn backward(axis: WindowAxis) -> Self {
        let WindowAxis { input, output, kernel, stride, padding, dilation } = axis;
        let front = (kernel - 1) * dilation / stride;
        let phase = |rest: usize| {
            // The first input of the phase was where a window that begins at `place` strides has its number `rest`.
            let place = padding.saturating_sub(rest).div_ceil(stride);
            let first = place * stride + rest - padding;
            let through = (0..kernel).filter(|tap| tap * dilation % stride == rest);
            Phase {
                first,
                step: stride,
                count: input.saturating_sub(first).div_ceil(stride),
                place,
                apart: 1,
                taps: through.map(|tap| (tap, front - tap * dilation / stride)).collect(),
            }
        };
        let framed = front + (input + padding).div_ceil(stride);
        let phases = (0..stride).map(phase).collect();
        Self { read: output, front, framed, written: input, phases }
    }

    /// What is read of the axis at all: from the first number on, so many.
    fn seen(&self) -> usize {
        self.read.min(self.framed.saturating_sub(self.front))
    }
}

impl Phase {
    /// Where each number sees from, and where it is written to.
    pub fn numbers(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.count).map(|at| (self.place + at * self.apart, self.first + at * self.step))
    }
}

/// Planes with the zeros around them.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub rows: &'a Axis,
    pub columns: &'a Axis,
}

impl Frame<'_> {
    /// From one row to the next.
    pub fn pitch(self) -> usize {
        self.columns.framed
    }

    /// From one plane's frame to the next. A little more than there is to see: places so many pages apart share a few lines of the
    /// CPU's caches.
    pub fn step(self) -> usize {
        self.rows.framed * self.pitch() + 16
    }

    /// Numbers of a plane that is read.
    pub fn read(self) -> usize {
        self.rows.read * self.columns.read
    }

    /// Numbers of a plane that is written.
    pub fn written(self) -> usize {
        self.rows.written * self.columns.written
    }

    /// Puts a plane into its frame, whose zeros are there already.
    pub fn fill(self, plane: &[f32], frame: &mut [f32]) {
        let (width, first) = (self.columns.seen(), self.rows.front * self.pitch() + self.columns.front);
        if width == 0 {
            return;
        }
        let rows = plane.chunks_exact(self.columns.read).take(self.rows.seen());
        for (at, row) in rows.enumerate() {
            frame[first + at * self.pitch()..][..width].copy_from_slice(&row[..width]);
        }
    }
}
