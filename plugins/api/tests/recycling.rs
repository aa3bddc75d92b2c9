//! The allocator that keeps large blocks, in a program of its own.

use genre_bench_api::Recycling;
use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: Recycling = Recycling::new();

const MIB: usize = 1 << 20;

#[test]
fn a_block_is_handed_out_again_and_zeros_are_zeros() {
    let own = Recycling::new();
    let layout = |bytes: usize| Layout::from_size_align(bytes, 4).unwrap_or(Layout::new::<u8>());
    // SAFETY: every block is given back with the layout that it was asked for, and written to within its bytes.
    unsafe {
        let first = own.alloc(layout(5 * MIB));
        first.write_bytes(7, 5 * MIB);
        own.dealloc(first, layout(5 * MIB));
        // Nearly as large a block is the same, and zeros where zeros are wanted.
        let again = own.alloc_zeroed(layout(5 * MIB - 100));
        assert_eq!(again, first);
        assert!(std::slice::from_raw_parts(again, 5 * MIB - 100).iter().all(|byte| *byte == 0));
        // It is somebody's now, and others are elsewhere.
        let other = own.alloc(layout(5 * MIB));
        assert_ne!(other, again);
        own.dealloc(other, layout(5 * MIB));
        own.dealloc(again, layout(5 * MIB - 100));
        // What was given back last comes first.
        assert_eq!(own.alloc(layout(5 * MIB)), again);
        assert_eq!(own.alloc(layout(5 * MIB)), other);
        own.dealloc(again, layout(5 * MIB));
        own.dealloc(other, layout(5 * MIB));
    }
}

#[test]
fn kept_and_in_use_are_at_most_twice_what_was_in_use_at_once() {
    let own = Recycling::new();
    let layout = |bytes: usize| Layout::from_size_align(bytes, 4).unwrap_or(Layout::new::<u8>());
    let (small, large) = (layout(4 * MIB), layout(16 * MIB));
    // SAFETY: every block is given back with the layout that it was asked for.
    unsafe {
        let blocks: Vec<_> = (0..4).map(|_| own.alloc(small)).collect();
        blocks.iter().for_each(|block| own.dealloc(*block, small));
        assert_eq!(own.kept_bytes(), 16 * MIB);
        // There is room for as many bytes in one block beside the four, and not for more.
        let block = own.alloc(large);
        assert_eq!(own.kept_bytes(), 16 * MIB);
        let other = own.alloc(layout(8 * MIB));
        assert_eq!(own.kept_bytes(), 16 * MIB);
        let block = own.realloc(block, large, 48 * MIB);
        own.dealloc(block, layout(48 * MIB));
        own.dealloc(other, layout(8 * MIB));
        assert_eq!(own.kept_bytes(), 72 * MIB);
        let block = own.alloc(layout(64 * MIB));
        // 64 in use and 64 kept: the oldest two of the small ones went.
        assert_eq!(own.kept_bytes(), 64 * MIB);
        own.keep_at_most(60 * MIB);
        assert_eq!(own.kept_bytes(), 60 * MIB);
        own.dealloc(block, layout(64 * MIB));
        own.keep_at_most(0);
        assert_eq!(own.kept_bytes(), 0);
    }
}

#[test]
fn numbers_stay_as_vectors_grow_and_shrink() {
    let mut numbers = Vec::new();
    for number in 0..MIB as u64 {
        numbers.push(number);
    }
    numbers.truncate(1000);
    numbers.shrink_to_fit();
    assert!(numbers.iter().enumerate().all(|(at, number)| at as u64 == *number));
    // Across the size from which on blocks are kept, and back.
    numbers.resize(300_000, 1);
    numbers.truncate(131_000);
    numbers.shrink_to_fit();
    assert!(numbers[..1000].iter().enumerate().all(|(at, number)| at as u64 == *number));
    assert!(numbers[1000..].iter().all(|number| *number == 1));
}

#[test]
fn threads_share_no_block_and_what_is_kept_is_bounded() {
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            scope.spawn(move || {
                for round in 0..400_usize {
                    let count = MIB / 8 * (1 + (round * 7 + thread * 3) % 16);
                    let mut numbers: Vec<u64> = vec![0; count];
                    assert!(numbers.iter().all(|number| *number == 0));
                    numbers.fill(thread as u64 + 1);
                    let half = numbers.split_off(count / 2);
                    assert!(black_box(&numbers).iter().chain(&half).all(|n| *n == thread as u64 + 1));
                }
            });
        }
    });
    // Of more than is kept, the rest goes back to the system.
    let all: Vec<Vec<u8>> = (0..700).map(|_| Vec::with_capacity(MIB)).collect();
    drop(black_box(all));
}
