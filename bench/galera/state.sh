#!/bin/sh
# Tell a node that comes back where its data stand (MariaDB calls it as wsrep_sst_METHOD). It has missed little, so the
# cluster sends it what is missing by itself, and nothing is copied: this is only the handshake.
# Source: mariadb.com/kb/en/introduction-to-state-snapshot-transfers-ssts, of the script's arguments and what it prints.
role= data= address= position= is_incremental=
while [ $# -gt 0 ]; do
    case $1 in
    --role) role=$2 ;;
    --datadir) data=$2 ;;
    --address) address=$2 ;;
    --gtid) position=$2 ;;
    --bypass) is_incremental=yes ;;
    esac
    shift
done
if [ "$role" = joiner ]; then
    rm -f "$data/../position"
    echo "ready $data/../position"
    while [ ! -s "$data/../position" ]; do
        sleep 0.1
        kill -0 "$PPID" || exit 1
    done
    cat "$data/../position"
else
    [ -n "$is_incremental" ] || {
        echo "too much was missed" >&2
        exit 1
    }
    echo "$position" >"$address.new"
    mv "$address.new" "$address"
    echo "done $position"
fi
