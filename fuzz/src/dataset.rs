cat > fuzz/src/dataset.rs <<'E'
//! The reader of feature tables and the unpacker of archives, with the modules that they lean on.

#[path = "../../src/dataset/columns.rs"]
mod columns;
#[path = "../../src/dataset/table.rs"]
pub mod table;

#[path = "unpack.rs"]
pub mod fetch;
