//! Scripts that hand tasks to a scheduler.

use super::folder::{Group, Header};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

/// Estimates are right to the power of ten: so many times the longest task is asked for.
const TIMES: f64 = 5.0;
/// Minutes that are asked for at least: data is read, and a machine may be busy.
const LEAST_MINUTES: u64 = 15;

/// Where a plan is worked on: absolute paths, because a scheduler starts tasks anywhere.
pub(super) struct Place {
    plan: PathBuf,
    /// The folder that the paths of experiments are relative to.
    folder: PathBuf,
    program: PathBuf,
    cache: Option<PathBuf>,
}

impl Place {
    /// Of a plan that was made by this process.
    pub fn here(plan: &Path, cache: Option<&Path>) -> io::Result<Self> {
        Ok(Self {
            plan: std::path::absolute(plan)?,
            folder: std::env::current_dir()?,
            program: std::env::current_exe()?,
            cache: cache.map(std::path::absolute).transpose()?,
        })
    }

    /// An array of Slurm.
    pub fn sbatch(&self, group: &Group) -> String {
        let (name, last) = (&group.name, group.tasks.saturating_sub(1));
        let minutes = (TIMES * group.longest / 60.0).ceil() as u64;
        let minutes = minutes.max(LEAST_MINUTES);
        let memory = group.memory >> 20;
        let directive = |path: PathBuf| path.display().to_string().replace('%', "%%");
        let logs = directive(self.plan.join("logs").join(name));
        let folder = directive(self.folder.clone());
        let gpu = if group.gpu { "#SBATCH --gres=gpu:1\n" } else { "" };
        let (cpus, jobs, first) = (group.cpus, group.jobs, group.first);
        format!(
            "\
#!/bin/bash
# Hand it to Slurm: sbatch {name}.sbatch
# Flags of sbatch win over the lines below: sbatch --partition=long --time=2:00:00 {name}.sbatch
#SBATCH --job-name=bench-{name}
#SBATCH --array=0-{last}
#SBATCH --chdir=\"{folder}\"
#SBATCH --output=\"{logs}-%A_%a.log\"
#SBATCH --open-mode=append
#SBATCH --cpus-per-task={cpus}
#SBATCH --mem={memory}M
#SBATCH --time={minutes}
{gpu}#SBATCH --requeue
#SBATCH --signal=B:USR1@60

# The same build on every machine: cells of another have other names.
bench=${{BENCH:-{program}}}
plan={plan}
# One store for all tasks, or one of each machine: BENCH_OUT=/local/store sbatch …, and merge them.
out=${{BENCH_OUT:-$plan/store}}
retries=${{BENCH_RETRIES:-3}}
{cache}
# Cells that are finished are stored, so a task that is stopped or killed goes on when it is begun again.
\"$bench\" work \"$plan\" --task $(({first} + SLURM_ARRAY_TASK_ID)) --out \"$out\" --jobs {jobs} --quiet &
child=$!
# A minute before its time is over the task is told to stop, and goes on later; scancel means what it says.
cancelled=no
trap 'kill -TERM $child 2>/dev/null' USR1
trap 'cancelled=yes; kill -TERM $child 2>/dev/null' TERM
wait $child
status=$?
# A signal ends the wait before the child has ended.
while kill -0 $child 2>/dev/null; do wait $child; status=$?; done

# 0 is done, 2 is input that no other try will make right, 1 a model that failed: it may have had bad luck, once.
[ $cancelled = yes ] && exit $status
[ $status -eq 1 ] && [ \"$retries\" -gt 1 ] && retries=1
if [ $status -ne 0 ] && [ $status -ne 2 ] && [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt \"$retries\" ]; then
  echo \"task $(({first} + SLURM_ARRAY_TASK_ID)) ended with status $status on $(hostname): once more\"
  scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\"
fi
exit $status
",
            program = quoted(&self.program),
            plan = quoted(&self.plan),
            cache = self.cache_line(),
        )
    }

    /// All tasks by GNU parallel.
    pub fn parallel(&self, header: &Header) -> String {
        let tasks = header.tasks;
        let mut text = format!(
            "\
#!/bin/sh
# All tasks here, as many at a time as there are cores: sh parallel.sh
# Flags go to GNU parallel, such as --jobs 4, or machines that see the same folders: --sshlogin 8/one,8/two
# What is done is not done again: give the same command to go on.
bench=${{BENCH:-{program}}}
plan={plan}
out=${{BENCH_OUT:-$plan/store}}
export bench plan out
{cache}cd {folder} || exit
",
            program = quoted(&self.program),
            plan = quoted(&self.plan),
            folder = quoted(&self.folder),
            cache = self.cache_line(),
        );
        let _ = match tasks {
            0 => writeln!(text, "echo \"all cells are stored: there is nothing to do\""),
            _ => writeln!(
                text,
                "seq 0 {} | parallel --env bench,plan,out,GENRE_BENCH_CACHE --workdir . --joblog \
                 \"$plan/logs/parallel\" --resume-failed --retries 3 \"$@\" \\\n  \
                 '\"$bench\" work \"$plan\" --task {{}} --out \"$out\" --jobs 1 --quiet'",
                tasks - 1
            ),
        };
        text
    }

    /// What tells tasks where computed features are, so that not each of them reads all recordings.
    fn cache_line(&self) -> String {
        let export = |cache: &PathBuf| format!("export GENRE_BENCH_CACHE={}\n", quoted(cache));
        self.cache.as_ref().map_or_else(String::new, export)
    }
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &str) -> Place {
        let at = |name: &str| PathBuf::from(folder).join(name);
        Place { plan: at("plan"), folder: folder.into(), program: at("bench"), cache: Some(at("cache")) }
    }

    fn group() -> Group {
        Group {
            name: "gpu-4g".to_owned(),
            first: 10,
            tasks: 30,
            cells: 90,
            gpu: true,
            cpus: 2,
            jobs: 1,
            memory: 4 << 30,
            seconds: 18_000.0,
            longest: 600.0,
        }
    }

    #[test]
    fn an_array_asks_for_what_its_tasks_need() {
        let script = place("/home/a b/it's 5%").sbatch(&group());
        for line in [
            "#SBATCH --array=0-29",
            "#SBATCH --mem=4096M",
            "#SBATCH --time=50",
            "#SBATCH --gres=gpu:1",
            "#SBATCH --cpus-per-task=2",
            "#SBATCH --output=\"/home/a b/it's 5%%/plan/logs/gpu-4g-%A_%a.log\"",
            r"plan='/home/a b/it'\''s 5%/plan'",
            r"export GENRE_BENCH_CACHE='/home/a b/it'\''s 5%/cache'",
        ] {
            assert!(script.lines().any(|other| other == line), "{line} is missing in\n{script}");
        }
        assert!(script.contains("--task $((10 + SLURM_ARRAY_TASK_ID))"), "{script}");
        let cpu = place("/w").sbatch(&Group { gpu: false, longest: 1.0, ..group() });
        assert!(!cpu.contains("gpu:1") && cpu.contains("--time=15\n") && cpu.contains("plan=/w/plan\n"));
    }
}
