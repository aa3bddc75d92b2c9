use super::Kernel;
use super::memory::fresh;
use candle_core::{DType, Result, Tensor};

/// Threads of a block that sums up; in tests, where they only take turns, fewer.
pub(super) const THREADS: usize = if cfg!(test) { 32 } else { 256 };
/// The most parts that a sum is made in: enough to keep a device busy, few enough to be added one after the other.
const PARTS: usize = 64;
/// Numbers that a thread should have to add, for a sum to be worth more parts.
const WORTH: usize = 8;

/// In how many parts so many numbers are summed up.
pub(super) fn parts(numbers: usize) -> usize {
    (numbers / (THREADS * WORTH)).clamp(1, PARTS)
}

/// The sum of every channel of `(batch, channels, …)`, f32.
pub(super) fn channel_sums(values: &Tensor, (batch, channels): (usize, usize)) -> Result<Tensor> {
    let plane = values.elem_count() / batch / channels;
    let numbers = batch * plane;
    let parts = parts(numbers);
    let sums = fresh((channels, parts), DType::F32, values.device())?;
    Kernel::new("channel_sums").read(values).write(&sums).sizes([parts, channels, plane, numbers]).blocks(
        channels * parts,
        THREADS,
        THREADS,
    )?;
    let totals = fresh(channels, DType::F32, values.device())?;
    add_parts(&sums, &totals, parts, (1, parts), false)?;
    Ok(totals)
}

/// Adds up `parts` parts of each of `totals`: those of a total lie `steps.0` apart, those of the next total begin
/// `steps.1` further. With `onto` they are added to what is there.
pub(super) fn add_parts(
    values: &Tensor,
    totals: &Tensor,
    parts: usize,
    steps: (usize, usize),
    onto: bool,
) -> Result<()> {
    Kernel::new("add_parts")
        .read(values)
        .write(totals)
        .sizes([parts, steps.0, steps.1, usize::from(onto)])
        .each(totals.elem_count())
}

/// The sum of the squares of all numbers of f32 tensors, which is waited for once.
pub(crate) fn sum_squares(tensors: &[Tensor]) -> Result<f64> {
    let parts: Vec<usize> = tensors.iter().map(|tensor| parts(tensor.elem_count())).collect();
    let Some(device) = tensors.first().map(Tensor::device) else { return Ok(0.0) };
    let sums = fresh(parts.iter().sum::<usize>(), DType::F32, device)?;
    let mut start = 0;
    for (tensor, parts) in tensors.iter().zip(parts) {
        Kernel::new("sum_squares")
            .read(tensor)
            .write(&sums)
            .sizes([start, tensor.elem_count()])
            .blocks(parts, THREADS, THREADS)?;
        start += parts;
    }
    Ok(sums.to_vec1::<f32>()?.into_iter().map(f64::from).sum())
}
