//! A graph, prepared for windows of one shape and run.

use crate::guard;
use crate::limits::Limits;
use crate::model::Model;
use ndarray::ArrayD;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::internal::anyhow;

/// Shapes that a graph is kept prepared for: examples of about one length have few.
const MOST_PLANS: usize = 4;
/// Characters of a message, of which tract's may hold whole tensors.
const LONGEST_MESSAGE: usize = 400;

/// A graph that can be run on windows of any shape it takes.
pub(crate) struct Graph {
    model: Model,
    limits: Limits,
    plans: Mutex<Vec<(Vec<usize>, Arc<TypedRunnableModel>)>>,
}

impl Graph {
    pub(crate) fn new(model: Model, limits: Limits) -> Self {
        Self { model, limits, plans: Mutex::default() }
    }

    /// The graph as it was read.
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// What the graph makes of one input.
    ///
    /// # Errors
    ///
    /// As a sentence whose subject is the file.
    pub(crate) fn run(&self, input: Vec<f32>, shape: &[usize]) -> Result<ArrayD<f32>, String> {
        let plan = self.plan(shape)?;
        carefully(|| {
            let input = Tensor::from_shape(shape, &input)?;
            let outputs = plan.run(tvec!(input.into()))?;
            let output = outputs.first().ok_or_else(|| anyhow!("it makes nothing"))?.cast_to::<f32>()?;
            let numbers = output.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
            Ok(ArrayD::from_shape_vec(output.shape(), numbers)?)
        })
        .map_err(|why| format!("could not be run on an input of shape {shape:?}: {why}"))
    }

    fn plan(&self, shape: &[usize]) -> Result<Arc<TypedRunnableModel>, String> {
        // One thread prepares, the others wait for it.
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, plan)) = plans.iter().find(|(of, _)| of == shape) {
            return Ok(plan.clone());
        }
        let plan = carefully(|| self.prepare(shape))
            .map_err(|why| format!("cannot be run on an input of shape {shape:?}: {why}"))?;
        if plans.len() == MOST_PLANS {
            plans.remove(0);
        }
        plans.push((shape.to_vec(), plan.clone()));
        Ok(plan)
    }

    fn prepare(&self, shape: &[usize]) -> TractResult<Arc<TypedRunnableModel>> {
        let mut model = onnx().parse(&self.model.proto, None)?.model;
        model.set_input_fact(0, InferenceFact::dt_shape(f32::datum_type(), shape))?;
        guard::infer(&mut model, &self.limits)?;
        let model = model.into_typed()?;
        guard::check(&model, &self.limits)?;
        let mut model = model.into_decluttered()?;
        guard::check(&model, &self.limits)?;
        model.optimize()?;
        model.into_runnable()
    }
}

/// Runs what may panic on a graph that nobody thought of.
fn carefully<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    let told = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => format!("{error:#}"),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
            format!("tract failed: {text}")
        }
    };
    let mut short: String =
        told.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_MESSAGE).collect();
    if short.len() < told.len() {
        short.push('…');
    }
    Err(short)
}
