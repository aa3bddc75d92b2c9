//! The unpacker of archives, with the layouts that it unpacks to.

#[path = "fetch.rs"]
pub mod fetch;
#[path = "../../src/recordings/layouts/mod.rs"]
pub mod layouts;
#[path = "../../src/recordings/names.rs"]
pub mod names;
