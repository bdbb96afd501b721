# shellcheck shell=sh
# The router without a registry: HAProxy 3.0 LTS of Debian 13.

assemble_router() {
  debian trixie "$1" ca-certificates,haproxy && import_image router "$1"
}
