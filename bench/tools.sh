#!/usr/bin/env bash
# Installs what the benchmarks stand beside: wrk, nginx, and what tests need.
set -euo pipefail
cd "$(dirname "$0")/.."
./tools/deps.sh
need=()
command -v wrk >/dev/null || need+=(wrk)
command -v gcc >/dev/null || need+=(gcc libc6-dev) # for the load that OpenSSL signs
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || need+=(nginx-light)
[ ${#need[@]} -gt 0 ] || exit 0
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
echo "Installing ${need[*]} ..."
# RUNLEVEL=1 keeps a fresh nginx from taking the port of the machine's own.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
