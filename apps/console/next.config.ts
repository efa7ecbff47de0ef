import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // Our packages are TypeScript as written; Next compiles what a page uses of them.
  transpilePackages: [
    "@agent-factory/ui",
    "@agent-factory/manifest",
    "@agent-factory/process",
    "@agent-factory/gate",
    "@agent-factory/tlog",
  ],
  // Types are checked by `tsc -p apps/console` once for the whole project.
  typescript: { ignoreBuildErrors: true },
  turbopack: {
    root: projectRoot,
    // monaco-yaml asks for Monaco's worker where it stood before 0.53.
    resolveAlias: { "monaco-editor/esm/vs/editor/editor.worker.js": "monaco-editor/editor/editor.worker.js" },
  },
  serverExternalPackages: ["pino"],
  experimental: {
    optimizePackageImports: ["lucide-react", "radix-ui"],
    // A try may carry 16 MiB of input, which grows when it is quoted; the BFF refuses more than this itself.
    proxyClientMaxBodySize: "25mb",
    // Event streams say something every few seconds; a connection silent for longer is dead.
    proxyTimeout: 60_000,
  },
  devIndicators: false,
  allowedDevOrigins: ["127.0.0.1"],
};

export default config;
