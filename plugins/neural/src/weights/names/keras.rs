//! Rules that the layers of Keras's applications share: by their name and ours.

/// Batch normalization.
macro_rules! norm {
    ($theirs:literal, $ours:literal) => {
        &[
            (concat!($theirs, "/gamma"), concat!($ours, ".weight"), Same),
            (concat!($theirs, "/beta"), concat!($ours, ".bias"), Same),
            (concat!($theirs, "/moving_mean"), concat!($ours, ".running_mean"), Same),
            (concat!($theirs, "/moving_variance"), concat!($ours, ".running_var"), Same),
        ]
    };
}

/// A layer with a kernel, whose axes are laid out so, and perhaps a bias.
macro_rules! layer {
    ($theirs:literal, $ours:literal, $layout:expr) => {
        &[
            (concat!($theirs, "/kernel"), concat!($ours, ".weight"), $layout),
            (concat!($theirs, "/bias"), concat!($ours, ".bias"), Same),
        ]
    };
}

/// A depthwise convolution, whose kernel Keras 2 calls otherwise than Keras 3.
macro_rules! depthwise {
    ($theirs:literal, $ours:literal) => {
        &[
            (concat!($theirs, "/kernel"), concat!($ours, ".weight"), KerasDepthwise),
            (concat!($theirs, "/depthwise_kernel"), concat!($ours, ".weight"), KerasDepthwise),
        ]
    };
}

pub(super) use {depthwise, layer, norm};
