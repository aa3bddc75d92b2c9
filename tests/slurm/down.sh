#!/bin/sh
# Ends the cluster that up.sh started, by the process ids in its folder.
dir=$1
export SLURM_CONF="$dir/slurm.conf"
if [ -f "$SLURM_CONF" ]; then
  timeout 10 scancel --user=root 2>/dev/null
  sleep 1
fi
for pid in "$dir"/slurmd-*.pid "$dir"/slurmctld.pid "$dir"/munged.pid; do
  [ -s "$pid" ] && kill "$(cat "$pid")" 2>/dev/null
done
sleep 1
for pid in "$dir"/slurmd-*.pid "$dir"/slurmctld.pid "$dir"/munged.pid; do
  [ -s "$pid" ] && kill -9 "$(cat "$pid")" 2>/dev/null
done
exit 0
