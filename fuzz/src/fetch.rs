//! `bench data fetch` from the archive on, without the network.

#[path = "../../src/recordings/fetch/archive.rs"]
mod archive;
#[path = "../../src/recordings/fetch/limits.rs"]
mod limits;
#[path = "../../src/recordings/fetch/observer.rs"]
mod observer;
#[path = "../../src/recordings/fetch/summary.rs"]
mod summary;
#[path = "../../src/recordings/fetch/unpack.rs"]
mod unpack;

pub use limits::ArchiveLimits;
pub use observer::{FetchObserver, FetchStage};
pub use unpack::unpack;
