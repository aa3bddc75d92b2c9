//! Wide arithmetic without intrinsics: plain loops, compiled for the baseline and once more for AVX2, chosen at run time.
//!
//! The compiler makes vector instructions of the loops; it reorders and fuses no operation, so that both give the same bits.

/// Runs `work` with AVX2 where the processor has it.
///
/// `work` must be written `#[inline(always)] || …` at the call, and what it calls be inlined too, or it is compiled for the
/// baseline alone.
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor was just found to have AVX2.
            return unsafe { avx2(work) };
        }
    }
    work()
}
