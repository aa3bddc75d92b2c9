//! Sizes, checked before there is memory for them.
//!
//! While it infers shapes, tract computes what only depends on constants. A [`Guard`] around every operator looks at the
//! shapes first. Once all are known, [`check`] adds up what a window takes.

use crate::limits::Limits;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::{Factoid, InferenceOp};
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::konst::Const;
use tract_onnx::tract_hir::ops::source::Source;

/// Most axes of a tensor.
const MOST_AXES: usize = 10;

/// An operator whose outputs must not be too large.
#[derive(Debug, Clone)]
struct Guard {
    of: Box<dyn InferenceOp>,
    limits: Limits,
}

/// Two operators are never taken for one.
impl PartialEq for Guard {
    fn eq(&self, _other: &Self) -> bool {
        false
    }
}

impl Eq for Guard {}

impl Op for Guard {
    fn name(&self) -> StaticName {
        self.of.name()
    }

    not_a_typed_op!();
}

impl EvalOp for Guard {
    not_out_of_plan!();
}

type Facts = TVec<InferenceFact>;

impl InferenceOp for Guard {
    fn infer(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(Facts, Facts, Facts)> {
        let (known, made, _) = self.infer_facts(inputs.clone(), outputs.clone(), observed.clone())?;
        let is_computed_now = !known.is_empty() && known.iter().all(|fact| fact.value.concretize().is_some());
        for fact in &made {
            let lengths: Option<TVec<i64>> = fact
                .shape
                .concretize()
                .and_then(|shape| shape.iter().map(|length| length.to_i64().ok()).collect());
            match lengths {
                Some(lengths) => drop(volume(&lengths, &self.limits)?),
                None if is_computed_now => bail!("the size of what it makes depends on numbers"),
                None => {}
            }
        }
        self.of.infer(inputs, outputs, observed)
    }

    fn infer_facts(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(Facts, Facts, Facts)> {
        self.of.infer_facts(inputs, outputs, observed)
    }

    fn observe_outlets(&self, model: &InferenceModel, node: &InferenceNode) -> TractResult<Vec<OutletId>> {
        self.of.observe_outlets(model, node)
    }

    fn nboutputs(&self) -> TractResult<usize> {
        self.of.nboutputs()
    }

    as_op!();
}

fn volume(lengths: &[i64], limits: &Limits) -> TractResult<u64> {
    ensure!(lengths.len() <= MOST_AXES, "what it makes has {} axes", lengths.len());
    lengths
        .iter()
        .try_fold(1u64, |volume, &length| volume.checked_mul(u64::try_from(length).ok()?))
        .filter(|&volume| volume <= limits.tensor)
        .with_context(|| {
            format!("what it makes is of shape {lengths:?}: at most {} numbers are allowed", limits.tensor)
        })
}

/// Infers all shapes of a graph whose input has one.
pub(crate) fn infer(model: &mut InferenceModel, limits: &Limits) -> TractResult<()> {
    for node in model.nodes_mut() {
        if !node.op_is::<Source>() && !node.op_is::<Const>() {
            let of = std::mem::replace(&mut node.op, Box::new(Source::new()));
            node.op = Box::new(Guard { of, limits: *limits });
        }
    }
    model.analyse(false)?;
    for node in model.nodes_mut() {
        if let Some(guard) = node.op_as_mut::<Guard>() {
            node.op = guard.of.clone();
        }
    }
    let open = model.missing_type_shape()?;
    if let Some(outlet) = open.first() {
        let node = model.node(outlet.node);
        bail!("the shape of `{}` ({}) does not follow from the input's", node.name, node.op.name());
    }
    Ok(())
}

/// Adds up what a graph takes for one window.
pub(crate) fn check(model: &TypedModel, limits: &Limits) -> TractResult<()> {
    use tract_onnx::tract_core::ops::cnn::{Conv, Deconv};
    let (mut numbers, mut multiplications) = (0u64, 0u64);
    for node in model.nodes() {
        let of = || format!("`{}` ({})", node.name, node.op.name());
        for output in &node.outputs {
            let lengths: TVec<i64> = output
                .fact
                .shape
                .iter()
                .map(|length| length.to_i64())
                .collect::<Result<_, _>>()
                .with_context(of)?;
            numbers = numbers.saturating_add(volume(&lengths, limits).with_context(of)?);
        }
        let inputs = model.node_input_facts(node.id)?;
        // A convolution is a product of matrices, of which one has every number as often as the kernel sees it.
        let unrolled = if let Some(conv) = node.op_as::<Conv>() {
            Some((inputs[1], &node.outputs[0].fact, conv.output_channels()))
        } else {
            node.op_as::<Deconv>().map(|deconv| (inputs[1], inputs[0], deconv.pool_spec.input_channels))
        };
        if let Some((kernel, image, channels)) = unrolled {
            let channels = channels.max(1) as u64;
            let of_fact = |fact: &TypedFact| fact.shape.volume().to_i64().map(i64::unsigned_abs);
            let unrolled = (of_fact(kernel)? / channels).saturating_mul(of_fact(image)? / channels);
            ensure!(unrolled <= limits.tensor, "{} takes {unrolled} numbers beside its output", of());
        }
        for (cost, count) in node.op.cost(&inputs)? {
            if cost.is_compute() {
                let count = count.to_i64().map_or(u64::MAX, i64::unsigned_abs);
                multiplications = multiplications.saturating_add(count);
            }
        }
    }
    ensure!(
        numbers <= limits.tensors,
        "a window takes {numbers} numbers, more than the {} allowed",
        limits.tensors
    );
    ensure!(
        multiplications <= limits.multiplications,
        "a window takes {multiplications} multiplications, more than the {} allowed",
        limits.multiplications
    );
    Ok(())
}
