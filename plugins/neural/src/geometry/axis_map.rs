/// A linear map along one axis: every output is a weighted sum of neighbouring inputs.
#[derive(Clone)]
pub(crate) struct AxisMap {
    pub inputs: usize,
    /// For every output, the first input and the weights from there on.
    pub outputs: Vec<(usize, Vec<f32>)>,
}

impl AxisMap {
    /// From outputs to inputs: the outputs that an input goes into lie next to each other, because first and last
    /// inputs grow with the outputs.
    pub fn transposed(&self) -> Self {
        let into = |input: usize| {
            let reaches =
                |(first, weights): &(usize, Vec<f32>)| (*first..first + weights.len()).contains(&input);
            let first = self.outputs.iter().position(reaches).unwrap_or(0);
            let end = self.outputs.iter().rposition(reaches).map_or(first, |last| last + 1);
            let weight = |(first, weights): &(usize, Vec<f32>)| {
                input.checked_sub(*first).and_then(|at| weights.get(at)).copied().unwrap_or(0.0)
            };
            (first, self.outputs[first..end].iter().map(weight).collect())
        };
        Self { inputs: self.outputs.len(), outputs: (0..self.inputs).map(into).collect() }
    }
}
