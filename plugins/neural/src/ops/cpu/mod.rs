//! What operations on the CPU are made of.
//!
//! ```text
//! values    the numbers of a tensor as a slice
//! in_place  the same to write to
//! buffer    memory for what is as large as a batch
//! fetch     numbers that will soon be read
//! map       functions of every number
//! matrix    matrix products of parts of slices
//! parts     a range cut into nearly equal ones
//! panels    what products of matrices in an order of their own are made of
//! product   products with a matrix that stays the same
//! scratch   memory that is used again
//! sums      sums that are the same in whichever order threads work
//! wide      loops as wide instructions
//! ```

mod buffer;
mod fetch;
mod in_place;
mod map;
mod matrix;
mod panels;
mod parts;
mod product;
mod scratch;
mod sums;
mod values;
mod wide;

pub(super) use buffer::{Unwritten, made, put, zeroed, zeros};
pub(super) use fetch::fetch;
pub(super) use in_place::{BLOCK, change};
pub(super) use map::{map, map_pairs};
pub(super) use matrix::{Matrix, MatrixMut};
pub(super) use panels::{COLUMNS, Panel, Rows, depth_blocks};
pub(super) use parts::parts;
pub(super) use product::Panels;
pub(super) use scratch::Scratch;
pub(super) use sums::{sum, sum_pairs};
pub(super) use values::{integers, planes, planes_mut, values};
pub(super) use wide::{Simd, multiply_add, wide, widest};
