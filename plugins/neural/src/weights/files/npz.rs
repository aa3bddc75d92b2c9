use super::archive::Archive;
use super::limits::Budget;
use super::{Content, Read, npy, shown};

/// `numpy.savez` and `numpy.savez_compressed`: a zip file of arrays.
pub(super) fn read(archive: &mut Archive<'_>, budget: &mut Budget) -> Read<Content> {
    let mut content = Content::default();
    for entry in archive.names()? {
        if entry == "model.weights.h5" {
            return Err("is of Keras: scripts/keras_to_safetensors.py makes safetensors of it".into());
        }
        let Some(name) = entry.strip_suffix(".npy") else {
            return Err(format!(
                "is a zip file neither of PyTorch, for it has no data.pkl, nor of NumPy, for it has {}",
                shown(&entry)
            ));
        };
        let bytes = archive.content(&entry, u64::MAX, budget)?;
        let array =
            npy::array(&bytes, budget).map_err(|why| format!("has {}, which {why}", shown(&entry)))?;
        content.insert(name.to_owned(), array)?;
    }
    Ok(content)
}
