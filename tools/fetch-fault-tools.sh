#!/bin/bash
# Fetches from Debian what the fault tests can use, and unpacks it. Nothing is installed, and nothing outside the directory
# changes.
# usage: fetch-fault-tools.sh DIRECTORY    leaves the tree in DIRECTORY/root
set -eu
mkdir -p "$1"
cd "$1"
# Runs side by side wait for the first.
exec 9> lock
flock 9
[ -e root/complete ] && exit 0
rm -rf root packages
mkdir root packages
(cd packages && apt-get -qq download xfsprogs libinih1 liburcu8 libfaketime 2> /dev/null)
for package in packages/*.deb; do dpkg -x "$package" root; done
rm -rf packages
[ -x root/sbin/mkfs.xfs ] || [ -x root/usr/sbin/mkfs.xfs ]
touch root/complete
