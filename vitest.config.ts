import { defineConfig } from "vitest/config";

/**
 * Two kinds of tests, by what they occupy. Two cores is the reference machine: unit files share both, end-to-end files
 * start processes of their own and therefore run one after the other, after the rest. Conformance needs the toolchains
 * of all clients and is a command of its own, `npm run conformance`.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.ts",
            "clients/typescript/{src,test}/**/*.test.ts",
            "bench/src/**/*.test.ts",
            "examples/**/*.test.ts",
            "test/**/*.test.ts",
          ],
          exclude: ["test/e2e/**", "test/conformance/**"],
          testTimeout: 30_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
