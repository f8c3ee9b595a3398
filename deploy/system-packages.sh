#!/bin/sh
# What the wheels need from the system. As root on Debian it installs what is missing; else it prints the line to run.
# Usage: system-packages.sh run|test
set -eu

missing=""

# LightGBM is linked against OpenMP, which its wheel does not carry.
has_library() {
    ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1"
}
has_library libgomp.so.1 || missing="$missing libgomp1"

# The console's tests look at its pages in a browser, which needs Chinese letters to show them.
if [ "${1:-run}" = test ]; then
    command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
    [ -n "$(fc-list :lang=zh 2>/dev/null)" ] || missing="$missing fontconfig fonts-noto-cjk"
fi

[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing system packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null
    $install -qq </dev/null >/dev/null
    exit 0
fi
echo "Lastcall needs system packages that are not here. Run this, then try again:" >&2
echo "  sudo $install" >&2
exit 1
