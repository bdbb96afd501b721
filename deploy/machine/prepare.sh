# shellcheck shell=sh
# Everything that `up` and `demo` need on this machine.

# prepare_everything [--tests|--bench|--kubernetes]: with what only the tests, the bench, or the tests against a cluster
# need, too.
prepare_everything() {
  purpose=${1-}
  if dependencies_are_current && have git && have ssh && have gpg && have redis-server && images_are_there &&
    dashboard_is_current && tests_can_run && bench_can_run && clusters_can_run
  then
    find_node
    name_engine
    return 0
  fi
  make_workspace
  take_turn
  prepare_programs
  prepare_node
  ensure_engine
  name_engine
  ensure_images
  ensure_dashboard
  have redis-server || say 'redis-server is not installed: jobs are kept in Postgres.'
}

# One launcher at a time; the lock ends with this process.
take_turn() {
  have flock || return 0
  exec 9>"$(lock_file)"
  if ! flock --nonblock 9; then
    say 'Another ./tagship prepares this machine; waiting for it.'
    flock --timeout 1800 9 || fail 'The other ./tagship takes too long.' 'See what it does: ps -ef | grep tagship'
  fi
}

lock_file() {
  if is_root; then
    echo /run/tagship-prepare.lock
  else
    echo "${XDG_RUNTIME_DIR:-$HOME}/.tagship-prepare.lock"
  fi
}

tests_can_run() {
  [ "$purpose" != --tests ] || { have_ip && have_sshd && have gpg && have git-lfs && have chromium && have openssl; }
}

bench_can_run() {
  [ "$purpose" != --bench ] || { have_nginx && have wrk; }
}

# A cluster for the tests is built from source; its parts run beside the engine, in a network of their own.
clusters_can_run() {
  [ "$purpose" != --kubernetes ] || {
    have kubectl && have docker-registry && have etcd && have_ip && have conntrack && have gcc && have bc && have openssl &&
      [ -x /usr/lib/cni/bridge ] && [ -x /usr/lib/go-1.19/bin/go ] && have dpkg-source
  }
}

have_nginx() {
  have nginx || [ -x /usr/sbin/nginx ]
}

have_sshd() {
  have sshd || [ -x /usr/sbin/sshd ]
}

have_ip() {
  have ip || [ -x /usr/sbin/ip ]
}

# All packages in one go.
prepare_programs() {
  set --
  # Tests make machines of their own, whose network has to be brought up, start servers that git reaches, and
  # look at the dashboard, and make certificates.
  tests_can_run || set -- "$@" iproute2 openssh-server git-lfs chromium openssl
  # What the router is compared with, and what makes the requests.
  bench_can_run || set -- "$@" nginx-light wrk
  clusters_can_run || set -- "$@" docker-registry etcd-server containernetworking-plugins conntrack ebtables socat \
    iproute2 openssl golang-1.19-go dpkg-dev gcc libc6-dev bc
  # Somebody else's package of it may be there, and then the distribution's cannot be installed beside.
  clusters_can_run || have kubectl || set -- "$@" kubernetes-client
  # What signatures of tags and commits are verified with.
  have gpg || set -- "$@" gnupg
  have git || set -- "$@" git
  # What git reaches ssh:// repositories with.
  have ssh || set -- "$@" openssh-client
  have redis-server || set -- "$@" redis-server
  if [ -z "${DOCKER_HOST-}" ] && ! engine_answers; then
    if ! have_dockerd || ! have docker; then set -- "$@" docker.io; fi
    if ! have iptables && ! [ -x /usr/sbin/iptables ]; then set -- "$@" iptables; fi
  fi
  if ! have npm || ! have node; then set -- "$@" nodejs npm; fi
  [ $# -gt 0 ] || return 0
  if can_install; then
    install_packages "$@"
    keep_services_off "$@"
  elif ! have git; then
    fail 'git is not installed.' 'Install it with the package manager of this system.'
  fi
}

# A service would start at the next boot; Tagship only wants the programs.
keep_services_off() {
  [ -d /run/systemd/system ] || return 0
  case " $* " in *' redis-server '*) systemctl disable --now --quiet redis-server ;; esac
  case " $* " in *' openssh-server '*) systemctl disable --now --quiet ssh ;; esac
  case " $* " in *' docker-registry '*) systemctl disable --now --quiet docker-registry etcd ;; esac
  case " $* " in *' nginx-light '*) systemctl disable --now --quiet nginx ;; esac
}
