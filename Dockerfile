# A node that installs nothing: crisol, conmon, runc, crun and the CNI plugins in one image.
#
#   docker build -t crisol .
#   docker run -d --name crisol --privileged --pid=host --network=host --cgroupns=host \
#     -v /etc/crisol:/etc/crisol -v /etc/cni/net.d:/etc/cni/net.d \
#     -v /var/lib/crisol:/var/lib/crisol:rshared -v /run/crisol:/run/crisol:rshared \
#     -v /var/lib/kubelet:/var/lib/kubelet:rshared -v /var/log/pods:/var/log/pods \
#     -v /sys/fs/cgroup:/sys/fs/cgroup -v /lib/modules:/lib/modules:ro crisol
#
# Why each: crisol mounts, makes namespaces and writes cgroups (--privileged, --cgroupns=host, /sys/fs/cgroup); pods'
# processes are processes of the node (--pid=host) on the node's network (--network=host); mounts and pinned
# namespaces must be seen by the kubelet, and the kubelet's volumes by the pods (:rshared, at the same paths inside
# and outside; the paths must be shared mounts on the node: `mount --make-rshared /`).
# Monitors run inside this container: stopping it ends the pods it started. A kubelet in another container needs
# /run/crisol, /var/lib/kubelet and /var/log/pods mounted the same way.

FROM node:20-bookworm AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY proto proto
COPY src src
RUN npm run --silent build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM debian:bookworm-slim
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ca-certificates conmon containernetworking-plugins crun iptables kmod libisal2 libstdc++6 runc \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /src/package.json /opt/crisol/package.json
COPY --from=build /src/node_modules /opt/crisol/node_modules
COPY --from=build /src/proto /opt/crisol/proto
COPY libexec /opt/crisol/libexec
COPY --from=build /src/dist/bundle /opt/crisol/dist/bundle
COPY LICENSE /opt/crisol/LICENSE
COPY deploy/config.toml /etc/crisol/config.toml
COPY deploy/crictl.yaml /etc/crictl.yaml
RUN printf '#!/bin/sh\nexec /usr/local/bin/node /opt/crisol/dist/bundle/main.js "$@"\n' > /usr/local/bin/crisol \
  && chmod 755 /usr/local/bin/crisol && crisol config check

STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/crisol"]
CMD ["serve"]
