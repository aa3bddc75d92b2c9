//! Sizes and places, computed once for both the loops on the CPU and the kernels on CUDA devices: plain numbers, no
//! tensors.
//!
//! ```text
//! window       how a kernel moves over rows and columns
//! convolution  a convolution as a matrix product with an unfolded input
//! axis_map     a linear map along one axis: pooling, interpolation
//! recurrence   gates, saved numbers and steps of recurrent layers
//! ```

mod axis_map;
mod convolution;
mod recurrence;
mod window;

pub(crate) use axis_map::AxisMap;
pub(crate) use convolution::{ConvolutionSizes, Unfolding};
pub use recurrence::Recurrence;
pub(crate) use recurrence::RecurrentSizes;
pub use window::Window;
pub(crate) use window::WindowAxis;
