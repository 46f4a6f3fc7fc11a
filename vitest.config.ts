import { defineConfig } from "vitest/config";

/** Files that need the machine to themselves: they play what has delays of its own, which are part of what is asserted. */
const ALONE = ["demo", "examples", "history"].map((name) => `test/e2e/${name}.test.ts`);

/**
 * Three kinds of tests, by what they occupy, in groups that run one after the other. Two cores is the reference machine.
 * Unit files share both. End-to-end files start servers and processes of their own, on ports and in folders of their own,
 * and mostly wait for them, so three run at a time. Conformance needs the toolchains of all clients and is a command of
 * its own, `npm run conformance`.
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
