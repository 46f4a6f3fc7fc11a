import { defineConfig } from "vitest/config";

/** Runs the conformance scenarios as vitest tests, one for each scenario and language. */
export default defineConfig({
  test: {
    name: "conformance",
    dir: "test/conformance",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    fileParallelism: false,
  },
});
