//! A process between the program and a model, which ends with it whatever the model started.
//!
//! Ending a process, or its group, leaves those of its children running that made a group of their own. Linux hands
//! children whose parent has ended to the nearest ancestor that asked for them (`PR_SET_CHILD_SUBREAPER`, prctl(2)). So
//! between the program and each model stands a process that asks for them, waits for the model, and then ends all children
//! that it has or gets, until there are none: it stops them first, or those that multiply would be ahead of it for ever. It does so too when the program asks it to, and when the program itself is
//! killed (`PR_SET_PDEATHSIG`).
//!
//! The guard is a copy of the program that was made to become the model, before it does: so all of this file runs between
//! fork and exec, or instead of exec, where nothing may be allocated and no lock taken (signal-safety(7)).

use libc::{c_int, c_ulong, pid_t};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::ptr;

/// How often the guard looks whether all are gone, and how long it sleeps in between.
const ROUNDS: u32 = 20_000;
static PAUSE: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 500_000 };
/// How often it goes through all processes below it to stop those that came in between.
const SWEEPS: u32 = 100;
/// Processes that it knows of at one time: more than a system has by default.
const MOST: usize = 1 << 16;

/// Has a command start behind a guard, which is then the child that the program knows.
pub(super) fn put_before(command: &mut Command) {
    // SAFETY: takes nothing and gives a number.
    let program = unsafe { libc::getpid() };
    // SAFETY: `divide` calls nothing but functions that are safe between fork and exec.
    unsafe {
        command.pre_exec(move || divide(program));
    }
}

/// Asks a guard to end everything.
pub(super) fn end(guard: &Child) {
    if let Ok(pid) = pid_t::try_from(guard.id()) {
        // SAFETY: a signal to a child that was not waited for, so that its number is its own.
        unsafe { libc::kill(pid, libc::SIGTERM) };
    }
}

/// Goes on as the model, and leaves the guard behind as its parent.
///
/// # Safety
///
/// Only between fork and exec.
unsafe fn divide(program: pid_t) -> io::Result<()> {
    let yes: c_ulong = 1;
    // SAFETY: system calls with plain numbers, and `getrlimit`'s structure, which outlives the call.
    unsafe {
        // Ctrl-C is for the program, which then asks.
        libc::setpgid(0, 0);
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, yes);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM as c_ulong);
        if libc::getppid() != program {
            // It was killed before it could be heard of.
            libc::_exit(1);
        }
        // A crash is told, not kept.
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        match libc::fork() {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                // No terminal to ask at either.
                libc::setsid();
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as c_ulong);
                Ok(())
            }
            model => {
                // Among thousands that want to run it must come first; only some users may ask for that.
                libc::setpriority(libc::PRIO_PROCESS, 0, -10);
                guard(model)
            }
        }
    }
}

/// Waits for the end of the model or for being asked, ends all, and ends as the model did.
///
/// # Safety
///
/// Only in a process that is to do nothing else.
unsafe fn guard(model: pid_t) -> ! {
    // SAFETY: signal sets are initialised by the calls that fill them; everything else takes numbers or null.
    unsafe {
        close_all();
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let mut all = std::mem::zeroed::<libc::sigset_t>();
        libc::sigfillset(&raw mut all);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const all, ptr::null_mut());
        let mut awaited = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut awaited);
        for signal in [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            libc::sigaddset(&raw mut awaited, signal);
        }
        // The first signal of a child may have come before they were held back.
        let mut signal = libc::SIGCHLD;
        while signal == -1 || (signal == libc::SIGCHLD && !has_ended(model)) {
            signal = libc::sigwaitinfo(&raw const awaited, ptr::null_mut());
        }
        end_as(end_all(model))
    }
}

/// Closes all files: as long as the guard had the pipes, nobody would see their end.
unsafe fn close_all() {
    // SAFETY: takes numbers.
    unsafe {
        if libc::syscall(libc::SYS_close_range, 0, c_int::MAX, 0) != 0 {
            for file in 0..4096 {
                libc::close(file);
            }
        }
    }
}

/// Lets go of children that ended, but for the model. Whether that is among them.
unsafe fn has_ended(model: pid_t) -> bool {
    loop {
        // SAFETY: the structure is plain data and outlives the calls, which write to nothing else.
        unsafe {
            let mut of = std::mem::zeroed::<libc::siginfo_t>();
            let how = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            if libc::waitid(libc::P_ALL, 0, &raw mut of, how) != 0 {
                return true;
            }
            match of.si_pid() {
                0 => return false,
                pid if pid == model => return true,
                pid => libc::waitpid(pid, ptr::null_mut(), 0),
            };
        }
    }
}

/// Ends the model's group and all below it, until there are none. Returns how the model ended.
unsafe fn end_all(model: pid_t) -> c_int {
    // Not on the stack, and not asked for: pages that nobody writes to take no memory.
    static mut BELOW: [pid_t; MOST] = [0; MOST];
    let (mut of_model, mut is_known) = (0, false);
    for _ in 0..ROUNDS {
        // SAFETY: the guard has one thread, so nobody else has the numbers; everything else takes numbers, or addresses of
        // what outlives the calls.
        unsafe {
            let below = std::slice::from_raw_parts_mut((&raw mut BELOW).cast::<pid_t>(), MOST);
            // Only as long as the number is the model's.
            if !is_known {
                libc::kill(-model, libc::SIGKILL);
            }
            let mut count = stop_all(below);
            for _ in 0..SWEEPS {
                let again = stop_all(below);
                if std::mem::replace(&mut count, again) == again {
                    break;
                }
            }
            below[..count].iter().for_each(|&pid| end_one(pid));
            loop {
                let mut status = 0;
                match libc::waitpid(-1, &raw mut status, libc::WNOHANG) {
                    0 => break,
                    -1 => return of_model,
                    pid if pid == model => (of_model, is_known) = (status, true),
                    _ => {}
                }
            }
            libc::nanosleep(&raw const PAUSE, ptr::null_mut());
        }
    }
    of_model
}

fn end_one(pid: pid_t) {
    // SAFETY: takes numbers. The process is below the guard, and so is its number until the guard has waited for it.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// Stops all processes below this one, and says how many there are: their numbers are in front of `below` then.
unsafe fn stop_all(below: &mut [pid_t]) -> usize {
    // SAFETY: as the functions that it calls.
    unsafe {
        let mut count = children(c"/proc/thread-self/children".as_ptr(), below, 0);
        let mut at = 0;
        while at < count {
            libc::kill(below[at], libc::SIGSTOP);
            // What another of its threads has started is found when it has ended.
            let mut path = [0_u8; 64];
            write_path(&mut path, below[at]);
            count = children(path.as_ptr().cast(), below, count);
            at += 1;
        }
        count
    }
}

/// Writes `/proc/PID/task/PID/children` and a zero.
fn write_path(path: &mut [u8; 64], pid: pid_t) {
    let (mut digits, mut length, mut rest) = ([0_u8; 12], 0, pid.unsigned_abs());
    while rest > 0 {
        digits[length] = b'0' + (rest % 10) as u8;
        (length, rest) = (length + 1, rest / 10);
    }
    let number = digits[..length].iter().rev();
    let parts = b"/proc/".iter().chain(number.clone()).chain(b"/task/").chain(number).chain(b"/children\0");
    path.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
}

/// Puts the numbers in a file of children behind the first `count`. Returns how many there are then.
unsafe fn children(path: *const libc::c_char, below: &mut [pid_t], mut count: usize) -> usize {
    // SAFETY: the path ends in a zero, and no more is read than the block has room for.
    unsafe {
        let file = libc::open(path, libc::O_RDONLY | libc::O_CLOEXEC);
        if file < 0 {
            return count;
        }
        let (mut block, mut pid) = ([0_u8; 4096], 0);
        loop {
            let read = libc::read(file, block.as_mut_ptr().cast(), block.len());
            let Ok(read @ 1..) = usize::try_from(read) else { break };
            for byte in &block[..read.min(block.len())] {
                if byte.is_ascii_digit() {
                    pid = 10 * pid + pid_t::from(byte - b'0');
                } else if pid > 0 {
                    if let Some(place) = below.get_mut(count) {
                        (*place, count) = (pid, count + 1);
                    }
                    pid = 0;
                }
            }
        }
        libc::close(file);
        count
    }
}

/// Ends in the same way.
unsafe fn end_as(status: c_int) -> ! {
    // SAFETY: takes numbers, and a signal set that its call initialises.
    unsafe {
        if libc::WIFSIGNALED(status) {
            let signal = libc::WTERMSIG(status);
            libc::signal(signal, libc::SIG_DFL);
            let mut none = std::mem::zeroed::<libc::sigset_t>();
            libc::sigemptyset(&raw mut none);
            libc::kill(libc::getpid(), signal);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
            libc::_exit(128 + signal);
        }
        libc::_exit(libc::WEXITSTATUS(status))
    }
}
