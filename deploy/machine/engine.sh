# shellcheck shell=sh
# The Docker Engine: found, else started.

engine_log=/var/log/tagship-dockerd.log
engine_pid_file=/var/run/docker.pid
containerd_pid_file=/var/run/docker/containerd/containerd.pid
engine_socket=/var/run/docker.sock

# A client alone proves nothing; only the engine's own version does.
engine_answers() {
  have docker && bounded 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# Where the client's context leads elsewhere (Docker Desktop, rootless), the controller has to know.
name_engine() {
  if [ -n "${DOCKER_HOST-}" ] || [ -S "$engine_socket" ]; then
    return 0
  fi
  DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}')
  export DOCKER_HOST
}

# Started where it is installed. What cannot be mended here is said.
ensure_engine() {
  if engine_answers; then
    return 0
  fi
  [ -z "${DOCKER_HOST-}" ] ||
    fail "No Docker Engine answers at DOCKER_HOST=$DOCKER_HOST." 'Start it there, or unset DOCKER_HOST.'
  if ! is_root; then
    explain_engine
  fi
  have_dockerd || fail 'No Docker Engine is installed.' 'Install it: https://docs.docker.com/engine/install/'
  if [ -d /run/systemd/system ]; then
    step 'Starting the Docker Engine' 'See: journalctl --unit docker' systemctl start docker
  else
    launch_engine
  fi
  engine_answers || fail 'The Docker Engine was started, but does not answer.' 'See: docker version'
}

have_dockerd() {
  have dockerd || [ -x /usr/sbin/dockerd ]
}

explain_engine() {
  if [ -S "$engine_socket" ] && [ ! -w "$engine_socket" ]; then
    fail "You may not use the Docker Engine ($engine_socket)." \
      "Run: sudo usermod --append --groups docker $(id -un), then log in again."
  fi
  case $(uname -s) in
    Darwin) fail 'No Docker Engine answers.' 'Start Docker Desktop: open -a Docker' ;;
  esac
  have_dockerd || fail 'No Docker Engine is installed.' 'Run once: sudo ./tagship prepare'
  fail 'The Docker Engine does not run.' 'Run: sudo systemctl start docker (or once: sudo ./tagship prepare)'
}

# Without systemd the engine is a process of its own, which outlives the launcher.
launch_engine() {
  forget_stale_engine
  choose_iptables
  step 'Starting the Docker Engine' "See its log: $engine_log" run_engine
}

run_engine() {
  engine_process=$$
  if ! engine_runs; then
    set --
    # Apps go on while the engine is restarted. The engine refuses an option that its file has as well.
    grep -q -s live-restore /etc/docker/daemon.json || set -- --live-restore
    # The engine must not hold the launcher's lock (9).
    PATH=$PATH:/usr/sbin:/sbin setsid nohup dockerd "$@" >>"$engine_log" 2>&1 </dev/null 9>&- &
    engine_process=$!
  fi
  waited=0
  until engine_answers; do
    waited=$((waited + 1))
    if [ "$waited" -gt 120 ] || ! kill -0 "$engine_process" 2>/dev/null; then
      tail -n 15 -- "$engine_log"
      return 1
    fi
    sleep 0.5
  done
}

engine_runs() {
  is_process "$engine_pid_file" dockerd
}

# After a crash the numbers in these files may belong to other processes, or to ones that have ended and that
# nobody has taken note of; the engine would wait for them.
forget_stale_engine() {
  engine_runs || rm -f -- "$engine_pid_file"
  is_process "$containerd_pid_file" containerd || rm -f -- "$containerd_pid_file"
}

# is_process PID-FILE NAME: whether it runs (proc(5): the letter after the name is the state, Z is ended).
is_process() {
  pid=$(cat "$1" 2>/dev/null) && grep -q -s "^$pid ($2) [^ZX]" "/proc/$pid/stat"
}

# Some kernels have only one of the two ways that iptables knows.
choose_iptables() {
  if iptables_works iptables || ! iptables_works iptables-legacy; then
    return 0
  fi
  say 'This kernel has no nftables for iptables; setting the alternative to iptables-legacy.'
  update-alternatives --set iptables "$(command -v iptables-legacy)" >/dev/null
}

iptables_works() {
  PATH=$PATH:/usr/sbin:/sbin "$1" --table nat --list-rules >/dev/null 2>&1
}
