use super::Init;
use candle_core::{DType, Device, Result, Shape, Tensor, Var};
use genre_bench_api::random_stream;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The numbers of a network by name: `conv1.weight`.
#[derive(Default)]
pub struct Weights {
    /// What training changes by gradients.
    pub trainable: BTreeMap<String, Var>,
    /// What layers keep besides, such as running statistics.
    pub buffers: BTreeMap<String, Var>,
}

impl Weights {
    /// How many numbers training changes.
    pub fn parameters(&self) -> usize {
        self.trainable.values().map(|var| var.elem_count()).sum()
    }
}

/// Makes the weights of layers, each under the name of the place it is built at.
///
/// Every weight has a random stream of its own, named after it, so that adding a layer changes no other.
#[derive(Clone)]
pub struct Builder {
    weights: Arc<Mutex<Weights>>,
    path: String,
    /// None where all weights are zero.
    seed: Option<u64>,
    device: Device,
    dtype: DType,
}

impl Builder {
    /// For a new network on a device.
    pub fn new(seed: u64, device: &Device, dtype: DType) -> Self {
        Self { weights: Arc::default(), path: String::new(), seed: Some(seed), device: device.clone(), dtype }
    }

    /// For a network of which only the [cost](super::Pass::counting) is wanted: all weights are zero.
    pub fn blank() -> Self {
        Self {
            weights: Arc::default(),
            path: String::new(),
            seed: None,
            device: Device::Cpu,
            dtype: DType::F32,
        }
    }

    /// For a part of the network.
    pub fn at(&self, name: &str) -> Self {
        Self { path: format!("{}{name}.", self.path), ..self.clone() }
    }

    /// A weight that training changes.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn trainable(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Tensor> {
        let var = self.var(name, shape.into(), init)?;
        let tensor = var.as_tensor().clone();
        self.lock().trainable.insert(format!("{}{name}", self.path), var);
        Ok(tensor)
    }

    /// Numbers that the layer keeps besides.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn buffer(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Var> {
        let var = self.var(name, shape.into(), init)?;
        self.lock().buffers.insert(format!("{}{name}", self.path), var.clone());
        Ok(var)
    }

    /// Everything that was built.
    pub fn finish(self) -> Weights {
        std::mem::take(&mut *self.lock())
    }

    fn var(&self, name: &str, shape: Shape, init: Init) -> Result<Var> {
        let Some(seed) = self.seed else { return Var::zeros(shape, self.dtype, &self.device) };
        let mut rng = random_stream(seed, &format!("weight {}{name}", self.path));
        let values = init.draw(shape.elem_count(), &mut rng);
        Var::from_tensor(&Tensor::from_vec(values, shape, &self.device)?.to_dtype(self.dtype)?)
    }

    fn lock(&self) -> MutexGuard<'_, Weights> {
        // Nothing panics while it holds the lock.
        self.weights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
