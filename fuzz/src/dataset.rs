//! The reader of feature tables and the unpacker of archives, with the modules that they lean on.

#[path = "../../src/dataset/columns.rs"]
mod columns;
#[path = "unpack.rs"]
pub mod fetch;
#[path = "../../src/dataset/table.rs"]
pub mod table;
