//! `bench data fetch` from the archive on, without the network.

#[path = "../../src/dataset/fetch/archive.rs"]
mod archive;
#[path = "../../src/dataset/fetch/layout.rs"]
mod layout;
#[path = "../../src/dataset/fetch/limits.rs"]
mod limits;
#[path = "../../src/dataset/fetch/summary.rs"]
mod summary;
#[path = "../../src/dataset/fetch/unpack.rs"]
mod unpack;
#[path = "../../src/dataset/fetch/watch.rs"]
mod watch;

pub use limits::Limits;
pub use unpack::unpack;
pub use watch::{Stage, Watch};
