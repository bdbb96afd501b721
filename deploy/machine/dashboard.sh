# shellcheck shell=sh
# The dashboard's files, made from its sources: the one thing that Tagship builds before it runs.

dashboard=$root/apps/dashboard
# Written last, so that a newer source, or a build that was cut short, means: make it again.
dashboard_stamp=$dashboard/dist/.made

dashboard_is_current() {
  [ -e "$dashboard_stamp" ] || return 1
  [ -z "$(find "$dashboard/src" "$dashboard/public" "$dashboard/index.html" "$dashboard/vite.config.ts" \
    "$dashboard/package.json" "$root/libs/api/src" "$root/libs/domain/src" "$root/package-lock.json" \
    -newer "$dashboard_stamp" | head -n 1)" ]
}

ensure_dashboard() {
  dashboard_is_current ||
    step 'Making the dashboard' "Run: cd '$dashboard' && npm run build" make_dashboard
}

# Made aside and then put in place, so that a controller that runs never serves half of it. The stamp says when
# the sources were read: what changes meanwhile counts as newer.
make_dashboard() {
  made=$dashboard/dist.$$
  mkdir -p -- "$made"
  touch -- "$workspace/read"
  (cd -- "$dashboard" && "$node" "$root/node_modules/vite/bin/vite.js" build --outDir "$made" --emptyOutDir) &&
    touch -r "$workspace/read" -- "$made/.made" &&
    rm -rf -- "$dashboard/dist" &&
    mv -- "$made" "$dashboard/dist" && return 0
  rm -rf -- "$made"
  return 1
}
