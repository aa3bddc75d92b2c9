//! Functions of every number of a batch, each number read and written once.

use super::buffer::Unwritten;
use super::{BLOCK, wide};
use rayon::prelude::*;
use std::mem::MaybeUninit;

/// The function of every number.
#[inline(always)]
pub(crate) fn map(from: &[f32], f: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    written(from.len(), |start, to| {
        wide(
            #[inline(always)]
            |_| to.iter_mut().zip(&from[start..]).for_each(|(to, from)| _ = to.write(f(*from))),
        );
    })
}

/// The function of every pair of numbers of two slices of one length.
#[inline(always)]
pub(crate) fn map_pairs(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    assert_eq!(a.len(), b.len(), "pairs of numbers");
    written(a.len(), |start, to| {
        let pairs = a[start..].iter().zip(&b[start..]);
        wide(
            #[inline(always)]
            |_| to.iter_mut().zip(pairs).for_each(|(to, (a, b))| _ = to.write(f(*a, *b))),
        );
    })
}

/// So many numbers. `write` is given blocks of them and where they start, and writes all of a block.
#[inline(always)]
fn written(count: usize, write: impl Fn(usize, &mut [MaybeUninit<f32>]) + Sync) -> Vec<f32> {
    let mut numbers = Unwritten::new(count);
    let blocks = numbers.all().par_chunks_mut(BLOCK).enumerate();
    blocks.for_each(|(block, to)| write(block * BLOCK, to));
    // SAFETY: both callers write every number of every block.
    unsafe { numbers.written() }
}
