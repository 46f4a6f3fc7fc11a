import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { BUILD_MS, buildExamples } from "../support/examples.js";
import { createProcesses } from "../support/processes.js";
import { ROOT } from "../support/root.js";

const DEMO = fileURLToPath(new URL("../../dist-examples/demo/demo.js", import.meta.url));
const processes = createProcesses();
afterEach(() => processes.stopAll());
beforeAll(() => buildExamples(processes), BUILD_MS);

describe("the demo", () => {
  it("runs the example of the original system with real processes and checks every result", async () => {
    const demo = processes.start(process.execPath, [DEMO]);
    const { code } = await demo.exit();
    const text = demo.stdout.all.join("\n");

    expect(text).toContain("everything came as it must");
    expect(text).toMatch(
      /producer1 +━+● .* → listener1, listener2\n +producer2 +━+● .* → listener1, listener2/,
    );
    expect(text).toMatch(/producer2 +━+┊╌+✗ .* too late/);
    expect(code).toBe(0);
    const requests = demo.stdout.all.filter((line) => line.startsWith("request "));
    expect(requests).toHaveLength(5);
    expect(readFileSync(join(ROOT, "README.md"), "utf8")).toContain("two listeners, five requests:");
  });

  it("leaves no process behind when it is interrupted", async () => {
    const demo = processes.start(process.execPath, [DEMO]);
    await demo.stdout.next(/^request/);
    demo.kill("SIGTERM");

    expect(await demo.exit()).toEqual({ code: 1, signal: null });
    // All its processes are in its group, which must be empty now.
    expect(() => process.kill(-demo.pid, 0)).toThrow("ESRCH");
  });
});
