use std::ffi::{CStr, c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A library of the system that is opened when it is first needed, and the functions that the program calls in it.
pub(super) struct Library {
    /// Names of its files, the first of which is preferred. The functions are the same in all of them.
    pub files: &'static [&'static CStr],
    /// Names of the functions.
    pub functions: &'static [&'static CStr],
    /// Where each function is.
    pub places: &'static [AtomicPtr<c_void>],
    pub loaded: OnceLock<Result<(), String>>,
}

impl Library {
    /// Opens the library and finds its functions, once for the program. One that it lacks goes on failing when it is
    /// called: drivers that are a little older lack functions which are not needed.
    pub fn load(&self) -> Result<(), String> {
        self.loaded.get_or_init(|| self.open()).clone()
    }

    fn open(&self) -> Result<(), String> {
        let mut first = None;
        for file in self.files {
            // SAFETY: the name ends in a zero. Opening runs the library's own code, as linking with it would.
            let handle = unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
            if handle.is_null() {
                first.get_or_insert_with(last_error);
                continue;
            }
            for (function, place) in self.functions.iter().zip(self.places) {
                // SAFETY: the library stays open as long as the program runs.
                let found = unsafe { libc::dlsym(handle, function.as_ptr()) };
                if !found.is_null() {
                    place.store(found, Ordering::Release);
                }
            }
            return Ok(());
        }
        Err(first.unwrap_or_default())
    }
}

/// Why the last library was not opened.
fn last_error() -> String {
    // SAFETY: the text stays until this thread opens another library.
    let text = unsafe { libc::dlerror() };
    match text.is_null() {
        true => "it cannot be opened".to_owned(),
        // SAFETY: it ends in a zero.
        false => unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned(),
    }
}

/// What a function does that is called before its library is loaded: it returns the number of an error that the library
/// has, which is checked for after every call. How many arguments it is given is the caller's matter.
pub(super) extern "C" fn fail<const ERROR: c_int>() -> c_int {
    ERROR
}

/// A name for the system.
pub(super) const fn c_str(with_zero: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(with_zero.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("a name without a zero at its end, or with one before"),
    }
}
