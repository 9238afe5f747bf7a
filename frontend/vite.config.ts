import { fileURLToPath } from "node:url";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` talks to a running stack; name another one with GATEWAY_URL.
const gateway = process.env.GATEWAY_URL ?? "http://localhost:8080";

// The viewer's zone must not matter: tests run far from the zones they use. (A worker thread's own TZ changes nothing.)
if (process.env.VITEST) process.env.TZ = "Pacific/Auckland";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: { "/api": gateway } },
  build: {
    target: "es2023",
    // Inlined assets would need `data:` in the content security policy.
    assetsInlineLimit: 0,
  },
  test: {
    environment: "jsdom",
    // One set-up for all files instead of one each: three times faster. setup.ts clears what a test leaves behind.
    pool: "threads",
    isolate: false,
    testTimeout: 60_000,
    setupFiles: "src/testing/setup.ts",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
