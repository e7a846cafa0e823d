#!/usr/bin/env bash
# Installs what the tests need beyond Go, where it is missing. Says what it does.
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
command -v ffmpeg >/dev/null || need+=(ffmpeg)
command -v npm >/dev/null || need+=(npm) # for the server of somebody else's that the stories federate with
command -v chromium >/dev/null || command -v google-chrome >/dev/null || need+=(chromium)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
[ "$(uname)" != Linux ] || command -v ip >/dev/null || need+=(iproute2) # for networks in which a cable can be pulled

if [ ${#need[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "The tests need: ${need[*]}. Install them with your package manager and run make test again." >&2
    exit 1
  fi
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "Installing ${need[*]} ..."
  # A server that starts by itself would take the port of the machine's own.
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
fi

[ ! -x tools/testmusic.sh ] || tools/testmusic.sh
