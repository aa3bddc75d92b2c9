//! Files before they are examples: finding them, known datasets, getting them, making them, looking them over.

pub mod audit;
pub mod fetch;
mod find;
mod labelled;
pub mod layouts;
pub mod lists;
pub mod names;
pub mod synth;

pub use find::{Recording, by_genre, example_name, find, find_in, recordings};
pub use labelled::{LabelledRecordings, find_labelled};
