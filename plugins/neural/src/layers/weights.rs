use super::{Framework, Init, InitScheme};
use crate::ops;
use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};
use genre_bench_api::random_stream;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The numbers of a network by name: `conv1.weight`.
pub struct Weights {
    /// What training changes by gradients.
    pub trainable: BTreeMap<String, Var>,
    /// What layers keep besides, such as running statistics.
    pub buffers: BTreeMap<String, Var>,
    /// Type of the numbers that the network reads and hands from layer to layer. Weights and buffers are f32 even
    /// where this is bf16.
    pub dtype: DType,
}

impl Default for Weights {
    fn default() -> Self {
        Self { trainable: BTreeMap::new(), buffers: BTreeMap::new(), dtype: DType::F32 }
    }
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
    framework: Framework,
    init: InitScheme,
    norm_momentum: f32,
    norm_epsilon: f32,
}

impl Builder {
    /// For a new network on a device, with numbers of a type between its layers: f32, or bf16 on CUDA devices.
    pub fn new(seed: u64, device: &Device, dtype: DType) -> Self {
        let weights = Weights { dtype, ..Weights::default() };
        let (seed, device) = (Some(seed), device.clone());
        let framework = Framework::default();
        Self {
            weights: Arc::new(weights.into()),
            path: String::new(),
            seed,
            device,
            dtype,
            framework,
            init: framework.init(),
            norm_momentum: framework.norm_momentum(),
            norm_epsilon: framework.norm_epsilon(),
        }
    }

    /// The same, with layers as another framework makes them than PyTorch.
    pub fn following(self, framework: Framework) -> Self {
        let (norm_momentum, norm_epsilon) = (framework.norm_momentum(), framework.norm_epsilon());
        Self { framework, init: framework.init(), norm_momentum, norm_epsilon, ..self }
    }

    /// The same, with batch normalization that adds so much to the variance.
    pub fn norm_adding(&self, norm_epsilon: f32) -> Self {
        Self { norm_epsilon, ..self.clone() }
    }

    /// The same, with batch normalization whose running statistics a batch moves so far towards its own.
    pub fn norm_moving_by(self, norm_momentum: f32) -> Self {
        Self { norm_momentum, ..self }
    }

    /// The same, with linear and convolutional layers that start in another way than the framework's.
    pub fn starting(&self, init: InitScheme) -> Self {
        Self { init, ..self.clone() }
    }

    /// Whose defaults layers follow.
    pub fn framework(&self) -> Framework {
        self.framework
    }

    /// How far a batch moves the running statistics of batch normalization towards its own.
    pub fn norm_momentum(&self) -> f32 {
        self.norm_momentum
    }

    /// What batch normalization adds to the variance.
    pub fn norm_epsilon(&self) -> f32 {
        self.norm_epsilon
    }

    /// How linear and convolutional layers start.
    pub fn init(&self) -> InitScheme {
        self.init
    }

    /// For a network of which only the [cost](super::Context::counting) is wanted: all weights are zero.
    pub fn blank() -> Self {
        Self { seed: None, ..Self::new(0, &Device::Cpu, DType::F32) }
    }

    /// For a part of the network.
    pub fn at(&self, name: &str) -> Self {
        Self { path: format!("{}{name}.", self.path), ..self.clone() }
    }

    /// A weight that training changes.
    ///
    /// # Errors
    ///
    /// bf16 on the CPU, or a device that fails.
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
    /// As [`Builder::trainable`].
    pub fn buffer(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Var> {
        let var = self.var(name, shape.into(), init)?;
        self.lock().buffers.insert(format!("{}{name}", self.path), var.clone());
        Ok(var)
    }

    /// Zeros that nothing changes, in the place of a weight that a layer does not have.
    ///
    /// # Errors
    ///
    /// A device that fails.
    pub(crate) fn zeros(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        let dtype = if self.dtype == DType::BF16 { DType::F32 } else { self.dtype };
        Tensor::zeros(shape, dtype, &self.device)
    }

    /// Everything that was built.
    pub fn finish(self) -> Weights {
        std::mem::take(&mut *self.lock())
    }

    fn var(&self, name: &str, shape: Shape, init: Init) -> Result<Var> {
        if self.dtype == DType::BF16 && !ops::has_bf16(&self.device) {
            bail!("bf16 is for CUDA devices; on the CPU networks compute in f32");
        }
        let Some(seed) = self.seed else { return Var::zeros(shape, self.dtype, &self.device) };
        let mut rng = random_stream(seed, &format!("weight {}{name}", self.path));
        let values = init.draw(shape.elem_count(), &mut rng);
        // In bf16 a step of training would be lost in rounding where it is below a 256th of the weight. So what is
        // of that type are the numbers between layers; the weights that an operation reads it rounds itself.
        let dtype = if self.dtype == DType::BF16 { DType::F32 } else { self.dtype };
        Var::from_tensor(&Tensor::from_vec(values, shape, &self.device)?.to_dtype(dtype)?)
    }

    fn lock(&self) -> MutexGuard<'_, Weights> {
        // Nothing panics while it holds the lock.
        self.weights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
