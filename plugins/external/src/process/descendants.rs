//! How many processes a process has become: a model that starts others without end is ended before the machine is full.

/// Whether a process has more than `most` below it, as far as the system tells.
#[cfg(target_os = "linux")]
pub(super) fn are_more_than(most: usize, process: u32) -> bool {
    use std::fs;
    let (mut open, mut count) = (vec![process.to_string()], 0);
    while let Some(process) = open.pop() {
        // Every thread has the children that it started.
        for thread in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            open.extend(children.split_whitespace().map(str::to_owned));
        }
        count += 1;
        if count > most {
            return true;
        }
    }
    false
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub(super) fn are_more_than(_most: usize, _process: u32) -> bool {
    false
}
