# shellcheck shell=sh
# Packages from the distribution.

is_root() {
  [ "$(id -u)" = 0 ]
}

# Whether packages may be installed here without asking anybody: Debian or Ubuntu, as root.
can_install() {
  is_root && [ -e /etc/debian_version ] && have apt-get
}

# install_packages NAME...
install_packages() {
  hold_back_services
  # A source that cannot be reached must not matter for packages that come from others.
  step 'Reading the package lists' "Run: apt-get update" read_package_lists
  step "Installing $*" "Run: apt-get install --no-install-recommends $*" \
    env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
    --option DPkg::Lock::Timeout=300 -- "$@"
  allow_services
}

read_package_lists() {
  apt-get update --quiet --option DPkg::Lock::Timeout=300 || true
}

policy=/usr/sbin/policy-rc.d
policy_mark='# made by ./tagship for the time of one installation'

# Keeps Debian from starting the services of redis-server and sshd, which would take ports that nobody asked for, and
# the engine where there is no systemd: it is started here, with the options that it needs.
hold_back_services() {
  [ ! -e "$policy" ] || return 0
  cat >"$policy" <<'END'
#!/bin/sh
# made by ./tagship for the time of one installation
case $1 in
  redis* | ssh* | etcd* | docker-registry*) exit 101 ;;
  docker* | containerd*) [ -d /run/systemd/system ] || exit 101 ;;
esac
END
  chmod 755 "$policy"
}

allow_services() {
  if [ -e "$policy" ] && grep -q -s -F -x -- "$policy_mark" "$policy"; then
    rm -f -- "$policy"
  fi
}
