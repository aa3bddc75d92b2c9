#!/bin/sh
# A Slurm cluster of two nodes on this machine, for tests/slurm.rs: munge, slurmctld and two slurmd, all in one folder and
# on ports of their own, beside whatever else runs here. Needs root, and Debian's packages slurm-wlm and munge.
#
#   sh up.sh DIR      starts it; `SLURM_CONF=DIR/slurm.conf squeue` asks it
#   sh down.sh DIR    ends it
#
# Ends with status 3, and says why, where it cannot run.
set -eu
dir=$1
cannot() { echo "$1" >&2; exit 3; }

[ "$(id -u)" -eq 0 ] || cannot "it needs root"
for program in munged mungekey slurmctld slurmd sbatch squeue scontrol scancel; do
  command -v "$program" >/dev/null || cannot "there is no $program: apt-get install slurm-wlm munge"
done

mkdir -p "$dir/state"
chmod 755 "$dir"
host=$(hostname -s)
# Half of the memory for each of two nodes, of the half that is left to others.
memory=$(awk '/^MemTotal/ { print int($2 / 1024 / 4) }' /proc/meminfo)
port=$((20000 + $$ % 20000))

mungekey --create --keyfile="$dir/munge.key"
munged --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
  --log-file="$dir/munged.log" --seed-file="$dir/munged.seed" --force

cat >"$dir/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool-%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SlurmdTimeout=10
MinJobAge=300
ReturnToService=2
JobRequeue=1
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=2 RealMemory=$memory
NodeName=two NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=2 RealMemory=$memory
PartitionName=all Nodes=one,two Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$dir/slurm.conf"

slurmctld
slurmd -N one
slurmd -N two
for _ in $(seq 100); do
  if [ "$(sinfo --noheader --Node --format='%N %T' 2>/dev/null | grep -c idle)" -eq 2 ]; then exit 0; fi
  sleep 0.2
done
sinfo >&2 || true
tail -n 5 "$dir"/*.log >&2
cannot "the nodes do not come up"
