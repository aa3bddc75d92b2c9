//! A fit on disk, to be resumed: safetensors, so numbers and names and nothing that runs.

use super::History;
use super::checkpoint_file::{CHECKSUM, CheckpointFile, Checksum};
use super::optimizer::Optimizer;
use super::snapshot::Snapshot;
use crate::layers::Weights;
use candle_core::{DType, Device, Tensor, bail};
use genre_bench_api::{Epoch, Error, Quality, Result};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Of what the file says and how. Version 1 did not say which it is, version 2 had no checksum.
const FORMAT: u32 = 3;
/// Numbers of an epoch in the file.
const EPOCH: usize = 7;

/// Everything in a fit that changes with its epochs.
pub(crate) struct TrainingState<'a> {
    pub weights: &'a Weights,
    pub optimizer: Optimizer,
    pub history: History,
    /// The network after the best epoch, if that is to be kept.
    pub best: Option<Snapshot>,
}

impl TrainingState<'_> {
    /// Writes a checkpoint, whole or not at all. `identity` is what another fit would differ by.
    pub fn save(&self, path: &Path, identity: &str) -> Result<()> {
        // The writer fills a temporary file beside the wanted one, which needs a folder's name, and then
        // renames it.
        let write = |path: &Path| {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            candle_core::safetensors::save(&self.tensors(identity)?, path)
        };
        write(&Path::new(".").join(path)).map_err(|error| {
            Error::failed(format!("checkpoint {} cannot be written: {error}", path.display()))
        })
    }

    /// Takes the place of a fit that wrote a checkpoint. Nothing is changed unless all of it can be.
    pub fn load(&mut self, path: &Path, identity: &str) -> Result<()> {
        self.read(path, identity).map_err(|error| {
            Error::Checkpoint(format!(
                "checkpoint {} cannot be resumed: {error}; without it the fit trains from the start",
                path.display()
            ))
        })
    }

    fn tensors(&self, identity: &str) -> candle_core::Result<HashMap<String, Tensor>> {
        let mut tensors = HashMap::from([
            ("format".to_owned(), Tensor::new(&[FORMAT], &Device::Cpu)?),
            ("identity".to_owned(), Tensor::new(identity.as_bytes(), &Device::Cpu)?),
            ("history".to_owned(), numbers(&self.history)?),
        ]);
        let weights = self.weights.trainable.iter().map(|(name, weight)| (format!("weight/{name}"), weight));
        let buffers = self.weights.buffers.iter().map(|(name, buffer)| (format!("buffer/{name}"), buffer));
        tensors.extend(weights.chain(buffers).map(|(name, var)| (name, var.as_detached_tensor())));
        for (name, moments) in &self.optimizer.moments {
            let named = self.optimizer.moment_names().iter().zip(moments);
            tensors.extend(named.map(|(moment, tensor)| (format!("{moment}/{name}"), tensor.clone())));
        }
        if let Some(Snapshot { trainable, buffers }) = &self.best {
            tensors.extend(
                trainable.iter().map(|(name, tensor)| (format!("best-weight/{name}"), tensor.clone())),
            );
            tensors
                .extend(buffers.iter().map(|(name, tensor)| (format!("best-buffer/{name}"), tensor.clone())));
        }
        let on_cpu = |(name, tensor): (String, Tensor)| Ok((name, tensor.to_device(&Device::Cpu)?));
        let mut tensors: HashMap<String, Tensor> =
            tensors.into_iter().map(on_cpu).collect::<candle_core::Result<_>>()?;
        let mut hash = Checksum::default();
        let mut names: Vec<&String> = tensors.keys().collect();
        names.sort();
        for name in names {
            let tensor = &tensors[name];
            hash.tensor(name, tensor.dtype(), tensor.dims());
            tensor.write_bytes(&mut hash.0)?;
        }
        tensors.insert(CHECKSUM.to_owned(), Tensor::new(&hash.finish()[..], &Device::Cpu)?);
        Ok(tensors)
    }

    fn read(&mut self, path: &Path, identity: &str) -> candle_core::Result<()> {
        let mut file = CheckpointFile::read(path, self.largest_file())?;
        match file.format()? {
            Some(FORMAT) => {}
            Some(other) => bail!("it is of format {other}, and this version of the program reads {FORMAT}"),
            None => bail!("an older version of the program wrote it"),
        }
        file.check()?;
        let theirs = file.bytes("identity")?;
        if theirs != identity.as_bytes() {
            // Quoted, because what a foreign file says may be anything.
            let theirs: String = String::from_utf8_lossy(&theirs).chars().take(500).collect();
            bail!("it is of another fit: {theirs:?}, not {identity:?}");
        }
        let history = epochs(&file.take("history", DType::F64, &Device::Cpu)?)?;
        let read = Snapshot {
            trainable: file.like("weight", self.weights.trainable.iter())?,
            buffers: file.like("buffer", self.weights.buffers.iter())?,
        };
        let best = match file.unread.iter().any(|name| name.starts_with("best-")) {
            true => Some(Snapshot {
                trainable: file.like("best-weight", self.weights.trainable.iter())?,
                buffers: file.like("best-buffer", self.weights.buffers.iter())?,
            }),
            false => None,
        };
        let mut moments: BTreeMap<String, Vec<Tensor>> = BTreeMap::new();
        for moment in self.optimizer.moment_names() {
            for (name, tensor) in file.like(moment, self.weights.trainable.iter())? {
                moments.entry(name).or_default().push(tensor);
            }
        }
        if let Some(name) = file.unread.first() {
            bail!("it has {name:?}, which is nothing of this network");
        }
        read.restore(self.weights)?;
        self.optimizer.moments = moments;
        (self.history, self.best) = (history, best);
        Ok(())
    }

    /// More bytes than a checkpoint of this fit can have: nothing larger is read into memory.
    fn largest_file(&self) -> u64 {
        let vars = self.weights.trainable.values().chain(self.weights.buffers.values());
        let bytes: usize = vars.map(|var| var.elem_count() * var.dtype().size_in_bytes() + 4096).sum();
        // Now, at best, and two moments; and some room for the history and the header.
        4 * bytes as u64 + (1 << 20)
    }
}

/// Shape `(epochs, EPOCH)`; NaN for what an epoch does not have.
fn numbers(history: &History) -> candle_core::Result<Tensor> {
    let numbers = history.epochs.iter().flat_map(|epoch| {
        let valid = epoch.valid.map_or([f64::NAN; 3], |valid| [valid.loss, valid.accuracy, valid.macro_f1]);
        [
            epoch.train_loss,
            epoch.train_accuracy,
            valid[0],
            valid[1],
            valid[2],
            epoch.learning_rate,
            epoch.seconds,
        ]
    });
    Tensor::from_iter(numbers, &Device::Cpu)?.reshape((history.epochs.len(), EPOCH))
}

fn epochs(numbers: &Tensor) -> candle_core::Result<History> {
    let epoch = |row: Vec<f64>| match row[..] {
        [train_loss, train_accuracy, loss, accuracy, macro_f1, learning_rate, seconds] => {
            let valid = (!loss.is_nan()).then_some(Quality { loss, accuracy, macro_f1 });
            Ok(Epoch { train_loss, train_accuracy, valid, learning_rate, seconds })
        }
        _ => bail!("an epoch of its history has {} numbers, not {EPOCH}", row.len()),
    };
    Ok(History { epochs: numbers.to_vec2()?.into_iter().map(epoch).collect::<candle_core::Result<_>>()? })
}
