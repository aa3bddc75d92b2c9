//! Readers that the harness keeps to itself.

#[path = "../../src/dataset/columnar/mod.rs"]
pub mod columnar;
#[path = "../../src/dataset/image_file/mod.rs"]
pub mod image_file;
#[path = "../../src/dataset/resize.rs"]
mod resize;
#[path = "../../src/dataset/table/mod.rs"]
pub mod table;
