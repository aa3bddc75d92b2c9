/// Zeros to be written over, for what is as large as a batch between layers.
///
/// Such memory comes fresh from the system, which hands it over page by page as it is touched: in pages of 4
/// KiB that takes as long as the layers' own work. So large pages are asked for, where the system has them
/// for those who ask.
pub(crate) fn zeros<T: Clone + Default>(count: usize) -> Vec<T> {
    let zeros = vec![T::default(); count];
    #[cfg(target_os = "linux")]
    ask_for_large_pages(&zeros);
    zeros
}

/// Nothing yet, with room for numbers that are all written once.
pub(super) fn room(count: usize) -> Vec<f32> {
    let room = Vec::with_capacity(count);
    #[cfg(target_os = "linux")]
    ask_for_large_pages(&room);
    room
}

#[cfg(target_os = "linux")]
#[allow(clippy::ptr_arg, reason = "what it has room for counts")]
fn ask_for_large_pages<T>(values: &Vec<T>) {
    const PAGE: usize = 4096;
    /// Of large pages, and of memory that is worth the question.
    const LARGE: usize = 2 * 1024 * 1024;
    let first = values.as_ptr() as usize;
    let (start, end) =
        (first.next_multiple_of(PAGE), (first + values.capacity() * size_of::<T>()) / PAGE * PAGE);
    if end.saturating_sub(start) >= 2 * LARGE {
        // SAFETY: whole pages within the vector's memory; the advice changes nothing that is in them. Whether it is
        // taken matters for speed only, so the answer is not looked at.
        unsafe {
            libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE);
        }
    }
}
