#!/bin/sh
# Unpacks freely licensed recordings for tests into .cache/music: Debian
# packages, downloaded once, never installed and never committed.
set -eu
cd "$(dirname "$0")/.."
dir=$PWD/.cache/music
mkdir -p "$dir"
for p in hyperrogue-music planetblupi-music-ogg sonic-pi-samples asc-music; do
	[ -e "$dir/$p/.complete" ] && continue
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		echo "testmusic: $p needs apt-get and dpkg-deb (Debian, Ubuntu)" >&2
		exit 1
	fi
	tmp=$(mktemp -d)
	chmod 755 "$tmp"
	(cd "$tmp" && { apt-get -q download "$p" >/dev/null 2>&1 || { apt-get -q update >/dev/null && apt-get -q download "$p"; }; })
	rm -rf "$dir/$p"
	dpkg-deb -x "$tmp"/"$p"_*.deb "$dir/$p"
	rm -rf "$tmp"
	: >"$dir/$p/.complete"
	echo "testmusic: $p"
done
