#!/bin/bash
# Fetches what a Ceph gateway needs from Debian and unpacks it. Nothing is installed, and nothing outside the directory changes.
# usage: fetch-rgw.sh DIRECTORY    leaves the tree in DIRECTORY/root
set -eu
mkdir -p "$1"
cd "$1"
[ -e root/complete ] && exit 0
rm -rf root packages
mkdir packages
# apt knows what this machine lacks. Left out is what only an installed daemon needs.
NEEDLESS='^(sudo|lvm2|dmeventd|liblvm2cmd.*|libdevmapper-event.*|parted|libparted.*|hdparm|gdisk|nvme-cli|libnvme.*|smartmontools|xfsprogs|libinih.*|dmidecode|cryptsetup-bin|uuid-runtime|logrotate|python3-rgw|python3-cephfs|python3-rbd|libcephfs.*)$'
names=$(apt-get -qq -s --no-install-recommends install radosgw ceph-mon ceph-osd | awk '$1 == "Inst" { print $2 }' | grep -v -E "$NEEDLESS")
(cd packages && apt-get -qq download $names 2>/dev/null)
for package in packages/*.deb; do dpkg -x "$package" root; done
rm -rf packages
[ -x root/usr/bin/radosgw ]
touch root/complete
