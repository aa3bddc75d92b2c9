use std::ops::Range;

/// `0..count` in parts of nearly the same size and at most `limit`.
pub(crate) fn parts(count: usize, limit: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = count.div_ceil(limit);
    (0..parts).map(move |part| part * count / parts..(part + 1) * count / parts)
}
