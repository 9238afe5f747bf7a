import { defineConfig } from "@hey-api/openapi-ts";

/** One client per service: their schemas name things independently of each other. */
export default defineConfig(
  ["auth", "users", "devices", "monitoring", "forecasts"].map((service) => ({
    input: `./openapi/${service}.json`,
    output: `src/api/generated/${service}`,
    plugins: [
      { name: "@hey-api/client-fetch" as const, runtimeConfigPath: "@/api/client-config", throwOnError: true },
      { name: "@hey-api/typescript" as const },
      { name: "@hey-api/sdk" as const, responseStyle: "data" as const },
    ],
  })),
);
