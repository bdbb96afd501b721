# shellcheck shell=sh
# A base for apps without a registry: Debian 12 and Node 24.

assemble_base() {
  files=$workspace/base
  authorities=/usr/local/share/ca-certificates
  mkdir -p "$files$authorities" "$files/usr/local/bin" &&
    cp -- "$node" "$files/usr/local/bin/node" &&
    { [ ! -d "$authorities" ] || cp -R -- "$authorities/." "$files$authorities"; } &&
    chmod -R u=rwX,go=rX "$files" &&
    debian bookworm "$1" ca-certificates \
      --customize-hook="copy-in $files/usr /" \
      --customize-hook='chroot "$1" update-ca-certificates'
}
