//! Where children whose parent has ended cannot be asked for, the model has a group of its own, and that is ended.

use libc::pid_t;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// Has a command start in a group of its own.
pub(super) fn put_before(command: &mut Command) {
    command.process_group(0);
}

/// Ends that group.
pub(super) fn end(model: &Child) {
    if let Ok(pid) = pid_t::try_from(model.id()) {
        // SAFETY: a signal to the group of a child that was not waited for, so that its number is its own.
        unsafe { libc::kill(-pid, libc::SIGKILL) };
    }
}
