//! Files before they are examples, with the unpacker but without the download.

#[path = "../../src/recordings/audit/mod.rs"]
pub mod audit;
#[path = "fetch.rs"]
pub mod fetch;
#[path = "../../src/recordings/find.rs"]
mod find;
#[path = "../../src/recordings/layouts/mod.rs"]
pub mod layouts;
#[path = "../../src/recordings/names.rs"]
pub mod names;
#[path = "../../src/recordings/synth/mod.rs"]
pub mod synth;

pub use find::{Recording, by_genre, example_name, find, find_in, recordings};
