use super::Read;

/// How much a file of weights may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the file, and bytes that its parts may unpack to together.
    pub bytes: u64,
    /// Numbers of all its arrays together, of which each takes 4 bytes.
    pub values: u64,
    /// Arrays.
    pub arrays: usize,
}

impl Default for Limits {
    /// 4 GiB, 2^29 numbers, 2^14 arrays: three times as many as VGG-19 has.
    fn default() -> Self {
        Self { bytes: 4 << 30, values: 1 << 29, arrays: 1 << 14 }
    }
}

/// What is left of the limits while a file is read.
pub(super) struct Budget {
    limits: Limits,
    left: Limits,
}

impl Budget {
    pub fn new(limits: Limits) -> Self {
        Self { limits, left: limits }
    }

    /// Before bytes are unpacked or copied.
    pub fn bytes(&mut self, bytes: u64) -> Read<()> {
        let most = self.limits.bytes;
        self.left.bytes =
            self.left.bytes.checked_sub(bytes).ok_or_else(|| format!("unpacks to more than {most} bytes"))?;
        Ok(())
    }

    /// Bytes that may still be unpacked or copied.
    pub fn bytes_left(&self) -> u64 {
        self.left.bytes
    }

    /// Before an array is made.
    pub fn array(&mut self, values: usize) -> Read<()> {
        let Limits { values: most, arrays, .. } = self.limits;
        self.left.arrays =
            self.left.arrays.checked_sub(1).ok_or_else(|| format!("has more than {arrays} arrays"))?;
        let left = self.left.values.checked_sub(values as u64);
        self.left.values = left.ok_or_else(|| format!("says that it has more than {most} numbers"))?;
        Ok(())
    }
}
