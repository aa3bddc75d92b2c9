use super::Kernel;
use super::elementwise::fill;
use super::memory::fresh;
use super::product::{Matrices, ProductSizes, product};
use crate::geometry::RecurrentSizes;
use candle_core::{DType, Result, Tensor, bail};

/// Threads of a block at most.
const THREADS: usize = 1024;
/// What a block may share without asking for more, in numbers.
const SHARED: usize = 48 * 1024 / 4;

impl RecurrentSizes {
    /// Threads for all gates, in whole groups of those that run together.
    fn threads(&self) -> usize {
        self.gates().next_multiple_of(32).min(THREADS)
    }

    fn check_shared(&self, shared: usize) -> Result<usize> {
        if shared > SHARED {
            bail!("a recurrent layer of {} states is too large for a CUDA device", self.hidden);
        }
        Ok(shared)
    }
}

/// All states, `(batch, steps, hidden)`, and the saved rows: the same as on the CPU (ops/recurrent), all in f32.
pub(crate) fn recurrent(
    sizes: &RecurrentSizes,
    input: &Tensor,
    [weight_ih, weight_hh, bias_ih, bias_hh]: [&Tensor; 4],
) -> Result<(Tensor, Tensor)> {
    let RecurrentSizes { recurrence, batch, steps, features, hidden, reverse } = *sizes;
    let (gates, saved_width) = (sizes.gates(), sizes.saved());
    let saved = fresh((sizes.rows(), saved_width), DType::F32, input.device())?;
    fill(bias_ih, &saved, saved_width, 1)?;
    product(
        Matrices::one(&saved, saved_width),
        Matrices::one(input, features),
        Matrices::one(weight_ih, features).transposed(),
        ProductSizes { rows: sizes.rows(), columns: gates, depth: features, count: 1 },
        true,
    )?;
    let output = fresh((batch, steps, hidden), DType::F32, input.device())?;
    Kernel::new("recurrent_forward")
        .read(&weight_hh.t()?.contiguous()?)
        .read(bias_hh)
        .write(&saved)
        .write(&output)
        .sizes([recurrence.number(), steps, hidden, usize::from(reverse)])
        .blocks(batch, sizes.threads(), sizes.check_shared(2 * hidden + gates)?)?;
    Ok((output, saved))
}

/// Gradients of the input, if it is wanted, and of the weights, one after the other. Overwrites the saved rows.
pub(crate) fn recurrent_backward(
    sizes: &RecurrentSizes,
    input: &Tensor,
    [weight_ih, weight_hh]: [&Tensor; 2],
    output: &Tensor,
    saved: &Tensor,
    gradient: &Tensor,
    of_input: bool,
) -> Result<(Option<Tensor>, Tensor)> {
    let RecurrentSizes { recurrence, batch, steps, features, hidden, reverse } = *sizes;
    let (gates, saved_width) = (sizes.gates(), sizes.saved());
    let threads = sizes.threads();
    let parts = (threads / hidden).max(1);
    Kernel::new("recurrent_backward")
        .read(weight_hh)
        .read(output)
        .read(gradient)
        .write(saved)
        .sizes([recurrence.number(), steps, hidden, usize::from(reverse), parts])
        .blocks(batch, threads, sizes.check_shared((2 + parts) * hidden + gates)?)?;

    let rows = sizes.rows();
    let by_gates = Matrices::one(saved, saved_width);
    let of_input = match of_input {
        true => {
            let of_input = fresh(input.shape(), DType::F32, input.device())?;
            product(
                Matrices::one(&of_input, features),
                by_gates,
                Matrices::one(weight_ih, features),
                ProductSizes { rows, columns: features, depth: gates, count: 1 },
                false,
            )?;
            Some(of_input)
        }
        false => None,
    };
    let of_weights = fresh(sizes.weights(), DType::F32, input.device())?;
    product(
        Matrices::one(&of_weights, features),
        by_gates.transposed(),
        Matrices::one(input, features),
        ProductSizes { rows: gates, columns: features, depth: rows, count: 1 },
        false,
    )?;
    // Sums over all rows: products with ones.
    let ones = Tensor::ones(rows, DType::F32, input.device())?;
    let sum = |block: usize, count: usize, to: usize| {
        product(
            Matrices::one(&of_weights, count).from(to),
            Matrices::one(&ones, rows),
            by_gates.from(block),
            ProductSizes { rows: 1, columns: count, depth: rows, count: 1 },
            false,
        )
    };
    let (to_hidden, to_bias) = (gates * features, gates * (features + hidden));
    sum(0, gates, to_bias)?;
    for span in recurrence.hidden_spans() {
        sum(span.block * hidden, span.gates * hidden, to_bias + gates + span.gate * hidden)?;
    }

    // As on the CPU: the state before a step is one row up or down, and where there is none the gradient is
    // set to zero.
    if steps == 1 {
        let nothing = Tensor::zeros(gates * hidden, DType::F32, input.device())?;
        fill(&nothing, &of_weights.narrow(0, to_hidden, gates * hidden)?, gates * hidden, 1)?;
        return Ok((of_input, of_weights));
    }
    Kernel::new("clear_step")
        .write(saved)
        .sizes([steps, if reverse { steps - 1 } else { 0 }, saved_width])
        .each(batch * saved_width)?;
    let (above, below) = if reverse { (0, 1) } else { (1, 0) };
    for span in recurrence.hidden_spans() {
        product(
            Matrices::one(&of_weights, hidden).from(to_hidden + span.gate * hidden * hidden),
            by_gates.from(above * saved_width + span.block * hidden).transposed(),
            Matrices::one(output, hidden).from(below * hidden),
            ProductSizes { rows: span.gates * hidden, columns: hidden, depth: rows - 1, count: 1 },
            false,
        )?;
    }
    Ok((of_input, of_weights))
}
