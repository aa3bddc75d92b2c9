//! The reader of feature tables, with the module that it leans on.

#[path = "../../src/dataset/columns.rs"]
mod columns;
#[path = "../../src/dataset/table.rs"]
pub mod table;
