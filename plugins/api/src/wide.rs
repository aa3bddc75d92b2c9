/// Runs `work` with AVX2 where the CPU has it: wide arithmetic without intrinsics, as plain loops that are compiled once for the
/// baseline instruction set and once for AVX2.
///
/// The compiler turns the loops into vector instructions; no operation is reordered or fused, so both versions give the same bits.
/// `work` must be written `#[inline(always)] || …` at the call, and so must what it calls, or it is compiled for the baseline only.
///
/// ```
/// let numbers = [1.0f32; 100];
/// let doubled = genre_bench_api::wide(
///     #[inline(always)]
///     || numbers.map(|number| 2.0 * number),
/// );
/// assert_eq!(doubled, [2.0; 100]);
/// ```
#[inline]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU was just found to have AVX2.
            return unsafe { avx2(work) };
        }
    }
    work()
}
