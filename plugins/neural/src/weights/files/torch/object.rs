use super::global::Global;
use super::{Numbers, View};

/// Where an object is in its [`Heap`]. Containers hold places and not objects, so that an object may be in many
/// containers, even in itself, without a copy and without recursion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u32);

/// What a pickle of weights is made of.
#[derive(Debug)]
pub(super) enum Object {
    None,
    Bool(bool),
    Int(i64),
    /// A whole number too large for the above: its bytes, the lowest first.
    Long(Vec<u8>),
    Float,
    Text(String),
    Tuple(Vec<Place>),
    List(Vec<Place>),
    Dict(Vec<(Place, Place)>),
    Global(Global),
    Storage(Box<Storage>),
    Tensor(Box<Tensor>),
}

impl Object {
    /// What it is called in an error.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Int(_) | Self::Long(_) => "an int",
            Self::Float => "a float",
            Self::Text(_) => "a str",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dict",
            Self::Global(_) => "a function",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }
}

/// Numbers beside the pickle.
#[derive(Debug, Clone)]
pub(super) struct Storage {
    /// What it is called there.
    pub key: String,
    pub numbers: Numbers,
    /// How many numbers it says to have.
    pub count: usize,
    /// Number that its first is among those called so.
    pub offset: usize,
}

/// Some numbers of a storage as an array.
#[derive(Debug, Clone)]
pub(super) struct Tensor {
    pub storage: Storage,
    pub view: View,
}

/// Most axes of a tensor, and most bytes of a storage's name. Many objects may have the same, and each has a copy.
const MOST_AXES: usize = 16;
const LONGEST_KEY: usize = 64;

/// All objects of a pickle.
#[derive(Default)]
pub(super) struct Heap(Vec<Object>);

impl Heap {
    /// Most objects of a pickle that is believed: each tensor of a network takes some twenty.
    pub const MOST: usize = 1 << 19;

    /// None where there are too many.
    pub fn add(&mut self, object: Object) -> Option<Place> {
        let place = u32::try_from(self.0.len()).ok().filter(|_| self.0.len() < Self::MOST)?;
        self.0.push(object);
        Some(Place(place))
    }

    pub fn get(&self, place: Place) -> &Object {
        &self.0[place.0 as usize]
    }

    pub fn get_mut(&mut self, place: Place) -> &mut Object {
        &mut self.0[place.0 as usize]
    }

    pub fn text(&self, place: Place) -> Option<&str> {
        if let Object::Text(text) = self.get(place) { Some(text) } else { None }
    }

    pub fn tuple(&self, place: Place) -> Option<&[Place]> {
        if let Object::Tuple(items) = self.get(place) { Some(items) } else { None }
    }

    pub fn dict(&self, place: Place) -> Option<&[(Place, Place)]> {
        if let Object::Dict(items) = self.get(place) { Some(items) } else { None }
    }

    /// A whole number that is not negative.
    pub fn size(&self, place: Place) -> Option<usize> {
        if let Object::Int(int) = self.get(place) { usize::try_from(*int).ok() } else { None }
    }

    /// A tuple or list of a few such numbers.
    pub fn sizes(&self, place: Place) -> Option<Vec<usize>> {
        let (Object::Tuple(items) | Object::List(items)) = self.get(place) else { return None };
        if items.len() > MOST_AXES {
            return None;
        }
        items.iter().map(|item| self.size(*item)).collect()
    }

    /// The name of a storage.
    pub fn key(&self, place: Place) -> Option<&str> {
        self.text(place).filter(|text| text.len() <= LONGEST_KEY)
    }

    /// All storages that the pickle names, whoever uses them.
    pub fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.0
            .iter()
            .filter_map(|object| if let Object::Storage(storage) = object { Some(&**storage) } else { None })
    }
}
