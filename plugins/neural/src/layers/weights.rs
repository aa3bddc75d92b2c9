use super::regular_file::regular_file;
use super::{Framework, Init, InitScheme};
use crate::ops;
use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};
use candle_nn::{VarBuilder, VarMap};
use genre_bench_api::random_stream;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The numbers of a network by name, after PyTorch: `block1.weight`, `block1.norm.running_mean`, `gru.weight_ih_l0`.
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

    /// All of them as candle's map, which shares them: what is set in one is set in the other.
    pub fn var_map(&self) -> VarMap {
        let map = VarMap::new();
        let vars = self.trainable.iter().chain(&self.buffers);
        let mut entries = map.data().lock().unwrap_or_else(PoisonError::into_inner);
        entries.extend(vars.map(|(name, var)| (name.clone(), var.clone())));
        drop(entries);
        map
    }

    /// Writes all of them into a safetensors file, whole or not at all.
    ///
    /// # Errors
    ///
    /// A folder that is not there or cannot be written to.
    pub fn save(&self, path: &Path) -> Result<()> {
        // The writer fills a temporary file beside the wanted one, which needs a folder's name, and then renames it.
        self.var_map().save(Path::new(".").join(path))
    }
}

/// The numbers in a safetensors file, for [`Builder::reading`]. Those of other types are converted to f32.
///
/// # Errors
///
/// A file that is not there, has more than `largest` bytes, or is no safetensors file.
pub fn read_weights(path: &Path, largest: u64, device: &Device) -> Result<VarBuilder<'static>> {
    VarBuilder::from_buffered_safetensors(regular_file(path, largest)?, DType::F32, device)
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
    exact: bool,
    /// Starts of the names of what training changes; None where that is everything.
    trained: Option<&'static [&'static str]>,
    /// Where weights are read instead of drawn, at the place of this builder.
    source: Option<VarBuilder<'static>>,
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
            exact: false,
            trained: None,
            source: None,
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

    /// The same, with convolutions of which every product is computed, on the CPU: without those that need fewer (Winograd's), whose
    /// sums differ in the last digits.
    pub fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    pub(super) fn is_exact(&self) -> bool {
        self.exact
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

    /// The same, with weights that are read and not drawn: every one that is built from here on must be there under its
    /// name and of its shape, which is counted from this place of the network on. [`VarBuilder::pp`] and
    /// [`VarBuilder::rename_f`] bring names of other programs to that.
    ///
    /// A layer built by a builder without it, such as the last one of a network that was pretrained on other classes, is
    /// drawn.
    pub fn reading(&self, source: VarBuilder<'static>) -> Self {
        Self { source: Some(source), ..self.clone() }
    }

    /// The same, with weights of which training changes only those whose names start so; all others are frozen: they have no
    /// gradient, stand among [`Weights::buffers`], and batch normalization goes by its running statistics.
    pub fn training_only(self, starts: &'static [&'static str]) -> Self {
        Self { trained: Some(starts), ..self }
    }

    /// Whether training leaves the weight of this name, at this place, as it is.
    pub(crate) fn is_frozen(&self, name: &str) -> bool {
        let full = format!("{}{name}", self.path);
        self.trained.is_some_and(|starts| !starts.iter().any(|start| full.starts_with(start)))
    }

    /// For a network of which only the [cost](super::Context::counting) is wanted: all weights are zero.
    pub fn blank() -> Self {
        Self { seed: None, ..Self::new(0, &Device::Cpu, DType::F32) }
    }

    /// For a part of the network.
    pub fn at(&self, name: &str) -> Self {
        let source = self.source.as_ref().map(|source| source.pp(name));
        Self { path: format!("{}{name}.", self.path), source, ..self.clone() }
    }

    /// A weight that training changes, unless it is frozen.
    ///
    /// # Errors
    ///
    /// bf16 on the CPU, a device that fails, or a weight that is not in what is [read](Builder::reading) or has another
    /// shape there.
    pub fn trainable(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Tensor> {
        let var = self.var(name, shape.into(), init)?;
        if self.is_frozen(name) {
            // Of the same numbers, but no variable: nothing is kept for its gradient.
            let tensor = var.as_tensor().detach();
            self.lock().buffers.insert(format!("{}{name}", self.path), var);
            return Ok(tensor);
        }
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
        // In bf16 a step of training would be lost in rounding where it is below a 256th of the weight. So what is
        // of that type are the numbers between layers; the weights that an operation reads it rounds itself.
        let dtype = if self.dtype == DType::BF16 { DType::F32 } else { self.dtype };
        let tensor = match &self.source {
            Some(source) => source.get(shape, name)?.to_device(&self.device)?,
            None => {
                let mut rng = random_stream(seed, &format!("weight {}{name}", self.path));
                Tensor::from_vec(init.draw(shape.elem_count(), &mut rng), shape, &self.device)?
            }
        };
        Var::from_tensor(&tensor.to_dtype(dtype)?)
    }

    fn lock(&self) -> MutexGuard<'_, Weights> {
        // Nothing panics while it holds the lock.
        self.weights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
