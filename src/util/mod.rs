//! What several rooms need and none of them is about.

mod files;
mod hash;
pub(crate) mod simd;
mod text;

pub use files::write_whole;
pub use hash::hex;
pub(crate) use text::as_text;
