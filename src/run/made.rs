//! By what and where a cell was computed.

use super::Program;
use crate::util::shown::counted;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::OnceLock;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// By what and where a cell was computed. None of it decides a number but those of time and memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The commit that the program was built from, with `-dirty` behind it where files were changed since; `None` where it
    /// was built outside of a checkout.
    pub commit: Option<String>,
    /// The machine.
    pub machine: Machine,
    /// Cells that were computed at a time.
    pub jobs: usize,
    /// Threads of each.
    pub threads: usize,
}

/// A machine, as far as its system tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Name of the processor.
    pub cpu: Option<String>,
    /// Cores that the program may use.
    pub cores: usize,
    /// Bytes of main memory.
    pub memory: u64,
    /// Name and version of the operating system.
    pub os: Option<String>,
    /// Instruction set, such as `x86_64`.
    pub arch: String,
}

impl Made {
    /// By the running program on this machine, which computes so many cells at a time with so many threads each.
    pub fn here(jobs: usize, threads: usize) -> Self {
        let commit = Program::commit().map(str::to_owned);
        Self { commit, machine: Machine::this().clone(), jobs, threads }
    }
}

impl Machine {
    /// The machine that the program runs on.
    pub fn this() -> &'static Self {
        static THIS: OnceLock<Machine> = OnceLock::new();
        THIS.get_or_init(|| {
            let wanted = RefreshKind::nothing()
                .with_cpu(CpuRefreshKind::nothing())
                .with_memory(MemoryRefreshKind::nothing().with_ram());
            let system = System::new_with_specifics(wanted);
            let cpu = system.cpus().first().map(|cpu| cpu.brand().trim().to_owned());
            Self {
                cpu: cpu.filter(|name| !name.is_empty()),
                cores: std::thread::available_parallelism().map_or(1, usize::from),
                memory: system.total_memory(),
                os: System::long_os_version(),
                arch: std::env::consts::ARCH.to_owned(),
            }
        })
    }
}

impl fmt::Display for Machine {
    /// `AMD EPYC 7R13, 2 cores, 8.2 GB, Linux (Debian GNU/Linux 12), x86_64`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, memory, os, arch } = self;
        let cpu = cpu.as_deref().unwrap_or("processor of unknown name");
        let os = os.as_deref().unwrap_or("unknown system");
        write!(f, "{cpu}, {}, {:.1} GB, {os}, {arch}", counted(*cores, "core"), *memory as f64 / 1e9)
    }
}
