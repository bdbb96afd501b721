#!/bin/sh
# enter-machine.sh FOLDER COMMAND...: the first process of fresh network, mount and process namespaces. It hides this
# machine's engine (its sockets in /run, its store) behind folders of our own, runs the command, and takes in
# the processes that lose their parents. When it ends, everything inside ends with it.
set -eu
folder=$1
shift
mount -t tmpfs tmpfs /run
mkdir -p /var/lib/docker
mount --bind "$folder/engine" /var/lib/docker
"$@" &
command=$!
trap 'kill "$command" 2>/dev/null' TERM INT
code=0
wait "$command" || code=$?
exit "$code"
