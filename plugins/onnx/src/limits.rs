//! What a graph may take.

/// What a graph may take before it is refused, whatever its file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file.
    pub bytes: u64,
    /// Nodes, attributes, tensors and the like in a file.
    pub messages: usize,
    /// Numbers in a file that are written one by one instead of as raw bytes.
    pub numbers: usize,
    /// Numbers of one tensor.
    pub tensor: u64,
    /// Numbers of all tensors of a window together.
    pub tensors: u64,
    /// Multiplications for a window.
    pub multiplications: u64,
}

impl Default for Limits {
    /// Protobuf's own limit of 2 GiB; a tensor of 1 GiB, all together 4 GiB; some minutes of a core.
    fn default() -> Self {
        Self {
            bytes: 2 << 30,
            messages: 300_000,
            numbers: 1 << 24,
            tensor: 1 << 28,
            tensors: 1 << 30,
            multiplications: 1 << 42,
        }
    }
}
