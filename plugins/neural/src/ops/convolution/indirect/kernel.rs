use crate::ops::cpu::{COLUMNS, Simd, parts, wide};

/// Rows that are summed up at once: as many sums as there are registers for.
const ROWS: usize = 6;

/// How far each of some numbers is from where something else begins.
pub(super) struct Places {
    places: Vec<usize>,
    furthest: usize,
}

impl Places {
    pub fn new(places: Vec<usize>) -> Self {
        let furthest = places.iter().copied().max().unwrap_or(0);
        Self { places, furthest }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }
}

/// Adds to the [`COLUMNS`] sums of every row the products of the row's numbers with those of a panel: of each place `along` a row, the
/// number that lies so far from where the row begins, times as many of the panel.
pub(super) fn add_products(numbers: &[f32], rows: &[usize], along: &Places, panel: &[f32], sums: &mut [f32]) {
    let panel = panel.as_chunks::<COLUMNS>().0;
    let sums = sums.as_chunks_mut::<COLUMNS>().0;
    assert!(panel.len() == along.len() && sums.len() == rows.len(), "sizes of a product");
    wide(
        #[inline(always)]
        |simd| {
            // Of nearly the same size: a row alone would wait for its own sums.
            for part in parts(rows.len(), ROWS) {
                let (rows, sums) = (&rows[part.clone()], &mut sums[part]);
                match rows.len() {
                    1 => of_rows::<1>(numbers, rows, along, panel, sums, simd),
                    2 => of_rows::<2>(numbers, rows, along, panel, sums, simd),
                    3 => of_rows::<3>(numbers, rows, along, panel, sums, simd),
                    4 => of_rows::<4>(numbers, rows, along, panel, sums, simd),
                    5 => of_rows::<5>(numbers, rows, along, panel, sums, simd),
                    _ => of_rows::<ROWS>(numbers, rows, along, panel, sums, simd),
                }
            }
        },
    );
}

#[inline(always)]
fn of_rows<const R: usize>(
    numbers: &[f32],
    rows: &[usize],
    along: &Places,
    panel: &[[f32; COLUMNS]],
    sums: &mut [[f32; COLUMNS]],
    simd: Simd,
) {
    let furthest = rows.iter().copied().max().unwrap_or(0) + along.furthest;
    assert!(furthest < numbers.len() && panel.len() == along.len() && rows.len() == R && sums.len() == R);
    #[cfg(target_arch = "x86_64")]
    if simd.is_wide() {
        // SAFETY: `wide` found AVX2 and fused multiply-adds; the rest was asserted.
        return unsafe { in_registers::<R>(numbers, rows, along, panel, sums) };
    }
    let _ = simd;
    for (row, sums) in rows.iter().zip(sums) {
        let mut of_row = [0.0; COLUMNS];
        for (place, panel) in along.places.iter().zip(panel) {
            let number = numbers[row + place];
            of_row.iter_mut().zip(panel).for_each(|(sum, weight)| *sum += number * weight);
        }
        sums.iter_mut().zip(of_row).for_each(|(sum, of_row)| *sum += of_row);
    }
}

/// # Safety
///
/// The CPU has AVX2 and fused multiply-adds; there are `R` rows and as many sums, as many places along them as rows of the panel, and a
/// number at each place from the beginning of each row.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn in_registers<const R: usize>(
    numbers: &[f32],
    rows: &[usize],
    along: &Places,
    panel: &[[f32; COLUMNS]],
    sums: &mut [[f32; COLUMNS]],
) {
    use std::arch::x86_64::{
        _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps,
    };
    // SAFETY: as the caller says.
    unsafe {
        let mut from = [numbers.as_ptr(); R];
        from.iter_mut().zip(rows).for_each(|(from, row)| *from = from.add(*row));
        let mut left = [_mm256_set1_ps(0.0); R];
        let mut right = left;
        let mut weights: *const f32 = panel.as_ptr().cast();
        for place in &along.places {
            let (of_left, of_right) = (_mm256_loadu_ps(weights), _mm256_loadu_ps(weights.add(8)));
            for row in 0..R {
                let number = _mm256_set1_ps(*from[row].add(*place));
                left[row] = _mm256_fmadd_ps(number, of_left, left[row]);
                right[row] = _mm256_fmadd_ps(number, of_right, right[row]);
            }
            weights = weights.wrapping_add(COLUMNS);
        }
        for row in 0..R {
            let to = sums[row].as_mut_ptr();
            _mm256_storeu_ps(to, _mm256_add_ps(_mm256_loadu_ps(to), left[row]));
            _mm256_storeu_ps(to.add(8), _mm256_add_ps(_mm256_loadu_ps(to.add(8)), right[row]));
        }
    }
}
