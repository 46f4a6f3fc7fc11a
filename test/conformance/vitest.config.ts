import { defineConfig } from "vitest/config";

/** Conformance as tests, one for each scenario and language, for editors and reports that know tests. */
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
