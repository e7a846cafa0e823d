#!/usr/bin/env bash
# A throwaway Postgres for the tests, below .cache/postgres.
#   tools/postgres.sh start   installs it where missing, starts it, prints its URL (again, if it runs)
#   tools/postgres.sh stop    stops it and deletes its data
# It listens on a socket in its own directory alone: no port, no password.
set -euo pipefail
cd "$(dirname "$0")/.."

bindir() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }

install_server() {
  [ -z "$(bindir)" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "The tests need PostgreSQL. Install it with your package manager and run this again." >&2
    return 1
  fi
  local sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "Installing postgresql ..." >&2
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq >&2
  # Without this the package makes and starts a server of the machine's own.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    $sudo mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  $sudo apt-get install -y -qq --no-install-recommends postgresql >&2
}

# The server refuses to run as root, and the user it runs as must reach its
# directory: as root it lives in /var/tmp, linked from .cache.
as_owner() { if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid postgres --regid postgres --init-groups "$@"); else "$@"; fi; }

link=.cache/postgres
home() { readlink -f "$link" 2>/dev/null || true; }
running() { [ -n "$(home)" ] && [ -d "$(home)/data" ] && as_owner "$(bindir)/pg_ctl" -D "$(home)/data" status >/dev/null 2>&1; }

start() {
  install_server
  mkdir -p .cache
  if ! running; then
    stop_quietly
    # The path of a socket is limited to about a hundred bytes.
    local dir
    dir=$(mktemp -d /var/tmp/9ten-postgres.XXXXXX)
    [ "$(id -u)" != 0 ] || chown postgres: "$dir"
    ln -sfn "$dir" "$link"
    as_owner "$(bindir)/initdb" -D "$dir/data" -U nineten -A trust -E UTF8 --locale=C --no-sync >"$dir/log.init" 2>&1 || { cat "$dir/log.init" >&2; return 1; }
    as_owner "$(bindir)/pg_ctl" -D "$dir/data" -w -t 30 -l "$dir/log" \
      -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off -c max_connections=200" start >&2 </dev/null
  fi
  echo "postgres://nineten@/postgres?host=$(home)"
}

stop_quietly() {
  local dir
  dir=$(home)
  [ -n "$dir" ] || return 0
  if running; then as_owner "$(bindir)/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null; fi
  case $dir in /var/tmp/9ten-postgres.*) rm -rf "$dir" ;; esac
  rm -f "$link"
}

case "${1:-}" in
  start) start ;;
  stop) stop_quietly ;;
  *) echo "usage: tools/postgres.sh start|stop" >&2; exit 2 ;;
esac
