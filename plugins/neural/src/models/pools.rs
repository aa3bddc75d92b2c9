//! Pools on spectrograms of other sizes than the sources have.

/// A pool that is never larger than what the layers before left, and what it leaves; both in rows and columns.
pub(super) fn fitting(
    pool: (usize, usize),
    (rows, columns): (usize, usize),
) -> ((usize, usize), (usize, usize)) {
    let pool = (pool.0.min(rows), pool.1.min(columns));
    (pool, (rows / pool.0.max(1), columns / pool.1.max(1)))
}
