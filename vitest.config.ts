import { defineConfig } from "vitest/config";

/** Files that run alone: their scenarios have delays, and their assertions depend on those delays. */
const ALONE = ["demo", "examples", "history"].map((name) => `test/e2e/${name}.test.ts`);

/**
 * Three groups of tests, by the resources that they use. The groups run one after the other. The reference machine has
 * two cores. Two unit files run at a time. End-to-end files start servers and processes with their own ports and folders,
 * and mostly wait for them, so three files run at a time. The conformance tests need the toolchains of all clients, so
 * they have a command of their own, `npm run conformance`.
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
          exclude: ALONE,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "e2e-alone",
          include: ALONE,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
