//! The machine, as far as the program may use it.

use super::Finding;
use crate::experiment::Registry;
use crate::run::{Machine, free_bytes};
use crate::util::shown::counted;
use indicatif::HumanBytes;
use serde_json::json;

/// With less free memory a fit of an ordinary dataset may be refused.
const LITTLE_MEMORY: u64 = 1 << 30;

pub(super) fn findings(registry: &Registry) -> [Finding; 4] {
    let machine = Machine::this();
    [cpu(machine), threads(machine), memory(machine), cuda(registry)]
}

/// Instruction sets that matter: their names, whether the machine has them, and whether something here uses them.
fn instructions() -> Vec<(&'static str, bool, bool)> {
    #[cfg(target_arch = "x86_64")]
    {
        vec![
            ("AVX2", is_x86_feature_detected!("avx2"), true),
            ("FMA", is_x86_feature_detected!("fma"), true),
            ("AVX-512", is_x86_feature_detected!("avx512f"), false),
        ]
    }
    #[cfg(target_arch = "aarch64")]
    {
        vec![("NEON", std::arch::is_aarch64_feature_detected!("neon"), true)]
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        Vec::new()
    }
}

fn cpu(machine: &Machine) -> Finding {
    let sets = instructions();
    let names = |has: bool, used: bool| {
        let wanted = sets.iter().filter(|(_, is_there, is_used)| *is_there == has && *is_used == used);
        wanted.map(|(name, ..)| *name).collect::<Vec<_>>()
    };
    let (used, unused, missing) = (names(true, true), names(true, false), names(false, true));
    let name = machine.cpu.as_deref().unwrap_or("processor of unknown name");
    let mut says = format!("{name}, {}", machine.arch);
    for (names, word) in [(&used, "used"), (&unused, "there, but not used"), (&missing, "not there")] {
        if !names.is_empty() {
            says += &format!("; {} {word}", names.join(", "));
        }
    }
    let facts = json!({
        "cpu": machine.cpu, "arch": machine.arch, "os": machine.os, "used": used, "unused": unused, "missing": missing,
    });
    if missing.is_empty() {
        return Finding::ok("cpu", says, facts);
    }
    let hint = "Networks and features take several times as long; in a virtual machine, pass the host's processor through";
    Finding::note("cpu", says, hint, facts)
}

fn threads(machine: &Machine) -> Finding {
    let there = sysinfo::System::physical_core_count();
    let logical = logical_cpus();
    let set = std::env::var("RAYON_NUM_THREADS").ok();
    let pool = rayon::current_num_threads();
    let mut says = format!("{} at a time", counted(machine.cores, "thread"));
    if let Some(all) = logical.filter(|all| *all > machine.cores) {
        says += &format!(
            " of the machine's {all}: the others are kept back by a control group, a scheduler or taskset"
        );
    }
    if let Some(set) = &set {
        says += &format!("; RAYON_NUM_THREADS={set}");
    }
    let facts = json!({
        "usable": machine.cores, "logical": logical, "physical": there, "rayon_num_threads": set, "pool": pool,
    });
    if pool < machine.cores {
        let hint = "Unset RAYON_NUM_THREADS, or ask why the system starts no more threads (`ulimit -u`)";
        says += &format!("; features are computed by {}", counted(pool, "thread"));
        return Finding::note("threads", says, hint, facts);
    }
    Finding::ok("threads", says, facts)
}

/// CPUs of the machine, whoever may use them.
fn logical_cpus() -> Option<usize> {
    let wanted = sysinfo::RefreshKind::nothing().with_cpu(sysinfo::CpuRefreshKind::nothing());
    Some(sysinfo::System::new_with_specifics(wanted).cpus().len()).filter(|cpus| *cpus > 0)
}

fn memory(machine: &Machine) -> Finding {
    let free = free_bytes();
    let facts = json!({ "total": machine.memory, "free": free });
    let total = HumanBytes(machine.memory);
    match free {
        None => {
            let says = format!("{total}; how much of it is free, the system does not tell");
            Finding::note("memory", says, "A fit that needs more than there is ends the program", facts)
        }
        Some(free) if free < LITTLE_MEMORY => {
            let says = format!(
                "{} free of {total}, limits of the process and its control group counted",
                HumanBytes(free)
            );
            Finding::note(
                "memory",
                says,
                "Fits that need more are refused: end other programs, or raise the limit",
                facts,
            )
        }
        Some(free) => Finding::ok("memory", format!("{} free of {total}", HumanBytes(free)), facts),
    }
}

fn cuda(registry: &Registry) -> Finding {
    let devices = registry.cuda_devices.as_ref().and_then(|found| found.as_ref().ok()).copied().unwrap_or(0);
    let facts = json!({ "built_with": registry.cuda_devices.is_some(), "devices": devices });
    match &registry.cuda_devices {
        None => {
            let hint = "For an NVIDIA GPU build it with `cargo build --release --features cuda`";
            Finding::note("cuda", "not built with it: networks compute on the CPU", hint, facts)
        }
        Some(Err(why)) => {
            Finding::note("cuda", "no device can be used: networks compute on the CPU", why, facts)
        }
        Some(Ok(0)) => {
            let hint = "If the machine has an NVIDIA GPU, does `nvidia-smi` list it, and does the container get it (--gpus all)?";
            Finding::note("cuda", "no device or no driver found: networks compute on the CPU", hint, facts)
        }
        Some(Ok(count)) => {
            Finding::ok("cuda", format!("{} (--device cuda:0 …)", counted(*count, "device")), facts)
        }
    }
}
