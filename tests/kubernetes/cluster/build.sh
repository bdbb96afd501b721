#!/usr/bin/env bash
# Builds Kubernetes 1.20.2 from Debian's own source package, for the tests: build.sh OUT
# Three to eleven minutes and 1.8 GB of scratch; keep OUT, it depends on nothing but this script.
set -euo pipefail

out=$1
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
mkdir -p "$out" "$work"/apt/{etc,state/lists/partial,cache/archives/partial} "$work"/go/src/k8s.io "$work/tmp"

# --- the source, with deb-src added to this machine's own list of sources
for file in /etc/apt/sources.list.d/*.sources; do
  if grep -q 'Suites:.*bookworm' "$file"; then
    sed -E 's/^Types:.*/Types: deb deb-src/' "$file" >"$work/apt/etc/$(basename "$file")"
  fi
done
apt=(-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/apt/etc" -o Dir::State="$work/apt/state"
  -o Dir::Cache="$work/apt/cache" -o Dir::State::status=/var/lib/dpkg/status -o APT::Sandbox::User=root)
cd "$work"
apt-get "${apt[@]}" update -qq
apt-get "${apt[@]}" source --download-only kubernetes >/dev/null
apt-get "${apt[@]}" download golang-github-modern-go-reflect2-dev >/dev/null
kubernetes=$work/go/src/k8s.io/kubernetes
dpkg-source --no-check -x kubernetes_1.20*.dsc "$kubernetes" >/dev/null

# --- three things that it does not build or run with here
# The vendored reflect2 breaks with a Go from 1.18 on: the API server dies of the first custom resource.
dpkg -x golang-github-modern-go-reflect2-dev_*.deb reflect2
rm -rf "$kubernetes/vendor/github.com/modern-go/reflect2"
cp -r reflect2/usr/share/gocode/src/github.com/modern-go/reflect2 "$kubernetes/vendor/github.com/modern-go/"
cd "$kubernetes"
# Without CAP_SYS_RESOURCE, nothing may be made less likely to be killed when memory runs out.
sed -i 's/return guaranteedOOMScoreAdj/return 0/' pkg/kubelet/qos/policy.go
sed -i -E 's/(defaultSandboxOOMAdj int = )-998/\10/' pkg/kubelet/dockershim/docker_sandbox.go
# One file that is generated is not in the package.
export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$work/go GOCACHE=$work/gocache GOTMPDIR=$work/tmp
export GOFLAGS='' GO111MODULE=off CGO_ENABLED=0
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
inputs=$(find -L pkg plugin vendor/k8s.io cmd -name '*.go' -not -path '*/testdata/*' -not -path '*/_*' -print0 |
  xargs -0 grep -l '+k8s:openapi-gen=' | grep -vE '^vendor/k8s.io/(code-generator|sample-apiserver)/' |
  xargs -n1 dirname | LC_ALL=C sort -u | sed 's,^,k8s.io/kubernetes/,' | paste -sd,)
"$work/openapi-gen" --logtostderr -i "$inputs" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
  -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/violations.txt"

flags="-s -w"
for package in component-base/version client-go/pkg/version; do
  path=k8s.io/kubernetes/vendor/k8s.io/$package
  flags="$flags -X $path.gitVersion=v1.20.2 -X $path.gitMajor=1 -X $path.gitMinor=20 -X $path.gitTreeState=clean"
done
go build -trimpath -tags providerless -ldflags "$flags" -o "$out/" \
  ./cmd/kube-apiserver ./cmd/kube-controller-manager ./cmd/kube-scheduler ./cmd/kubelet ./cmd/kube-proxy
touch "$out/complete"
