/// Runs `work` with AVX2 and fused multiply-adds where the CPU has them, and without elsewhere; `work` is told which.
///
/// Loops in it become wide instructions if it is written `#[inline(always)] |…| …` at the call, and what it calls is
/// `#[inline(always)]` too. [`f32::mul_add`] is one instruction only where it is told `true`.
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce(bool) -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn avx2<R>(work: impl FnOnce(bool) -> R) -> R {
            work(true)
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the CPU was just found to have both.
            return unsafe { avx2(work) };
        }
    }
    work(false)
}

/// `a · b + c`, in one step where that is one instruction.
#[inline(always)]
pub(crate) fn multiply_add(fused: bool, a: f32, b: f32, c: f32) -> f32 {
    if fused { a.mul_add(b, c) } else { a * b + c }
}
