use super::Kernel;
use super::elementwise::fill;
use super::memory::fresh;
use super::product::{Matrices, Sizes as ProductSizes, product};
use crate::layers::recurrent::Span;
use candle_core::{DType, Result, Tensor, bail};

/// Threads of a block at most.
const THREADS: usize = 1024;
/// What a block may share without asking for more, in numbers.
const SHARED: usize = 48 * 1024 / 4;

/// One direction of one recurrent layer; see layers/recurrent/sequence.rs, of which this is a second form: the
/// kept rows, the weights' order and the way of the computation are the same. All in f32.
#[derive(Clone, Copy)]
pub(in crate::layers) struct Walk {
    /// The number of the cell in the kernels.
    pub kind: usize,
    pub batch: usize,
    pub steps: usize,
    pub features: usize,
    pub hidden: usize,
    pub reverse: bool,
    /// Numbers of all gates.
    pub gates: usize,
    /// Numbers of a kept row.
    pub kept: usize,
    /// Where the gradients of `W_hh·h + b_hh` end in a kept row.
    pub spans: &'static [Span],
}

/// The weights of one direction, cut apart: `W_ih`, `W_hh`, `b_ih`, `b_hh`.
struct Weights {
    from_input: Tensor,
    from_hidden: Tensor,
    bias_input: Tensor,
    bias_hidden: Tensor,
}

impl Walk {
    fn rows(&self) -> usize {
        self.batch * self.steps
    }

    fn weights(&self, flat: &Tensor) -> Result<Weights> {
        let Self { gates, features, hidden, .. } = *self;
        let (inputs, states) = (gates * features, gates * hidden);
        Ok(Weights {
            from_input: flat.narrow(0, 0, inputs)?.reshape((gates, features))?,
            from_hidden: flat.narrow(0, inputs, states)?.reshape((gates, hidden))?,
            bias_input: flat.narrow(0, inputs + states, gates)?,
            bias_hidden: flat.narrow(0, inputs + states + gates, gates)?,
        })
    }

    /// Threads for so many numbers, in whole groups of those that run together.
    fn threads(numbers: usize) -> usize {
        numbers.next_multiple_of(32).min(THREADS)
    }

    fn check_shared(&self, shared: usize) -> Result<usize> {
        if shared > SHARED {
            bail!("a recurrent layer of {} states is too large for a CUDA device", self.hidden);
        }
        Ok(shared)
    }
}

/// All states, `(batch, steps, hidden)`, and the kept rows.
pub(in crate::layers) fn walk(walk: &Walk, input: &Tensor, flat: &Tensor) -> Result<(Tensor, Tensor)> {
    let Walk { batch, steps, features, hidden, gates, .. } = *walk;
    let weights = walk.weights(flat)?;
    let kept = fresh((walk.rows(), walk.kept), DType::F32, input.device())?;
    fill(&weights.bias_input, &kept, walk.kept, 1)?;
    product(
        Matrices::one(&kept, walk.kept),
        Matrices::one(input, features),
        Matrices::one(&weights.from_input, features).transposed(),
        ProductSizes { rows: walk.rows(), columns: gates, depth: features, count: 1 },
        true,
    )?;
    let output = fresh((batch, steps, hidden), DType::F32, input.device())?;
    Kernel::new("walk")
        .read(&weights.from_hidden.t()?.contiguous()?)
        .read(&weights.bias_hidden)
        .write(&kept)
        .write(&output)
        .sizes([walk.kind, steps, hidden, usize::from(walk.reverse)])
        .blocks(batch, Walk::threads(gates), walk.check_shared(2 * hidden + gates)?)?;
    Ok((output, kept))
}

/// Gradients of the input, if it is wanted, and of the weights. Overwrites the kept rows.
pub(in crate::layers) fn walk_back(
    walk: &Walk,
    input: &Tensor,
    flat: &Tensor,
    output: &Tensor,
    kept: &Tensor,
    gradient: &Tensor,
    of_input: bool,
) -> Result<(Option<Tensor>, Tensor)> {
    let Walk { batch, steps, features, hidden, gates, reverse, .. } = *walk;
    let weights = walk.weights(flat)?;
    let threads = Walk::threads(gates);
    let parts = (threads / hidden).max(1);
    Kernel::new("walk_back")
        .read(&weights.from_hidden)
        .read(output)
        .read(gradient)
        .write(kept)
        .sizes([walk.kind, steps, hidden, usize::from(reverse), parts])
        .blocks(batch, threads, walk.check_shared((2 + parts) * hidden + gates)?)?;

    let rows = walk.rows();
    let by_gates = Matrices::one(kept, walk.kept);
    let by_input = match of_input {
        true => {
            let by_input = fresh(input.shape(), DType::F32, input.device())?;
            product(
                Matrices::one(&by_input, features),
                by_gates,
                Matrices::one(&weights.from_input, features),
                ProductSizes { rows, columns: features, depth: gates, count: 1 },
                false,
            )?;
            Some(by_input)
        }
        false => None,
    };
    let by_weights = fresh(flat.shape(), DType::F32, input.device())?;
    product(
        Matrices::one(&by_weights, features),
        by_gates.transposed(),
        Matrices::one(input, features),
        ProductSizes { rows: gates, columns: features, depth: rows, count: 1 },
        false,
    )?;
    // Sums over all rows: products with ones.
    let ones = Tensor::ones(rows, DType::F32, input.device())?;
    let sum = |block: usize, count: usize, to: usize| {
        product(
            Matrices::one(&by_weights, count).from(to),
            Matrices::one(&ones, rows),
            by_gates.from(block),
            ProductSizes { rows: 1, columns: count, depth: rows, count: 1 },
            false,
        )
    };
    let (to_hidden, to_bias) = (gates * features, gates * (features + hidden));
    sum(0, gates, to_bias)?;
    for span in walk.spans {
        sum(span.block * hidden, span.gates * hidden, to_bias + gates + span.gate * hidden)?;
    }

    // As on the CPU: the state before a step is one row up or down, and where there is none the gradient is
    // set to zero.
    if steps == 1 {
        let nothing = Tensor::zeros(gates * hidden, DType::F32, input.device())?;
        fill(&nothing, &by_weights.narrow(0, to_hidden, gates * hidden)?, gates * hidden, 1)?;
        return Ok((by_input, by_weights));
    }
    Kernel::new("clear_step")
        .write(kept)
        .sizes([steps, if reverse { steps - 1 } else { 0 }, walk.kept])
        .each(batch * walk.kept)?;
    let (above, below) = if reverse { (0, 1) } else { (1, 0) };
    for span in walk.spans {
        product(
            Matrices::one(&by_weights, hidden).from(to_hidden + span.gate * hidden * hidden),
            by_gates.from(above * walk.kept + span.block * hidden).transposed(),
            Matrices::one(output, hidden).from(below * hidden),
            ProductSizes { rows: span.gates * hidden, columns: hidden, depth: rows - 1, count: 1 },
            false,
        )?;
    }
    Ok((by_input, by_weights))
}
