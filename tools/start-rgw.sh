#!/bin/bash
# A real S3: Ceph's gateway on 127.0.0.1, with one monitor and one store in memory. It needs no root and no systemd.
# usage: start-rgw.sh ROOT WORK PORT    ROOT as fetch-rgw.sh leaves it; WORK for its files; the monitor takes PORT + 1
# It returns when the gateway answers. The ids of its processes are in WORK/pids; ending these ends it.
set -eu
R=$(realpath "$1")
mkdir -p "$2/mon" "$2/osd" "$2/run"
W=$(realpath "$2")
PORT=$3
MONITOR=$((PORT + 1))
FSID=$(cat /proc/sys/kernel/random/uuid)
OSD=$(cat /proc/sys/kernel/random/uuid)
LIBRARIES=$R/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH=$LIBRARIES:$LIBRARIES/ceph:$R/lib/$(uname -m)-linux-gnu
export PATH=$R/usr/bin:$PATH
export PYTHONPATH=$R/usr/lib/python3/dist-packages
: > "$W/pids"

# A client that knows the monitors from a list of addresses begins without knowing the cluster's id, and the store's first
# command may be refused for that; from the map it knows both.
cat > "$W/ceph.conf" <<C
[global]
fsid = $FSID
mon host = v1:127.0.0.1:$MONITOR
monmap = $W/monmap
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 0
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = 2147483648
osd class dir = $LIBRARIES/rados-classes
erasure code dir = $LIBRARIES/ceph/erasure-code
plugin dir = $LIBRARIES/ceph
osd class load list = *
osd class default list = *
run dir = $W/run
admin socket = $W/run/\$cluster-\$name.asok
log file = $W/\$name.log
pid file = $W/\$name.pid
ms bind msgr2 = false
paxos propose interval = 0.01
paxos min wait = 0.01
log to stderr = false
[mon.a]
mon data = $W/mon
mon addr = 127.0.0.1:$MONITOR
[osd.0]
osd data = $W/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$PORT
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = test-key=$(head -c 32 /dev/urandom | base64)
rgw dynamic resharding = false
rgw override bucket index max shards = 1
rgw data = $W
C
C="-c $W/ceph.conf"

monmaptool --create --addv a "v1:127.0.0.1:$MONITOR" --fsid "$FSID" "$W/monmap" --clobber > /dev/null
ceph-mon $C --mkfs -i a --monmap "$W/monmap"
ceph-mon $C -i a -f > /dev/null 2>&1 &
echo $! >> "$W/pids"
/usr/bin/python3 "$R/usr/bin/ceph" $C osd new "$OSD" > /dev/null
ceph-osd $C -i 0 --mkfs --osd-uuid "$OSD" > /dev/null 2>&1

# The store's first command may be refused all the same ("wrong fsid" in its log), and then it ends.
start_store() {
  ceph-osd $C -i 0 -f > /dev/null 2>&1 &
  STORE=$!
  echo "$STORE" >> "$W/pids"
}
start_store
for _ in $(seq 100); do
  /usr/bin/python3 "$R/usr/bin/ceph" $C osd stat | grep -q ' 1 up' && break
  kill -0 "$STORE" 2> /dev/null || start_store
  sleep 0.1
done

# One that finds no store waits for it without end.
A="timeout 60 radosgw-admin $C"
STORAGE="--placement-id default-placement --storage-class STANDARD_IA"
{
  $A realm create --rgw-realm=default --default
  $A zonegroup create --rgw-zonegroup=default --default --master
  $A zone create --rgw-zonegroup=default --rgw-zone=default --default --master
  $A period update --commit
  $A zonegroup placement add --rgw-zonegroup default $STORAGE
  $A zone placement add --rgw-zone default $STORAGE --data-pool default.rgw.buckets.data
  $A period update --commit
  $A user create --uid=test --display-name=test --access-key=AKIATEST --secret=SECRETTEST
  $A user create --uid=other --display-name=other --access-key=AKIAOTHER --secret=SECRETOTHER
} > "$W/admin.log" 2>&1
radosgw $C -n client.rgw -f > /dev/null 2>&1 &
echo $! >> "$W/pids"
for _ in $(seq 300); do
  (exec 3<> "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null && exit 0
  sleep 0.1
done
echo "the gateway does not answer; its logs are in $W" >&2
exit 1
