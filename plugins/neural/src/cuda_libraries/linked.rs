//! For systems whose linker gives a program NVIDIA's libraries when it starts: there is nothing to open.

/// As where the driver is opened.
pub(crate) fn load_driver() -> Result<(), String> {
    Ok(())
}

/// As where the compiler of our kernels is opened.
#[cfg(test)]
pub(crate) use load_driver as load_compiler;

/// As where all that a device needs is opened.
pub(crate) use load_driver as load;
