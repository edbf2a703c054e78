# Two stages: the first builds, the second holds only what runs. Node 22 because Node 20 is past its end of life; the code supports >= 20.19.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
COPY test test
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/audit-ui dist/audit-ui
COPY package.json LICENSE README.md ./
COPY policies policies
COPY certs certs
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
VOLUME /data
EXPOSE 8443
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "dist/src/cli/main.js", "health", "https://127.0.0.1:8443", "--ca", "/pki/tls/ca.pem"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/src/cli/main.js"]
CMD ["serve", "--data", "/data", "--pki", "/pki", "--host", "0.0.0.0", "--port", "8443"]
