# shellcheck shell=sh
# A base for apps without a registry: Debian 12 and Node 24.
# shellcheck disable=SC2016,SC2154

# Without the folder of manual pages, Java's packages cannot be set up.
assemble_base() {
  files=$workspace/base
  authorities=/usr/local/share/ca-certificates
  mkdir -p "$files$authorities" "$files/usr/local/bin" &&
    cp -- "$node" "$files/usr/local/bin/node" &&
    { [ ! -d "$authorities" ] || cp -R -- "$authorities/." "$files$authorities"; } &&
    chmod -R u=rwX,go=rX "$files" &&
    debian bookworm "$1" ca-certificates \
      --customize-hook="copy-in $files/usr /" \
      --customize-hook='mkdir -p "$1/usr/share/man/man1"' \
      --customize-hook='chroot "$1" update-ca-certificates' &&
    # Node has authorities of its own; it is to trust those of the image as well.
    import_image base "$1" --change 'ENV NODE_USE_SYSTEM_CA=1'
}
