#!/usr/bin/env bash
# What a busy core and a CPU quota of one core and a half cost ResNet-20 at batch 1, in runs per second: every
# setting in turn, medians over the rounds. The quota needs root and a writable cpu control group (v1 or v2).
#   bench/contention.sh [rounds]
set -euo pipefail
cd "$(dirname "$0")/.."
twofour=build/release/bin/twofour
rounds=${1:-5}
work=$(mktemp -d)
busy=
quota=
stop() {
  [[ -z $busy ]] || kill "$busy" 2>/dev/null || true
  busy=
}
trap 'stop; [[ -z $quota ]] || rmdir "$quota" 2>/dev/null || true; rm -rf "$work"' EXIT

make_quota() {
  local group
  for group in /sys/fs/cgroup/cpu/twofour.$$ /sys/fs/cgroup/twofour.$$; do
    mkdir "$group" 2>/dev/null || continue
    quota=$group
    if [[ -e $group/cpu.cfs_quota_us ]]; then
      echo 100000 >"$group/cpu.cfs_period_us"
      echo 150000 >"$group/cpu.cfs_quota_us" && return
    elif [[ -e $group/cpu.max ]]; then
      echo "150000 100000" >"$group/cpu.max" && return
    fi
    rmdir "$group"
    quota=
  done
}

# Runs per second of the engine with so many threads, in the present control group.
rate() {
  "$twofour" exec --loadEngine="$work/engine" --threads="$1" --warmUp=200 --duration=2 |
    awk '/Throughput:/ {print $(NF - 1)}'
}

measure() { # <label> <threads>
  printf '%s\t%s\n' "$(rate "$2")" "$1" >>"$work/rates"
}

"$twofour" zoo resnet20 --output="$work/model.onnx" >/dev/null
"$twofour" exec --onnx="$work/model.onnx" --shapes=input:1x3x32x32 --saveEngine="$work/engine" --skipInference >/dev/null
make_quota
for ((round = 0; round < rounds; round++)); do
  measure "two threads, alone" 2
  measure "one thread, alone" 1
  (while :; do :; done) &
  busy=$!
  measure "two threads, one busy core" 2
  measure "one thread, one busy core" 1
  stop
  if [[ $quota ]]; then
    (echo "$BASHPID" >"$quota/cgroup.procs" && measure "two threads, quota of 1.5 cores" 2)
    (echo "$BASHPID" >"$quota/cgroup.procs" && measure "one thread, quota of 1.5 cores" 1)
  fi
done
sort -n "$work/rates" | awk -F'\t' '
  {rates[$2] = rates[$2] " " $1}
  END {
    for (label in rates) {
      n = split(rates[label], sorted, " ")
      printf "%-34s %7.0f runs/s\n", label, sorted[int((n + 1) / 2)]
    }
  }' | sort
