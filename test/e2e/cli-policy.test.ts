/** `ate-dispatcher policy check` as a user runs it. */
import { afterAll, describe, expect, it } from "vitest";
import { writePolicy } from "../support/policy-file.js";
import { createProcesses } from "../support/processes.js";

const processes = createProcesses();
const policy = writePolicy([
  { principals: ["orders", "group:traders"], allow: { request: ["quotes.>"] } },
  { principals: ["*"], deny: { request: ["quotes.internal.>"] } },
]);
afterAll(async () => {
  policy.remove();
  await processes.stopAll();
});

const check = (...args: readonly string[]) => processes.run(["policy", "check", policy.path, ...args]);

describe("policy check", () => {
  it.each<[args: readonly string[], code: number, text: string]>([
    [
      ["--as", "orders", "--may", "request", "--on", "quotes.eu"],
      0,
      "orders may request on quotes.eu: the rule at <path>:3 allows request on quotes.>\n",
    ],
    [
      ["--as", "x", "--group", "traders", "--may", "request", "--on", "quotes.*"],
      0,
      "x may request on quotes.*: the rule at <path>:3 allows request on quotes.>\n",
    ],
    [
      ["--as", "orders", "--may", "request", "--on", "quotes.>"],
      1,
      "orders may not request on quotes.>: the rule at <path>:9 denies request on quotes.internal.>\n",
    ],
    [
      ["--as", "orders", "--may", "listen", "--on", "quotes.eu"],
      1,
      "orders may not listen on quotes.eu: no rule allows it\n",
    ],
    [
      ["--as", "anonymous", "--may", "request", "--on", "quotes.eu"],
      1,
      "anonymous may not request on quotes.eu: no rule allows it\n",
    ],
  ])("explains %j", async (args, code, text) => {
    const { code: exitCode, stdout } = await check(...args);

    expect([exitCode, stdout.replace(policy.path, "<path>")]).toEqual([code, text]);
  });

  it("prints the decision as JSON", async () => {
    const { stdout } = await check("--as", "orders", "--may", "request", "--on", "quotes.eu", "--json");

    expect(JSON.parse(stdout)).toMatchObject({
      event: "decision",
      allowed: true,
      line: 3,
      pattern: "quotes.>",
    });
  });

  it.each<[args: readonly string[], text: string]>([
    [
      ["--as", "x", "--may", "read", "--on", "t"],
      "--may is read; use one of request, produce, listen, introspect, administer",
    ],
    [["--as", "x", "--may", "listen", "--on", "a..b"], "--on is a..b; use a topic or pattern"],
  ])("refuses %j", async (args, text) => {
    const { code, stderr } = await check(...args);

    expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  });

  it("names the line of each mistake in a policy", async () => {
    policy.replace([{ principals: ["*"], allow: { request: ["a..b"] } }]);
    const { code, stderr } = await check("--as", "x", "--may", "listen", "--on", "a");

    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('line 7: rules[0].allow.request[0] is "a..b"'),
    ]);
  });
});
