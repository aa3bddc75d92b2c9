/// Wide instructions of a CPU, from fewest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Simd {
    /// Those that all of its kind have: SSE2, NEON.
    Baseline,
    /// AVX2 and fused multiply-adds: 16 registers of eight numbers.
    Avx2,
    /// AVX-512 besides: 32 registers of sixteen.
    Avx512,
}

impl Simd {
    /// Those of this CPU.
    #[inline]
    pub fn found() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let more = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
            return if more { Self::Avx512 } else { Self::Avx2 };
        }
        Self::Baseline
    }

    /// Whether there are registers of eight numbers, and fused multiply-adds.
    #[inline(always)]
    pub fn is_wide(self) -> bool {
        self >= Self::Avx2
    }
}

/// Runs `work` with AVX2 and fused multiply-adds where the CPU has them, and without elsewhere; `work` is told which.
///
/// Loops in it become wide instructions if it is written `#[inline(always)] |…| …` at the call, and what it calls is
/// `#[inline(always)]` too. [`f32::mul_add`] is one instruction only where they [are wide](Simd::is_wide).
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce(Simd) -> R) -> R {
    at_most(Simd::Avx2, work)
}

/// The same with AVX-512, too: for products of matrices in so many registers. What is left to the compiler gets slower by it, where it
/// gathers numbers.
#[inline]
pub(crate) fn widest<R>(work: impl FnOnce(Simd) -> R) -> R {
    at_most(Simd::Avx512, work)
}

/// With these instructions or fewer.
#[inline(always)]
pub(super) fn at_most<R>(simd: Simd, work: impl FnOnce(Simd) -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn avx2<R>(work: impl FnOnce(Simd) -> R) -> R {
            work(Simd::Avx2)
        }
        #[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
        fn avx512<R>(work: impl FnOnce(Simd) -> R) -> R {
            work(Simd::Avx512)
        }
        match simd.min(Simd::found()) {
            Simd::Baseline => {}
            // SAFETY: the CPU was found to have them.
            Simd::Avx2 => return unsafe { avx2(work) },
            // SAFETY: as above.
            Simd::Avx512 => return unsafe { avx512(work) },
        }
    }
    let _ = simd;
    work(Simd::Baseline)
}

/// `a · b + c`, in one step where that is one instruction.
#[inline(always)]
pub(crate) fn multiply_add(simd: Simd, a: f32, b: f32, c: f32) -> f32 {
    if simd.is_wide() { a.mul_add(b, c) } else { a * b + c }
}
