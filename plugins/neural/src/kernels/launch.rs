use super::memory::{address, address_to_write};
use candle_core::{DType, Device, Result, Tensor, bail};

/// Threads of a block that goes through numbers one by one.
const BLOCK: usize = 256;
/// Blocks that a device is kept busy with; with more numbers, a thread takes several.
const BLOCKS: usize = 16 * 1024;

/// A kernel with its arguments, in the order in which the source has them.
///
/// Tensors must be contiguous and on one device. Those that the kernel writes to belong to whoever launches it.
pub(crate) struct Kernel<'a> {
    name: &'static str,
    arguments: Vec<Argument<'a>>,
}

enum Argument<'a> {
    Read(&'a Tensor),
    Write(&'a Tensor),
    Size(usize),
    Seed(u64),
    Real(f32),
}

/// An argument as the kernel sees it.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests compare types"))]
pub(super) enum Raw {
    /// Of numbers of a type, and whether they are written to.
    Address {
        at: u64,
        dtype: DType,
        write: bool,
    },
    Size(u32),
    Seed(u64),
    Real(f32),
}

/// How many threads a kernel is launched with.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(any(test, feature = "cuda")), expect(dead_code, reason = "nothing launches kernels"))]
pub(super) struct LaunchGrid {
    pub blocks: u32,
    pub threads: u32,
    /// Numbers that the threads of a block share.
    pub shared: u32,
}

impl<'a> Kernel<'a> {
    /// By its name in the source.
    pub fn new(name: &'static str) -> Self {
        Self { name, arguments: Vec::new() }
    }

    /// A tensor that it reads.
    pub fn read(self, tensor: &'a Tensor) -> Self {
        self.with(Argument::Read(tensor))
    }

    /// A tensor that it writes to.
    pub fn write(self, tensor: &'a Tensor) -> Self {
        self.with(Argument::Write(tensor))
    }

    /// A `u32`.
    pub fn size(self, size: usize) -> Self {
        self.with(Argument::Size(size))
    }

    /// Some of them.
    pub fn sizes(self, sizes: impl IntoIterator<Item = usize>) -> Self {
        sizes.into_iter().fold(self, Self::size)
    }

    /// A `u64`.
    pub fn seed(self, seed: u64) -> Self {
        self.with(Argument::Seed(seed))
    }

    /// A `float`.
    pub fn real(self, real: f32) -> Self {
        self.with(Argument::Real(real))
    }

    /// Launches it for `count` numbers, which is its last argument.
    pub fn each(self, count: usize) -> Result<()> {
        let grid = [count.div_ceil(BLOCK).min(BLOCKS), BLOCK, 0];
        if count == 0 { Ok(()) } else { self.size(count).launch(grid) }
    }

    /// Launches it in blocks of threads that share memory for `shared` numbers.
    pub fn blocks(self, blocks: usize, threads: usize, shared: usize) -> Result<()> {
        self.launch([blocks, threads, shared])
    }

    fn with(mut self, argument: Argument<'a>) -> Self {
        self.arguments.push(argument);
        self
    }

    fn launch(self, grid: [usize; 3]) -> Result<()> {
        let size = |size: usize| match u32::try_from(size) {
            Ok(size) => Ok(size),
            Err(_) => bail!("{}: {size} numbers are too many for a kernel: take smaller batches", self.name),
        };
        let [blocks, threads, shared] = grid;
        let grid = LaunchGrid { blocks: size(blocks)?, threads: size(threads)?, shared: size(shared)? };
        let tensors = self.arguments.iter().filter_map(|argument| match argument {
            Argument::Read(tensor) | Argument::Write(tensor) => Some(*tensor),
            _ => None,
        });
        let Some(device) = tensors.clone().next().map(Tensor::device) else {
            bail!("{}: a kernel without tensors", self.name)
        };
        let mut dtype = DType::F32;
        for tensor in tensors {
            size(tensor.elem_count())?;
            if !device.same_device(tensor.device()) {
                bail!("{}: tensors on different devices", self.name);
            }
            dtype = if tensor.dtype() == DType::BF16 { DType::BF16 } else { dtype };
        }
        let raw = |argument: &Argument| {
            Ok(match *argument {
                Argument::Read(from) => {
                    Raw::Address { at: address(from)?, dtype: from.dtype(), write: false }
                }
                Argument::Write(to) => {
                    Raw::Address { at: address_to_write(to)?, dtype: to.dtype(), write: true }
                }
                Argument::Size(count) => Raw::Size(size(count)?),
                Argument::Seed(seed) => Raw::Seed(seed),
                Argument::Real(real) => Raw::Real(real),
            })
        };
        let arguments = self.arguments.iter().map(raw).collect::<Result<Vec<_>>>()?;
        launch_on(device, self.name, dtype, &arguments, grid)
    }
}

#[cfg_attr(not(any(test, feature = "cuda")), expect(unused_variables, reason = "nothing launches kernels"))]
fn launch_on(device: &Device, name: &str, dtype: DType, arguments: &[Raw], grid: LaunchGrid) -> Result<()> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(device) => super::cuda::launch(device, name, dtype, arguments, grid),
        #[cfg(test)]
        Device::Cpu => super::emulation::launch(name, dtype, arguments, grid),
        _ => bail!("{name}: this program was built without CUDA"),
    }
}
