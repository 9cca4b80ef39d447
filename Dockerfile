# The operator as one bundled ES module on a small base without shell or package manager.
# Both bases are arguments, for mirrors, for machines that reach no registry, and for digests: a tag may be pushed again,
# a digest is one image for ever. docs/operating.md has the line that looks them up and builds with them. The node that runs is the
# node that built, so its version stands here once.
ARG BUILD_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
# The memory allocator, and what image scanners read of it.
RUN apt-get update && apt-get install --yes --no-install-recommends libjemalloc2=5.3.0-1 && \
  cp /usr/lib/*/libjemalloc.so.2 /usr/lib/ && dpkg-query --status libjemalloc2 > /libjemalloc2.status
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No package runs a script here: esbuild finds its program in the package for this machine.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY tools/bundle.ts tools/command-line.ts tools/
COPY src src
RUN npm run build

FROM ${RUNTIME_IMAGE}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /usr/lib/libjemalloc.so.2 /usr/lib/libjemalloc.so.2
COPY --from=build /usr/share/doc/libjemalloc2/copyright /usr/share/doc/libjemalloc2/copyright
COPY --from=build /libjemalloc2.status /var/lib/dpkg/status.d/libjemalloc2
COPY LICENSE /usr/share/doc/oauth-registrar/LICENSE
COPY --from=build /build/dist/THIRD-PARTY-LICENSES.txt /usr/share/doc/oauth-registrar/THIRD-PARTY-LICENSES.txt
COPY --from=build /build/dist/oauth-registrar.js /usr/lib/oauth-registrar/oauth-registrar.mjs
# The kubectl plugin, for Jobs and for kubectl exec: node /usr/lib/oauth-registrar/kubectl-oauthclient.mjs status -A
COPY --from=build /build/dist/kubectl-oauthclient.js /usr/lib/oauth-registrar/kubectl-oauthclient.mjs
# Little memory at no loss of speed that could be measured, see docs/scale.md: jemalloc with one arena, which returns a
# second later what is free, wherever it is, since glibc returns only the end of its arena. Where it can't be loaded, the
# settings of glibc hold: one arena, returned from 128 KiB on, and buffers from 16 KiB on outside of it. A heap that at
# most doubles between two collections, and is collected when work is over, which --expose-gc permits. --disable-sigusr1:
# else a signal opens Node's inspector, and with it the memory and all tokens in it. Sixteen threads: libuv lends half of
# them to look-ups of names, and slow names of one tenant must leave some to others.
ENV NODE_ENV=production LD_PRELOAD=/usr/lib/libjemalloc.so.2 \
  MALLOC_CONF=narenas:1,dirty_decay_ms:1000,muzzy_decay_ms:0,background_thread:true \
  MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=16384 UV_THREADPOOL_SIZE=16
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=16", "--heap-growing-percent=100", "--expose-gc", \
  "--disable-sigusr1", "/usr/lib/oauth-registrar/oauth-registrar.mjs"]
