//! Eight numbers at once, as the maps are computed.

use std::ops::{Add, Mul, Sub};

/// Eight numbers, of as many tiles or channels.
pub(super) trait Eight:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self>
{
    /// The same number for all.
    fn all(number: f32) -> Self;

    fn load(from: &[f32; 8]) -> Self;

    fn store(self, to: &mut [f32; 8]);

    /// `factor · number + to`.
    fn multiply_add(factor: f32, number: Self, to: Self) -> Self;

    /// The columns of eight rows, which begin at these places.
    ///
    /// # Safety
    ///
    /// There are eight numbers from each place on, and columns are no more than that.
    unsafe fn columns<const COUNT: usize>(from: *const f32, places: &[usize; 8]) -> [Self; COUNT];

    /// The rows that have these columns.
    fn rows<const COUNT: usize>(columns: [Self; COUNT]) -> [[f32; COUNT]; 8];
}

/// As the compiler does it, on any CPU.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 8]);

impl Portable {
    #[inline(always)]
    fn with(self, other: Self, of: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| of(self.0[lane], other.0[lane])))
    }
}

impl Add for Portable {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }
}

impl Sub for Portable {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }
}

impl Mul<f32> for Portable {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        Self(self.0.map(|number| number * factor))
    }
}

impl Eight for Portable {
    #[inline(always)]
    fn all(number: f32) -> Self {
        Self([number; 8])
    }

    #[inline(always)]
    fn load(from: &[f32; 8]) -> Self {
        Self(*from)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 8]) {
        *to = self.0;
    }

    #[inline(always)]
    fn multiply_add(factor: f32, number: Self, to: Self) -> Self {
        number.with(to, |number, to| factor * number + to)
    }

    #[inline(always)]
    unsafe fn columns<const COUNT: usize>(from: *const f32, places: &[usize; 8]) -> [Self; COUNT] {
        // SAFETY: as the caller says.
        std::array::from_fn(|column| Self(places.map(|place| unsafe { *from.add(place + column) })))
    }

    #[inline(always)]
    fn rows<const COUNT: usize>(columns: [Self; COUNT]) -> [[f32; COUNT]; 8] {
        std::array::from_fn(|row| columns.map(|column| column.0[row]))
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use Portable as Register;
/// In a wide register. There are such numbers where [`wide`](crate::ops::cpu::wide) says that the CPU has AVX2 and fused
/// multiply-adds, and nowhere else: the instructions are no others' to run.
#[cfg(target_arch = "x86_64")]
pub(super) use registers::Register;

#[cfg(target_arch = "x86_64")]
mod registers {
    use super::{Add, Eight, Mul, Sub};
    use std::arch::x86_64::{
        __m128, __m256, _mm_loadu_ps, _mm_storeu_ps, _mm256_add_ps, _mm256_castps128_ps256,
        _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_fmadd_ps, _mm256_insertf128_ps,
        _mm256_loadu_ps, _mm256_mul_ps, _mm256_set1_ps, _mm256_shuffle_ps, _mm256_storeu_ps, _mm256_sub_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };

    #[derive(Clone, Copy)]
    pub(in super::super) struct Register(__m256);

    impl Add for Register {
        type Output = Self;
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: the CPU has such registers, as is said of the type; so below.
            Self(unsafe { _mm256_add_ps(self.0, other.0) })
        }
    }

    impl Sub for Register {
        type Output = Self;
        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm256_sub_ps(self.0, other.0) })
        }
    }

    impl Mul<f32> for Register {
        type Output = Self;
        #[inline(always)]
        fn mul(self, factor: f32) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm256_mul_ps(self.0, _mm256_set1_ps(factor)) })
        }
    }

    impl Eight for Register {
        #[inline(always)]
        fn all(number: f32) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm256_set1_ps(number) })
        }

        #[inline(always)]
        fn load(from: &[f32; 8]) -> Self {
            // SAFETY: as above; all eight are read.
            Self(unsafe { _mm256_loadu_ps(from.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; 8]) {
            // SAFETY: as above; all eight are written.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn multiply_add(factor: f32, number: Self, to: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm256_fmadd_ps(_mm256_set1_ps(factor), number.0, to.0) })
        }

        #[inline(always)]
        unsafe fn columns<const COUNT: usize>(from: *const f32, places: &[usize; 8]) -> [Self; COUNT] {
            let mut columns = [Self::all(0.0); 8];
            for first in (0..COUNT).step_by(4) {
                // SAFETY: as above. Of eight numbers from each place on, as the caller says, four are read from 0 or 4.
                let [a, b, c, d] = unsafe {
                    let from = from.add(first);
                    turned([
                        both(from, places[0], places[4]),
                        both(from, places[1], places[5]),
                        both(from, places[2], places[6]),
                        both(from, places[3], places[7]),
                    ])
                };
                columns[first..first + 4].copy_from_slice(&[Self(a), Self(b), Self(c), Self(d)]);
            }
            let mut some = [Self::all(0.0); COUNT];
            some.copy_from_slice(&columns[..COUNT]);
            some
        }

        #[inline(always)]
        fn rows<const COUNT: usize>(columns: [Self; COUNT]) -> [[f32; COUNT]; 8] {
            let mut rows = [[0.0; COUNT]; 8];
            let (fours, others) = columns.as_chunks::<4>();
            for (number, four) in fours.iter().enumerate() {
                let [a, b, c, d] = *four;
                let turned = turned([a.0, b.0, c.0, d.0]);
                for (row, both) in turned.into_iter().enumerate() {
                    let [first, second]: [__m128; 2] =
                        // SAFETY: as above.
                        unsafe { [_mm256_castps256_ps128(both), _mm256_extractf128_ps::<1>(both)] };
                    for (row, numbers) in [(row, first), (row + 4, second)] {
                        let to = &mut rows[row][number * 4..][..4];
                        // SAFETY: as above; four numbers are written.
                        unsafe { _mm_storeu_ps(to.as_mut_ptr(), numbers) };
                    }
                }
            }
            for (column, numbers) in (COUNT - others.len()..).zip(others) {
                let mut all = [0.0; 8];
                numbers.store(&mut all);
                for (row, number) in rows.iter_mut().zip(all) {
                    row[column] = number;
                }
            }
            rows
        }
    }

    /// Four numbers from each of two places on.
    #[inline(always)]
    unsafe fn both(from: *const f32, first: usize, second: usize) -> __m256 {
        // SAFETY: as above; there are as many numbers, as the caller says.
        unsafe {
            let first = _mm256_castps128_ps256(_mm_loadu_ps(from.add(first)));
            _mm256_insertf128_ps::<1>(first, _mm_loadu_ps(from.add(second)))
        }
    }

    /// With rows for columns, in both halves.
    #[inline(always)]
    fn turned([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
        // SAFETY: as above.
        unsafe {
            let [low_ab, low_cd] = [_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d)];
            let [high_ab, high_cd] = [_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d)];
            [
                _mm256_shuffle_ps::<0b01_00_01_00>(low_ab, low_cd),
                _mm256_shuffle_ps::<0b11_10_11_10>(low_ab, low_cd),
                _mm256_shuffle_ps::<0b01_00_01_00>(high_ab, high_cd),
                _mm256_shuffle_ps::<0b11_10_11_10>(high_ab, high_cd),
            ]
        }
    }
}
