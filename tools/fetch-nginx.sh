#!/bin/bash
# Fetches Debian's nginx and unpacks it. Nothing is installed, and nothing outside the directory changes.
# usage: fetch-nginx.sh DIRECTORY    leaves the tree in DIRECTORY/root
set -eu
mkdir -p "$1"
cd "$1"
[ -e root/complete ] && exit 0
rm -rf root packages
mkdir packages
(cd packages && apt-get -qq download nginx 2>/dev/null)
for package in packages/*.deb; do dpkg -x "$package" root; done
rm -rf packages
# Fails where a library that it needs is missing.
root/usr/sbin/nginx -v 2>/dev/null
touch root/complete
