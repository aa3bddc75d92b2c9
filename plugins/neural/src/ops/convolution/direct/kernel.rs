//! The sums of a direct convolution. In wide registers where the CPU has them: the compiler keeps sums in memory if it is left to
//! itself.

use crate::ops::cpu::{Simd, widest};

/// Outputs that are summed up at once, in two registers of eight numbers or one of sixteen.
pub(super) const COLUMNS: usize = 16;
/// Filters that are summed up at once, at most: as many sums as there are registers for, of eight numbers and of sixteen.
const FILTERS: usize = 6;
const MORE_FILTERS: usize = 16;
/// Filters and taps of a row of the kernel whose gradients are summed up at once, at most.
pub(super) const GRADIENTS: (usize, usize) = (4, 3);
/// Numbers that a sum of gradients takes at once.
const LANES: usize = 8;

/// Weights of some filters, tap after tap.
#[derive(Clone, Copy)]
pub(super) struct Taps<'a> {
    pub weights: &'a [f32],
    /// Where in the frames each tap lies from its output.
    pub places: &'a [usize],
    /// Of every filter.
    pub bias: &'a [f32],
}

/// Filters whose sums are computed at once.
pub(super) fn filters() -> usize {
    if Simd::found() == Simd::Avx512 { MORE_FILTERS } else { FILTERS }
}

/// Sums of `count` outputs of every filter, into rows `step` apart: what is seen from the beginning of the frames on.
pub(super) fn convolve(frames: &[f32], taps: Taps, count: usize, output: &mut [f32], step: usize) {
    widest(
        #[inline(always)]
        |simd| match taps.bias.len() {
            1 => of_filters::<1>(frames, taps, count, output, step, simd),
            2 => of_filters::<2>(frames, taps, count, output, step, simd),
            3 => of_filters::<3>(frames, taps, count, output, step, simd),
            4 => of_filters::<4>(frames, taps, count, output, step, simd),
            5 => of_filters::<5>(frames, taps, count, output, step, simd),
            FILTERS => of_filters::<FILTERS>(frames, taps, count, output, step, simd),
            7 => of_filters::<7>(frames, taps, count, output, step, simd),
            8 => of_filters::<8>(frames, taps, count, output, step, simd),
            9 => of_filters::<9>(frames, taps, count, output, step, simd),
            10 => of_filters::<10>(frames, taps, count, output, step, simd),
            11 => of_filters::<11>(frames, taps, count, output, step, simd),
            12 => of_filters::<12>(frames, taps, count, output, step, simd),
            13 => of_filters::<13>(frames, taps, count, output, step, simd),
            14 => of_filters::<14>(frames, taps, count, output, step, simd),
            15 => of_filters::<15>(frames, taps, count, output, step, simd),
            _ => of_filters::<MORE_FILTERS>(frames, taps, count, output, step, simd),
        },
    );
}

#[inline(always)]
fn of_filters<const F: usize>(
    frames: &[f32],
    taps: Taps,
    count: usize,
    output: &mut [f32],
    step: usize,
    simd: Simd,
) {
    let furthest = taps.places.iter().max().map_or(0, |place| place + COLUMNS);
    assert!(taps.weights.len() == F * taps.places.len() && taps.bias.len() == F);
    for start in (0..count).step_by(COLUMNS) {
        let (frames, output) = (&frames[start..], &mut output[start..]);
        assert!(furthest <= frames.len() && (F - 1) * step + COLUMNS <= output.len());
        #[cfg(target_arch = "x86_64")]
        match simd {
            Simd::Baseline => {}
            // SAFETY: `widest` found AVX2 and fused multiply-adds. Every tap sees as many numbers, and every filter has room for as
            // many sums, as was asserted.
            Simd::Avx2 => {
                unsafe { of_two_eights::<F>(frames, taps, output, step) };
                continue;
            }
            // SAFETY: as above, of AVX-512.
            Simd::Avx512 => {
                unsafe { of_sixteen::<F>(frames, taps, output, step) };
                continue;
            }
        }
        let _ = simd;
        for filter in 0..F {
            output[filter * step..][..COLUMNS].fill(taps.bias[filter]);
        }
        for (&place, weights) in taps.places.iter().zip(taps.weights.as_chunks::<F>().0) {
            for (filter, weight) in weights.iter().enumerate() {
                let sums = output[filter * step..][..COLUMNS].iter_mut();
                sums.zip(&frames[place..]).for_each(|(sum, number)| *sum += number * weight);
            }
        }
    }
}

/// # Safety
///
/// The CPU has AVX2 and fused multiply-adds; 16 numbers follow on every tap's place, and on the beginning of every filter's row.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn of_two_eights<const F: usize>(frames: &[f32], taps: Taps, output: &mut [f32], step: usize) {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};
    let (first, mut weights) = (frames.as_ptr(), taps.weights.as_ptr());
    // SAFETY: as the caller says.
    unsafe {
        let mut left = [_mm256_set1_ps(0.0); F];
        left.iter_mut().zip(taps.bias).for_each(|(sum, bias)| *sum = _mm256_set1_ps(*bias));
        let mut right = left;
        for place in taps.places {
            let seen = first.add(*place);
            let (of_left, of_right) = (_mm256_loadu_ps(seen), _mm256_loadu_ps(seen.add(LANES)));
            for filter in 0..F {
                let weight = _mm256_set1_ps(*weights.add(filter));
                left[filter] = _mm256_fmadd_ps(weight, of_left, left[filter]);
                right[filter] = _mm256_fmadd_ps(weight, of_right, right[filter]);
            }
            weights = weights.add(F);
        }
        for filter in 0..F {
            let sums = output.as_mut_ptr().add(filter * step);
            _mm256_storeu_ps(sums, left[filter]);
            _mm256_storeu_ps(sums.add(LANES), right[filter]);
        }
    }
}

/// # Safety
///
/// The CPU has AVX-512; otherwise as above.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn of_sixteen<const F: usize>(frames: &[f32], taps: Taps, output: &mut [f32], step: usize) {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};
    let (first, mut weights) = (frames.as_ptr(), taps.weights.as_ptr());
    // SAFETY: as the caller says.
    unsafe {
        let mut sums = [_mm512_set1_ps(0.0); F];
        sums.iter_mut().zip(taps.bias).for_each(|(sum, bias)| *sum = _mm512_set1_ps(*bias));
        for place in taps.places {
            let seen = _mm512_loadu_ps(first.add(*place));
            for (filter, sum) in sums.iter_mut().enumerate() {
                *sum = _mm512_fmadd_ps(_mm512_set1_ps(*weights.add(filter)), seen, *sum);
            }
            weights = weights.add(F);
        }
        for (filter, sum) in sums.into_iter().enumerate() {
            _mm512_storeu_ps(output.as_mut_ptr().add(filter * step), sum);
        }
    }
}

/// Adds to the gradient of each of `taps` of each of `filters` the sum of the filter's output gradients times what the tap sees of them.
///
/// Rows of gradients and of sums are as far apart as is given with them; of gradients `count` are in each, of which some may be zeros
/// behind the last.
#[inline(always)]
pub(super) fn add_gradients(
    (filters, taps): (usize, usize),
    gradients: (&[f32], usize),
    seen: &[f32],
    count: usize,
    sums: (&mut [f32], usize),
    simd: Simd,
) {
    match (filters, taps) {
        (1, 1) => sum_products::<1, 1>(gradients, seen, count, sums, simd),
        (1, 2) => sum_products::<1, 2>(gradients, seen, count, sums, simd),
        (1, _) => sum_products::<1, 3>(gradients, seen, count, sums, simd),
        (2, 1) => sum_products::<2, 1>(gradients, seen, count, sums, simd),
        (2, 2) => sum_products::<2, 2>(gradients, seen, count, sums, simd),
        (2, _) => sum_products::<2, 3>(gradients, seen, count, sums, simd),
        (3, 1) => sum_products::<3, 1>(gradients, seen, count, sums, simd),
        (3, 2) => sum_products::<3, 2>(gradients, seen, count, sums, simd),
        (3, _) => sum_products::<3, 3>(gradients, seen, count, sums, simd),
        (_, 1) => sum_products::<4, 1>(gradients, seen, count, sums, simd),
        (_, 2) => sum_products::<4, 2>(gradients, seen, count, sums, simd),
        _ => sum_products::<4, 3>(gradients, seen, count, sums, simd),
    }
}

#[inline(always)]
fn sum_products<const F: usize, const T: usize>(
    (gradients, step): (&[f32], usize),
    seen: &[f32],
    count: usize,
    (sums, sum_step): (&mut [f32], usize),
    simd: Simd,
) {
    assert!(count.is_multiple_of(LANES) && count + T - 1 <= seen.len());
    assert!((F - 1) * step + count <= gradients.len() && (F - 1) * sum_step + T <= sums.len());
    let mut lanes = [[[0.0; LANES]; T]; F];
    #[cfg(target_arch = "x86_64")]
    if simd.is_wide() {
        // SAFETY: `wide` found AVX2 and fused multiply-adds; as many numbers are there as was asserted.
        unsafe { sum_lanes::<F, T>(gradients, step, seen, count, &mut lanes) };
    }
    if cfg!(not(target_arch = "x86_64")) || !simd.is_wide() {
        for (filter, lanes) in lanes.iter_mut().enumerate() {
            for (tap, lanes) in lanes.iter_mut().enumerate() {
                let gradients = gradients[filter * step..][..count].as_chunks::<LANES>().0;
                for (gradients, seen) in gradients.iter().zip(seen[tap..].as_chunks::<LANES>().0) {
                    (0..LANES).for_each(|lane| lanes[lane] += gradients[lane] * seen[lane]);
                }
            }
        }
    }
    for (filter, lanes) in lanes.iter().enumerate() {
        for (tap, lanes) in lanes.iter().enumerate() {
            sums[filter * sum_step + tap] += lanes.iter().sum::<f32>();
        }
    }
}

/// # Safety
///
/// The CPU has AVX2 and fused multiply-adds; `count` gradients are in every row, and `count` numbers follow on every tap.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn sum_lanes<const F: usize, const T: usize>(
    gradients: &[f32],
    step: usize,
    seen: &[f32],
    count: usize,
    lanes: &mut [[[f32; LANES]; T]; F],
) {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};
    let (gradients, seen) = (gradients.as_ptr(), seen.as_ptr());
    // SAFETY: as the caller says.
    unsafe {
        let mut sums = [[_mm256_set1_ps(0.0); T]; F];
        for at in (0..count).step_by(LANES) {
            let mut numbers = [_mm256_set1_ps(0.0); T];
            for (tap, number) in numbers.iter_mut().enumerate() {
                *number = _mm256_loadu_ps(seen.add(at + tap));
            }
            for (filter, sums) in sums.iter_mut().enumerate() {
                let gradient = _mm256_loadu_ps(gradients.add(filter * step + at));
                for (sum, number) in sums.iter_mut().zip(numbers) {
                    *sum = _mm256_fmadd_ps(gradient, number, *sum);
                }
            }
        }
        for (lanes, sum) in lanes.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            _mm256_storeu_ps(lanes.as_mut_ptr(), *sum);
        }
    }
}
