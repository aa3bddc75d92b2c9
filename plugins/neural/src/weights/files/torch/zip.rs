use super::machine::unpickle;
use super::object::Tensor;
use super::state_dict::StateDict;
use super::{Archive, Budget, Content, Read, shown};
use std::collections::BTreeMap;

/// Bytes of the pickle.
const LARGEST_PICKLE: u64 = 16 << 20;

/// PyTorch 1.6 and later: a zip file with the pickle `data.pkl` and an entry `data/KEY` for each storage.
pub(in super::super) fn read(archive: &mut Archive<'_>, root: &str, budget: &mut Budget) -> Read<Content> {
    let order = format!("{root}byteorder");
    if archive.has(&order) && archive.content(&order, 64, budget)? != b"little" {
        return Err("has numbers with the highest byte first; save it anew on another machine".into());
    }
    let pickle = archive.content(&format!("{root}data.pkl"), LARGEST_PICKLE, budget)?;
    let pickled = unpickle(&pickle)?;
    let StateDict { tensors, passed_over, .. } = StateDict::of(&pickled.heap, pickled.root)?;
    let mut content = Content { passed_over, ..Content::default() };
    // Tensors may share a storage, which is read once.
    let mut by_storage: BTreeMap<String, Vec<(String, Tensor)>> = BTreeMap::new();
    for (name, tensor) in tensors {
        by_storage.entry(tensor.storage.key.clone()).or_default().push((name, tensor));
    }
    for (key, tensors) in by_storage {
        let entry = format!("{root}data/{key}");
        if !archive.has(&entry) {
            return Err(format!("is not whole: it has no storage {}", shown(&entry)));
        }
        let bytes = archive.content(&entry, u64::MAX, budget)?;
        for (name, tensor) in tensors {
            let stated = tensor.storage.count.checked_mul(tensor.storage.numbers.size());
            if stated != Some(bytes.len()) {
                return Err(format!(
                    "says that {} has {} numbers, but {} bytes are there",
                    shown(&entry),
                    tensor.storage.count,
                    bytes.len()
                ));
            }
            let array =
                tensor.view.array(&bytes, budget).map_err(|why| format!("{why} ({})", shown(&name)))?;
            content.insert(name, array)?;
        }
    }
    Ok(content)
}
