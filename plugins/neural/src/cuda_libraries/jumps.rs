/// Defines functions by their names, the table of where they are, and the library that fills it.
///
/// A function's arguments and what it returns are those of the bindings: a jump leaves both alone.
macro_rules! jumps {
    ($library:ident = [$($file:literal),*], fails with $error:literal: $($function:ident)*) => {
        std::arch::global_asm!(
            // The table, of writable addresses. What is written below into the same section follows.
            concat!(".pushsection .data.genre_bench.", stringify!($library), ",\"aw\",%progbits"),
            ".balign 8",
            concat!("genre_bench_", stringify!($library), ":"),
            ".popsection",
            $(
                concat!(".pushsection .data.genre_bench.", stringify!($library), ",\"aw\",%progbits"),
                concat!(".Lplace_", stringify!($function), ": .quad {fail}"),
                ".popsection",
                concat!(".pushsection .text.genre_bench.", stringify!($library), ",\"ax\",%progbits"),
                // Not for other libraries that the program may open.
                concat!(".globl ", stringify!($function)),
                concat!(".hidden ", stringify!($function)),
                concat!(".type ", stringify!($function), ", %function"),
                concat!(stringify!($function), ":"),
                $crate::cuda_libraries::jumps::jump!(concat!(".Lplace_", stringify!($function))),
                concat!(".size ", stringify!($function), ", . - ", stringify!($function)),
                ".popsection",
            )*
            fail = sym library::fail::<$error>,
        );

        static $library: Library = {
            const FUNCTIONS: &[&std::ffi::CStr] = &[$(library::c_str(concat!(stringify!($function), "\0"))),*];
            unsafe extern "C" {
                #[link_name = concat!("genre_bench_", stringify!($library))]
                safe static PLACES: [std::sync::atomic::AtomicPtr<std::ffi::c_void>; FUNCTIONS.len()];
            }
            Library {
                files: &[$(library::c_str(concat!($file, "\0"))),*],
                functions: FUNCTIONS,
                places: &PLACES,
                loaded: std::sync::OnceLock::new(),
            }
        };
    };
}

/// The instructions of a jump to where a place says, in registers that no argument is in.
#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    ($place:expr) => {
        concat!("jmp qword ptr [rip + ", $place, "]")
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    ($place:expr) => {
        concat!("adrp x16, ", $place, "\nldr x16, [x16, :lo12:", $place, "]\nbr x16")
    };
}

pub(super) use {jump, jumps};
