#!/usr/bin/env bash
# A Kubernetes cluster of one node for the tests, in a network namespace of its own; pods run on the local Docker Engine.
#   BIN=… RUN=… [NODES=0] cluster.sh up | down | start NAME
# BIN: where build.sh put the programs. RUN: a folder for everything that it writes; $RUN/conf/admin.yaml is the
# kubeconfig, $RUN/pid/NAME the process id of each part (etcd, apiserver, kcm, sched, kubelet, proxy).
set -euo pipefail

bin=${BIN:?} run=${RUN:?}
namespace=tagship-k8s link=tsk8s
host=10.213.0.1 node=10.213.0.2 services=10.96.0.0/16 pods=10.244.0.0/24
pause=tagship/test-pause:1 note=/run/tagship-k8s
sysctls='vm.overcommit_memory kernel.panic kernel.panic_on_oops'

# Not `ip netns exec`, which would hide /sys/fs/cgroup.
inside() { nsenter --net=/run/netns/$namespace "$@"; }

part() { # NAME COMMAND…: remembered, so that it can be started again
  local name=$1
  shift
  printf '%q ' "$@" >"$run/command/$name"
  start "$name"
}

start() {
  local command
  eval "command=($(cat "$run/command/$1"))"
  nsenter --net=/run/netns/$namespace setsid "${command[@]}" >>"$run/log/$1.log" 2>&1 </dev/null &
  echo $! >"$run/pid/$1" # nsenter and setsid give way to the program
}

wait_for() {
  local what=$1
  shift
  for _ in $(seq 600); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "the cluster does not come up: $what; its logs are in $run/log" >&2
  return 1
}

certificate() { # NAME SUBJECT ALTERNATIVE-NAMES USAGE
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$3" "$4") 2>/dev/null
}

user() { # FILE USER GROUP
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$2,$2,\"$3\"" >>tokens.csv
  cat >"$run/conf/$1.yaml" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://$node:6443", certificate-authority: $run/pki/ca.crt}}]
users: [{name: user, user: {token: $token}}]
contexts: [{name: test, context: {cluster: test, user: user}}]
current-context: test
YAML
}

network() {
  ip netns add $namespace
  ip link add $link type veth peer name eth0 netns $namespace
  ip addr add $host/30 dev $link
  ip link set $link up
  inside ip link set lo up
  inside ip addr add $node/30 dev eth0
  inside ip link set eth0 up
  inside ip route add $services dev eth0 src $node # no default route: nothing can leave
  ip route add $services via $node
  ip route add $pods via $node
  inside sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

keys() {
  cd "$run/pki"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=test-ca 2>/dev/null
  local names="DNS:kubernetes,DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:$node,IP:10.96.0.1"
  certificate apiserver /CN=kube-apiserver "$names" serverAuth
  certificate kubelet /CN=node1 "DNS:node1,IP:$node,IP:127.0.0.1" serverAuth
  certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client DNS:x clientAuth
  openssl genrsa -out sa.key 2048 2>/dev/null
  openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
  : >tokens.csv
  user admin admin system:masters
  user kcm system:kube-controller-manager ''
  user sched system:kube-scheduler ''
  user proxy system:kube-proxy ''
  user node system:node:node1 system:nodes
}

control_plane() {
  part etcd etcd --data-dir "$run/etcd" --listen-client-urls http://127.0.0.1:2379 \
    --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 \
    --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380
  part apiserver "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=$node \
    --advertise-address=$node --secure-port=6443 --tls-cert-file="$run/pki/apiserver.crt" \
    --tls-private-key-file="$run/pki/apiserver.key" --client-ca-file="$run/pki/ca.crt" \
    --token-auth-file="$run/pki/tokens.csv" --authorization-mode=Node,RBAC --service-cluster-ip-range=$services \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$run/pki/sa.pub" \
    --service-account-signing-key-file="$run/pki/sa.key" \
    --kubelet-client-certificate="$run/pki/kubelet-client.crt" \
    --kubelet-client-key="$run/pki/kubelet-client.key" --kubelet-certificate-authority="$run/pki/ca.crt" \
    --kubelet-preferred-address-types=InternalIP --allow-privileged=true --enable-admission-plugins=NodeRestriction
  export KUBECONFIG=$run/conf/admin.yaml
  wait_for 'the API server' kubectl get --raw /readyz
  part kcm "$bin/kube-controller-manager" --kubeconfig="$run/conf/kcm.yaml" --use-service-account-credentials \
    --bind-address=127.0.0.1 --service-account-private-key-file="$run/pki/sa.key" --root-ca-file="$run/pki/ca.crt" \
    --leader-elect=false
  part sched "$bin/kube-scheduler" --kubeconfig="$run/conf/sched.yaml" --bind-address=127.0.0.1 --leader-elect=false
  wait_for 'the first service account' kubectl get sa default
}

a_node() {
  docker image inspect $pause >/dev/null 2>&1 || pause_image
  cat >"$run/cni/net.d/10-test.conf" <<JSON
{"cniVersion":"0.3.1","name":"test","type":"bridge","bridge":"cni0","isGateway":true,"hairpinMode":true,
 "ipam":{"type":"host-local","dataDir":"$run/cni/ips","ranges":[[{"subnet":"$pods"}]],"routes":[{"dst":"0.0.0.0/0"}]}}
JSON
  cat >"$run/conf/kubelet-config.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $node
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $run/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $run/pki/kubelet.crt
tlsPrivateKeyFile: $run/pki/kubelet.key
cgroupDriver: cgroupfs
failSwapOn: false
oomScoreAdj: 0
staticPodPath: ""
evictionHard: {memory.available: 50Mi}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
volumePluginDir: $run/kubelet/volumeplugins
healthzBindAddress: 127.0.0.1
nodeStatusUpdateFrequency: 5s
resolvConf: ""
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
YAML
  # shellcheck disable=SC2086
  sysctl $sysctls >"$run/sysctls"
  part kubelet "$bin/kubelet" --config="$run/conf/kubelet-config.yaml" --kubeconfig="$run/conf/node.yaml" \
    --root-dir="$run/kubelet" --cert-dir="$run/kubelet/pki" --container-runtime=docker \
    --docker-endpoint=unix:///var/run/docker.sock --pod-infra-container-image=$pause --network-plugin=cni \
    --cni-bin-dir=/usr/lib/cni --cni-conf-dir="$run/cni/net.d" --cni-cache-dir="$run/cni/cache" \
    --hostname-override=node1 --node-ip=$node --v=2
  part proxy "$bin/kube-proxy" --kubeconfig="$run/conf/proxy.yaml" --hostname-override=node1 --proxy-mode=iptables \
    --cluster-cidr=$pods --oom-score-adj=0 --bind-address=$node --healthz-bind-address=127.0.0.1:10256 \
    --metrics-bind-address=127.0.0.1:10249 --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 \
    --conntrack-tcp-timeout-close-wait=0 --iptables-min-sync-period=0s
  wait_for 'its node' node_is_ready
}

node_is_ready() {
  kubectl get node node1 -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' | grep -q True
}

pause_image() {
  local folder=$run/pause
  mkdir -p "$folder"
  gcc -static -O2 -o "$folder/pause" "$(dirname "$0")/pause.c"
  printf 'FROM scratch\nLABEL dev.tagship=tests\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n' >"$folder/Dockerfile"
  tar -C "$folder" -c . | docker build -q -t $pause - >/dev/null
}

up() {
  if [ -e /run/netns/$namespace ]; then
    local owner left
    read -r owner left <$note || true
    if [ -z "${owner-}" ] || kill -0 "$owner" 2>/dev/null; then
      echo "another test cluster runs on this machine (process ${owner-unknown}); its networks can exist only once" >&2
      return 3
    fi
    RUN=$left "$0" down # whoever started it was killed
  fi
  echo "${OWNER:-$PPID} $run" >$note
  mkdir -p "$run"/{log,pid,pki,conf,command,cni/net.d,cni/ips,kubelet,etcd}
  network
  keys
  control_plane
  [ "${NODES:-1}" = 0 ] || a_node
}

# Ends only what runs in the namespace that `up` has made.
down() {
  set +e
  local ids
  ids=$(ip netns pids $namespace 2>/dev/null)
  # shellcheck disable=SC2086
  kill $ids 2>/dev/null
  for _ in $(seq 100); do
    [ -z "$(ip netns pids $namespace 2>/dev/null)" ] && break
    sleep 0.1
  done
  ids=$(ip netns pids $namespace 2>/dev/null)
  # shellcheck disable=SC2086
  [ -n "$ids" ] && kill -9 $ids
  docker ps -aq --filter label=io.kubernetes.pod.namespace | xargs -r docker rm -f >/dev/null
  # The kubelet binds its folder on itself, and mounts what pods have.
  awk -v root="$run/kubelet" 'index($2, root) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r -n1 umount
  ip link del $link 2>/dev/null
  ip netns del $namespace 2>/dev/null
  for folder in /sys/fs/cgroup/*/kubepods; do
    [ -d "$folder" ] && find "$folder" -depth -type d -exec rmdir {} +
  done
  [ -f "$run/sysctls" ] && sysctl -q -p "$run/sysctls"
  rm -rf "$run" $note
}

case ${1-} in
  up) up ;;
  down) down ;;
  start) start "$2" ;;
  *) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac
