# syntax=docker/dockerfile:1
# The image of the server: what the package holds, on the Node that it is tested with. amd64 and arm64.
#   docker build -t turnpike .
#   docker run --rm -p 127.0.0.1:8787:8787 -v turnpike:/data turnpike

FROM node:24-slim AS manifests
WORKDIR /src
COPY package.json package-lock.json ./
COPY sdk/package.json sdk/
COPY dashboard/package.json dashboard/

# No package needs its install scripts: what is native comes built.
FROM manifests AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build-dashboard.js && node scripts/pack-dist.ts

# Of the server alone; the container brings its own Node.
FROM manifests AS dependencies
RUN npm ci --omit=dev --omit=optional --workspaces=false --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production TURNPIKE_HOST=0.0.0.0 TURNPIKE_PORT=8787 TURNPIKE_DATA_DIR=/data
# Made beforehand, so that a new volume belongs to whom the server runs as.
RUN install -d -o 1000 -g 1000 -m 0700 /data
WORKDIR /app
COPY --from=build /src/package.json /src/LICENSE /src/CHANGELOG.md ./
COPY --from=dependencies /src/node_modules ./node_modules
COPY --from=build /src/catalogue ./catalogue
COPY --from=build /src/dashboard/dist ./dashboard/dist
COPY --from=build /src/bin ./bin
COPY --from=build /src/dist ./dist
# By number, so that a cluster can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.TURNPIKE_PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/turnpike.js"]
CMD ["start"]
