//! The reader of feature tables, with the modules that it leans on.

#[path = "../../src/dataset/table/mod.rs"]
pub mod table;
