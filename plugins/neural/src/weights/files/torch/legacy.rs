use super::machine::unpickle;
use super::object::{Heap, Object, Place};
use super::state_dict::StateDict;
use super::{Budget, Content, Read, shown};
use std::collections::HashMap;

/// What every such file begins with: 0x1950a86a20f9469cfc6c, the lowest byte first.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const VERSION: i64 = 1001;

/// PyTorch before 1.6: pickles of a magic number, a version, the sizes of C's types, the state dict and the keys of its
/// storages, one behind the other, and then the storages, each behind its number of numbers.
pub(in super::super) fn read(bytes: &[u8], budget: &mut Budget) -> Read<Content> {
    let magic = unpickle(bytes)?;
    match magic.heap.get(magic.root) {
        Object::Long(number) if *number == MAGIC => {}
        _ => return Err("is a pickle, but none that torch.save wrote".into()),
    }
    let version = unpickle(magic.rest)?;
    match version.heap.get(version.root) {
        Object::Int(VERSION) => {}
        _ => return Err("is of an unknown version of PyTorch's format".into()),
    }
    let system = unpickle(version.rest)?;
    if !is_little_endian(&system.heap, system.root) {
        return Err("has numbers with the highest byte first; save it anew on another machine".into());
    }
    let state = unpickle(system.rest)?;
    let keys = unpickle(state.rest)?;
    let StateDict { tensors, passed_over, .. } = StateDict::of(&state.heap, state.root)?;

    // What size the numbers of a storage have says the pickle alone.
    let sizes: HashMap<&str, usize> =
        state.heap.storages().map(|storage| (&*storage.key, storage.numbers.size())).collect();
    let Object::List(order) = keys.heap.get(keys.root) else {
        return Err("has no list of its storages".into());
    };
    let mut rest = keys.rest;
    let mut storages = HashMap::new();
    for key in order {
        let key = keys.heap.text(*key).ok_or("has a storage without a name")?;
        let size =
            *sizes.get(key).ok_or_else(|| format!("has a storage {} that nothing uses", shown(key)))?;
        let cut_off = || format!("is not whole: it ends before or within the storage {}", shown(key));
        let (count, behind) = rest.split_first_chunk().ok_or_else(cut_off)?;
        let length =
            usize::try_from(u64::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(size));
        let (storage, behind) =
            length.and_then(|length| behind.split_at_checked(length)).ok_or_else(cut_off)?;
        storages.insert(key, storage);
        rest = behind;
    }
    if !rest.is_empty() {
        return Err(format!("has {} bytes behind its last storage", rest.len()));
    }
    let mut content = Content { passed_over, ..Content::default() };
    for (name, tensor) in &tensors {
        let key = &*tensor.storage.key;
        let bytes =
            storages.get(key).ok_or_else(|| format!("is not whole: it has no storage {}", shown(key)))?;
        let array = tensor.view.array(bytes, budget).map_err(|why| format!("{why} ({})", shown(name)))?;
        content.insert(name.clone(), array)?;
    }
    Ok(content)
}

fn is_little_endian(heap: &Heap, system: Place) -> bool {
    let items = heap.dict(system).unwrap_or_default();
    let order = items.iter().find(|(key, _)| heap.text(*key) == Some("little_endian"));
    order.is_some_and(|(_, value)| matches!(heap.get(*value), Object::Bool(true)))
}
