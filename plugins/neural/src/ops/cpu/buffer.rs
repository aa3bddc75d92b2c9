use super::wide;
use std::mem::MaybeUninit;

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

/// Room for numbers as many as a batch has between layers, of which each is written by whoever makes it: zeros that are put
/// there first are a way to the memory and back more, a fifth of a training step of MobileNetV2.
pub(crate) struct Unwritten<T = f32> {
    room: Vec<T>,
    count: usize,
}

impl<T> Unwritten<T> {
    pub fn new(count: usize) -> Self {
        let room = Vec::with_capacity(count);
        #[cfg(target_os = "linux")]
        ask_for_large_pages(&room);
        Self { room, count }
    }

    /// What is to be written, by [`zeroed`] part after part or number by number.
    pub fn all(&mut self) -> &mut [MaybeUninit<T>] {
        &mut self.room.spare_capacity_mut()[..self.count]
    }

    /// The numbers.
    ///
    /// # Safety
    ///
    /// All are written.
    pub unsafe fn written(mut self) -> Vec<T> {
        // SAFETY: there is room for them, and they are written, as the caller says.
        unsafe { self.room.set_len(self.count) };
        self.room
    }
}

/// Puts zeros where a thread is about to work, which is cheap when it is as small as the CPU's cache.
pub(crate) fn zeroed<T: Copy + Default>(part: &mut [MaybeUninit<T>]) -> &mut [T] {
    part.fill(MaybeUninit::new(T::default()));
    // SAFETY: all of it was just written, and a number that may be unwritten lies in memory as a number does.
    unsafe { &mut *(std::ptr::from_mut(part) as *mut [T]) }
}

/// Writes a function of each of as many numbers where a thread is about to work.
#[inline(always)]
pub(crate) fn made<'a>(
    part: &'a mut [MaybeUninit<f32>],
    numbers: &[f32],
    of: impl Fn(f32) -> f32,
) -> &'a mut [f32] {
    assert_eq!(part.len(), numbers.len(), "numbers and room for what is made of them");
    wide(
        #[inline(always)]
        |_| part.iter_mut().zip(numbers).for_each(|(to, number)| _ = to.write(of(*number))),
    );
    // SAFETY: all of it was just written, and a number that may be unwritten lies in memory as a number does.
    unsafe { &mut *(std::ptr::from_mut(part) as *mut [f32]) }
}

/// Writes numbers where none were.
#[inline(always)]
pub(crate) fn put(to: &mut [MaybeUninit<f32>], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| _ = to.write(*from));
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
