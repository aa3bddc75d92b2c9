//! What several rooms need and none of them is about.

mod damage;
mod files;
mod glob;
mod hash;
mod nearest;
mod open;
mod parallel;
pub mod shown;
pub(crate) mod simd;
mod space;
mod text;

pub use damage::{DAMAGED, Damage};
pub use files::{ASIDE, WholeFile, write_whole};
pub(crate) use glob::glob_matches;
pub use hash::{content_of, hex};
pub use nearest::nearest;
pub use open::{BoundedReader, OpenError, open_file_or_pipe, open_regular, read_regular};
pub use parallel::in_order;
pub use space::{Space, free_space};
pub(crate) use text::as_text;
