//! What `torch.save` writes: a pickle that says which tensors there are, and storages of numbers beside it.
//!
//! ```text
//! machine     reads a pickle into objects; it knows the instructions that state dicts are made of
//! object      what these objects can be: plain values, containers, tensors
//! global      the few functions that a pickle may name; none is called, each is an object built here
//! state_dict  the named tensors among the objects
//! zip         PyTorch 1.6 and later
//! legacy      before
//! ```
//!
//! A pickle is a program. This one is never run by Python: what is not in these files is refused by its name.

mod global;
pub(super) mod legacy;
mod machine;
mod object;
mod state_dict;
pub(super) mod zip;

use super::archive::Archive;
use super::limits::Budget;
use super::numbers::{Numbers, View};
use super::{Content, Read, shown};
