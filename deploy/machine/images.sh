# shellcheck shell=sh
# The images that Tagship itself needs: the router, and a base for apps on machines without a registry.

image_name() {
  echo "tagship/$1:$(cat -- "$root/deploy/images/$1/VERSION")"
}

images_are_there() {
  docker image inspect "$(image_name router)" "$(image_name base)" >/dev/null 2>&1
}

ensure_images() {
  if images_are_there; then
    return 0
  fi
  if try_step 'Fetching the images for router and base' 'no registry answers' in_parallel fetch_image; then
    return 0
  fi
  say 'They are made of Debian packages instead, which takes one to three minutes.'
  have mmdebstrap || install_image_tools
  step 'Making the images for router and base' 'Try again; is there disk space (df -h)?' \
    in_parallel assemble_image
  images_are_there || fail 'The images were made, but are not there.' 'See: docker image ls tagship/*'
}

install_image_tools() {
  can_install || fail 'Images cannot be fetched or made on this machine.' \
    "Connect it to an image registry, or load them: docker load (as $(image_name router) and $(image_name base))"
  install_packages mmdebstrap debian-archive-keyring
}

# in_parallel COMMAND: for both images at once, those that are missing.
in_parallel() {
  "$1" router &
  router_job=$!
  base_outcome=0
  "$1" base || base_outcome=$?
  wait "$router_job" && return "$base_outcome"
}

# Short: where no registry answers, the engine knows within seconds.
fetch_image() {
  ! docker image inspect "$(image_name "$1")" >/dev/null 2>&1 || return 0
  context=$root/deploy/images/$1
  bounded 600 docker build --quiet --tag "$(image_name "$1")" --label "dev.tagship.image=$1" "$context"
}

assemble_image() {
  ! docker image inspect "$(image_name "$1")" >/dev/null 2>&1 || return 0
  # shellcheck source=/dev/null
  . "$root/deploy/images/$1/packages.sh"
  "assemble_$1" "$workspace/$1.tar"
}

# import_image NAME TAR [OPTION...]
import_image() {
  name=$1 archive=$2
  shift 2
  docker import "$@" --change "LABEL dev.tagship.image=$name" "$archive" "$(image_name "$name")"
}

# debian SUITE TAR PACKAGES [HOOK...]: a root file system of Debian packages.
debian() {
  suite=$1 target=$2 packages=$3
  shift 3
  mmdebstrap --quiet --variant=apt --include="$packages" \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    "$@" "$suite" "$target" ${TAGSHIP_DEBIAN_MIRROR:+"$TAGSHIP_DEBIAN_MIRROR"}
}
