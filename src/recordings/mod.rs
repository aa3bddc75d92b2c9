//! Files before they are examples: finding them, known datasets, getting them, making them, looking them over.

pub mod audit;
pub mod fetch;
mod find;
pub mod layouts;
pub mod names;
pub mod synth;

pub use find::{Recording, by_genre, example_name, find, find_in, recordings};
