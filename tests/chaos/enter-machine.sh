#!/bin/sh
# enter-machine.sh COMMAND...: the first process of fresh network, mount and process namespaces. It hides this
# machine's engine (its sockets in /run, its store) behind folders of our own, runs the command, and takes in
# the processes that lose their parents. When it ends, everything inside ends with it.
set -eu
mount -t tmpfs tmpfs /run
mkdir -p /var/lib/docker
# In memory, and of a size that a test may fill.
mount -t tmpfs -o size=3g,mode=711 tmpfs /var/lib/docker
"$@" &
command=$!
trap 'kill "$command" 2>/dev/null' TERM INT
code=0
wait "$command" || code=$?
exit "$code"
