import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createAuthenticator } from "../auth/authenticator.js";
import { parseTokens } from "../auth/token-file.js";
import { DEFAULT_CONFIG } from "../config/schema.js";
import { runCli } from "./main.js";

async function run(...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli(["token", ...args], {
    ...{ stdout, stderr, environment: {} },
    stdin: new PassThrough(),
    stop: new AbortController().signal,
    atExit: () => undefined,
  });
  return { code, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

describe("token new", () => {
  it("prints a token and the line that admits it", async () => {
    const { code, stdout, stderr } = await run(
      "new",
      "--id",
      "orders-api",
      "--group",
      "traders",
      "--group",
      "ops",
    );
    const [token = "", line = "", ...rest] = stdout.split("\n");
    const created = createAuthenticator(
      { ...DEFAULT_CONFIG, authTokensFile: "tokens.yaml" },
      { logger: console, now: () => 0, timeOfDay: () => Date.now() },
    );
    created?.files[0]?.apply({ authTokensFile: Buffer.from(`# the clients\n${line}\n`) });

    expect([code, stderr, rest]).toEqual([0, "", [""]]);
    expect(token).toMatch(/^ate_[\w-]{43}$/);
    expect(line).not.toContain(token);
    expect(
      await created?.authenticator.identify({
        metadata: () => [`Bearer ${token}`],
        address: () => "127.0.0.1",
        certificate: () => undefined,
      }),
    ).toEqual({
      principal: { id: "orders-api", source: "token", groups: ["traders", "ops"], expiresAt: undefined },
    });
  });

  it("never prints the same token twice", async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => run("new", "--id", "a")));

    expect(new Set(tokens.map(({ stdout }) => stdout)).size).toBe(20);
  });

  it("lets a token expire", async () => {
    const before = Date.now();
    const { stdout } = await run("new", "--id", "a", "--expires", "30d");
    const parsed = parseTokens(stdout.split("\n")[1] ?? "");
    if ("problems" in parsed) throw new Error(parsed.problems.join());
    const lifetimeMs = (parsed.content[0]?.principal.expiresAt ?? 0) - before;

    expect(Math.round(lifetimeMs / 86_400_000)).toBe(30);
  });

  it("prints JSON for programs", async () => {
    const { stdout } = await run("new", "--id", "a", "--json");

    expect(JSON.parse(stdout)).toEqual({
      event: "token",
      token: expect.stringMatching(/^ate_/),
      entry: { id: "a", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it.each([
    [["new"], "required option '--id <id>'"],
    [["new", "--id", "*"], "It is reserved for policies. Use another id."],
    [["new", "--id", "group:x"], "It begins with group:"],
    [["new", "--id", "spiffe://prod/a"], "It begins with spiffe:"],
    [["new", "--id", ""], "It is empty"],
    [["new", "--id", "a", "--group", "*"], "The groups have a name that is reserved for policies"],
    [["new", "--id", "a", "--expires", "30"], "Use 1m to 3650d"],
    [["new", "--id", "a", "--expires", "-1d"], "Use 1m to 3650d"],
    [["new", "--id", "a", "--expires", "1s"], "Use 1m to 3650d"],
    [["old", "--id", "a"], "Allowed choices are new"],
  ])("refuses %j", async (args, problem) => {
    const { code, stdout, stderr } = await run(...args);

    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(problem);
  });
});
