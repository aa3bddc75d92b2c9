use super::Numbers;
use super::object::{Heap, Object, Place, Storage, Tensor};
use super::{Read, View, shown};

/// A function or class that the pickle of a state dict names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Size,
    Storage(Numbers),
}

impl Global {
    /// The one of a module and name.
    pub fn named(module: &str, name: &str) -> Read<Self> {
        Ok(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Self::RebuildParameter,
            ("torch", "Size") => Self::Size,
            ("torch" | "torch.cuda", _) => match storage(name) {
                Some(numbers) => Self::Storage(numbers),
                None => return Err(refused(module, name)),
            },
            _ => return Err(refused(module, name)),
        })
    }

    /// The object that calling it with these arguments would make.
    pub fn called(self, arguments: &[Place], heap: &mut Heap) -> Read<Called> {
        let made = match self {
            Self::OrderedDict => ordered_dict(arguments, heap).map(Called::New),
            Self::RebuildTensor => {
                tensor(arguments, heap).map(|tensor| Called::New(Object::Tensor(tensor.into())))
            }
            Self::RebuildParameter => parameter(arguments, heap).map(Called::Argument),
            Self::Size => match arguments {
                [sizes] => heap.sizes(*sizes).map(|_| Called::Argument(*sizes)),
                _ => None,
            },
            Self::Storage(_) => None,
        };
        made.ok_or_else(|| {
            let kinds: Vec<&str> = arguments.iter().take(8).map(|place| heap.get(*place).kind()).collect();
            format!("has a pickle that gives {self:?} ({}), which it does not take", kinds.join(", "))
        })
    }
}

/// What a call gives.
pub(super) enum Called {
    New(Object),
    /// One of the arguments.
    Argument(Place),
}

fn refused(module: &str, name: &str) -> String {
    let full = shown(&format!("{module}.{name}"));
    format!(
        "has a pickle that names {full}, which no state dict needs; nothing of it was executed. Save the network's \
         state dict alone, with torch.save(network.state_dict(), …) or safetensors.torch.save_file"
    )
}

fn storage(name: &str) -> Option<Numbers> {
    Some(match name {
        "DoubleStorage" => Numbers::F64,
        "FloatStorage" => Numbers::F32,
        "HalfStorage" => Numbers::F16,
        "BFloat16Storage" => Numbers::Bf16,
        "LongStorage" => Numbers::I64,
        "IntStorage" => Numbers::I32,
        "ShortStorage" => Numbers::I16,
        "CharStorage" => Numbers::I8,
        "ByteStorage" => Numbers::U8,
        "BoolStorage" => Numbers::Bool,
        _ => return None,
    })
}

/// Most pairs of a list that is made into a dict, because that may be done many times with the same one.
const MOST_PAIRS: usize = 256;

/// `OrderedDict()`, or of a list of pairs, as Python 2 wrote it.
fn ordered_dict(arguments: &[Place], heap: &Heap) -> Option<Object> {
    let pairs = match arguments {
        [] => &[],
        [list] => match heap.get(*list) {
            Object::List(pairs) if pairs.len() <= MOST_PAIRS => &pairs[..],
            _ => return None,
        },
        _ => return None,
    };
    let pair = |place: &Place| match heap.get(*place) {
        Object::Tuple(pair) | Object::List(pair) => {
            pair.first_chunk::<2>().map(|[key, value]| (*key, *value))
        }
        _ => None,
    };
    pairs.iter().map(pair).collect::<Option<_>>().map(Object::Dict)
}

/// `(storage, offset, shape, strides)`, and what training needs.
fn tensor(arguments: &[Place], heap: &Heap) -> Option<Tensor> {
    let ([storage, offset, shape, strides], _) = arguments.split_first_chunk()?;
    let Object::Storage(storage) = heap.get(*storage) else { return None };
    let Storage { numbers, offset: first, .. } = **storage;
    let offset = heap.size(*offset)?.checked_add(first)?;
    let (shape, strides) = (heap.sizes(*shape)?, heap.sizes(*strides)?);
    let view = View { numbers, big_endian: false, offset, shape, strides };
    Some(Tensor { storage: Storage::clone(storage), view })
}

/// `(tensor, requires_grad, hooks)`: the tensor.
fn parameter(arguments: &[Place], heap: &Heap) -> Option<Place> {
    arguments.first().copied().filter(|tensor| matches!(heap.get(*tensor), Object::Tensor(_)))
}

/// What a persistent identifier stands for: `('storage', class, key, device, count)`, and in old files a view of a
/// part, `(key, offset, count)`.
pub(super) fn persistent(id: Place, heap: &Heap) -> Read<Storage> {
    let storage = || {
        let ([kind, class, key, _, count], view) = heap.tuple(id)?.split_first_chunk()?;
        let Object::Global(Global::Storage(numbers)) = *heap.get(*class) else { return None };
        let (key, count) = (heap.key(*key)?.to_owned(), heap.size(*count)?);
        let offset = match view.first().map(|view| (heap.get(*view), view)) {
            None | Some((Object::None, _)) => 0,
            Some((_, view)) => heap.size(*heap.tuple(*view)?.get(1)?)?,
        };
        (heap.text(*kind)? == "storage").then_some(Storage { key, numbers, count, offset })
    };
    storage()
        .ok_or_else(|| "has a pickle that refers to something outside which is no storage of numbers".into())
}
