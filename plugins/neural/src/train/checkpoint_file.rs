use crate::layers::regular_file;
use candle_core::safetensors::BufferedSafetensors;
use candle_core::{DType, Device, Tensor, bail};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Name of the tensor with the checksum of all others.
pub(super) const CHECKSUM: &str = "sha256";

/// A file of named tensors, none of which is believed to be what it should be.
pub(super) struct CheckpointFile {
    tensors: BufferedSafetensors,
    /// Names of the tensors that nobody has asked for yet.
    pub unread: BTreeSet<String>,
}

impl CheckpointFile {
    /// Reads a file of at most so many bytes.
    pub fn read(path: &Path, largest: u64) -> candle_core::Result<Self> {
        let tensors = BufferedSafetensors::new(regular_file(path, largest)?)?;
        let unread = tensors.tensors().into_iter().map(|(name, _)| name).collect();
        Ok(Self { tensors, unread })
    }

    /// A tensor of any shape.
    pub fn take(&mut self, name: &str, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        if !self.unread.remove(name) {
            bail!("it has no `{name}`");
        }
        let view = self.tensors.get(name)?;
        match DType::try_from(view.dtype()) {
            Ok(theirs) if theirs == dtype => self.tensors.load(name, device),
            _ => bail!("`{name}` is of type {:?}, not {dtype:?}", view.dtype()),
        }
    }

    /// Compares the file with its checksum.
    pub fn check(&mut self) -> candle_core::Result<()> {
        let theirs = self.bytes(CHECKSUM)?;
        let mut tensors = self.tensors.tensors();
        tensors.retain(|(name, _)| name != CHECKSUM);
        tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut hash = Checksum::default();
        for (name, view) in tensors {
            hash.tensor(&name, DType::try_from(view.dtype())?, view.shape());
            hash.0.update(view.data());
        }
        if hash.finish() != theirs {
            bail!("its checksum does not match");
        }
        Ok(())
    }

    /// None in files of versions that did not say.
    pub fn format(&mut self) -> candle_core::Result<Option<u32>> {
        match self.unread.contains("format") {
            true => {
                Ok(self.take("format", DType::U32, &Device::Cpu)?.flatten_all()?.to_vec1()?.first().copied())
            }
            false => Ok(None),
        }
    }

    /// A tensor of bytes.
    pub fn bytes(&mut self, name: &str) -> candle_core::Result<Vec<u8>> {
        self.take(name, DType::U8, &Device::Cpu)?.flatten_all()?.to_vec1()
    }

    /// Tensors of the shape and type of others.
    pub fn like<'t>(
        &mut self,
        kind: &str,
        others: impl Iterator<Item = (&'t String, &'t candle_core::Var)>,
    ) -> candle_core::Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        for (name, other) in others {
            let full = format!("{kind}/{name}");
            let tensor = self.take(&full, other.dtype(), other.device())?;
            if tensor.shape() != other.shape() {
                bail!("`{full}` has shape {:?}, not {:?}", tensor.shape(), other.shape());
            }
            tensors.insert(name.clone(), tensor);
        }
        Ok(tensors)
    }
}

/// SHA-256 of tensors in the order of their names: of each its name, type, shape and bytes.
#[derive(Default)]
pub(super) struct Checksum(pub Sha256);

impl Checksum {
    /// Begins a tensor, whose bytes follow.
    pub fn tensor(&mut self, name: &str, dtype: DType, shape: &[usize]) {
        self.0.update(format!("{} {name} {dtype:?} {shape:?}", name.len()));
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}
