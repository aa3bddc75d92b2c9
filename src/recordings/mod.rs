//! Files before they are examples: finding them, known datasets, getting them, making them, looking them over.

pub mod audit;
pub mod fetch;
mod find;
pub mod layouts;
pub mod lists;
pub mod names;
pub mod synth;

pub use find::{
    LabelledRecordings, Recording, by_genre, example_name, find, find_in, find_labelled, recordings,
};
