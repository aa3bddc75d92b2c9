use super::object::{Heap, Object, Place, Tensor};
use super::{Read, shown};

/// Under which names training scripts keep a network's state dict beside other things, the best first.
const WRAPPERS: [&str; 6] = ["state_dict", "model_state_dict", "model_state", "model", "net", "params"];
/// Dictionaries within dictionaries that are looked into.
const DEEPEST: usize = 8;
/// Objects that are looked at; a pickle may have one dictionary in another in many ways.
const MOST_VISITS: usize = 1 << 16;
/// Names of what is passed over that are kept.
const MOST_BESIDE: usize = 64;
/// Bytes of a name.
const LONGEST_NAME: usize = 1024;

/// The named tensors among the objects of a pickle.
#[derive(Default)]
pub(super) struct StateDict {
    pub tensors: Vec<(String, Tensor)>,
    /// Names of what is no tensor.
    pub passed_over: Vec<String>,
    visits: usize,
}

impl StateDict {
    /// Of the dictionary that a pickle is of, or of the one in it that has a usual name. A tensor in a dictionary in a
    /// dictionary is called `outer.inner`.
    pub fn of(heap: &Heap, root: Place) -> Read<Self> {
        let mut found = Self::default();
        let root = found.unwrapped(heap, root);
        let items = heap.dict(root).ok_or_else(|| match heap.get(root) {
            Object::Tensor(_) => "is one tensor without a name".to_owned(),
            other => format!("is a pickle of {}, not of a dict of tensors", other.kind()),
        })?;
        found.collect(heap, items, "", 0)?;
        Ok(found)
    }

    /// Notes what is beside the dictionary that it returns.
    fn unwrapped(&mut self, heap: &Heap, mut root: Place) -> Place {
        for _ in 0..DEEPEST {
            let Some(items) = heap.dict(root) else { break };
            let of_name = |name: &&str| {
                items
                    .iter()
                    .find(|(key, value)| heap.text(*key) == Some(*name) && heap.dict(*value).is_some())
            };
            let Some((inner_key, inner)) = WRAPPERS.iter().find_map(of_name) else { break };
            let beside = items.iter().filter(|(key, _)| key != inner_key);
            self.passed_over.extend(beside.take(MOST_BESIDE).filter_map(|(key, _)| key_text(heap, *key)));
            root = *inner;
        }
        root
    }

    fn collect(&mut self, heap: &Heap, items: &[(Place, Place)], before: &str, depth: usize) -> Read<()> {
        for (key, value) in items {
            self.visits += 1;
            if depth > DEEPEST || self.visits > MOST_VISITS {
                return Err("has a pickle of dicts within dicts without an end".into());
            }
            let key = key_text(heap, *key)
                .ok_or_else(|| format!("has a dict of which {} is a key", heap.get(*key).kind()))?;
            let name = format!("{before}{key}");
            if name.len() > LONGEST_NAME {
                return Err(format!("has a tensor with a very long name, {}", shown(&name)));
            }
            match heap.get(*value) {
                Object::Tensor(tensor) => self.tensors.push((name, Tensor::clone(tensor))),
                Object::Dict(items) => self.collect(heap, items, &format!("{name}."), depth + 1)?,
                _ if self.passed_over.len() < MOST_BESIDE => self.passed_over.push(name),
                _ => {}
            }
        }
        Ok(())
    }
}

fn key_text(heap: &Heap, key: Place) -> Option<String> {
    match heap.get(key) {
        Object::Text(text) if text.len() <= LONGEST_NAME => Some(text.clone()),
        Object::Int(int) => Some(int.to_string()),
        _ => None,
    }
}
