import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { DEFAULT_CONFIG } from "../config/schema.js";
import type { Authenticator, Identified, Presented } from "../ports/authenticator.js";
import { createAuthenticator } from "./authenticator.js";
import { tokenDigest } from "./static-tokens.js";

const NOW = Date.UTC(2030, 0, 1);

/** A folder until the test is over. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "ate-auth-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function digest(token: string): string {
  return tokenDigest(token).toString("hex");
}

/** What a call with these values of authorization presents. */
function presenting(...authorization: readonly string[]): Presented {
  return { metadata: (name) => (name === "authorization" ? authorization : []), address: "127.0.0.1" };
}

/** An authenticator with a token file, and what it logs. */
function withTokens(content: string) {
  const path = join(folder(), "tokens.yaml");
  writeFileSync(path, content);
  const lines: { readonly level: string; readonly fields: unknown; readonly message: string }[] = [];
  const line = (level: string) => (fields: unknown, message: string) =>
    lines.push({ level, fields, message });
  const logger = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  let now = NOW;
  const created = createAuthenticator(
    { ...DEFAULT_CONFIG, authTokensFile: path },
    { logger, now: () => 0, timeOfDay: () => now },
  );
  if (!("authenticator" in created) || !created.authenticator) throw new Error(JSON.stringify(created));
  return { authenticator: created.authenticator, path, lines, passTime: (ms: number) => (now += ms) };
}

async function idOf(authenticator: Authenticator, ...authorization: readonly string[]): Promise<string> {
  const found: Identified = await authenticator.identify(presenting(...authorization));
  return "principal" in found ? found.principal.id : found.why;
}

describe("static tokens", () => {
  const two = `- { id: a, sha256: "${digest("token-a")}", expires: 2030-01-01T00:00:01Z }\n- { id: b, sha256: "${digest("token-b")}" }\n`;

  it("name their principals", async () => {
    const { authenticator } = withTokens(two);

    expect(await idOf(authenticator, "Bearer token-a")).toBe("a");
    expect(await idOf(authenticator, "bearer  token-b")).toBe("b");
  });

  it.each([
    ["none", [], "no credentials"],
    ["an unknown one", ["Bearer token-c"], "the token is unknown"],
    ["a digest", [`Bearer ${digest("token-a")}`], "the token is unknown"],
    ["an empty one", ["Bearer "], "authorization is no Bearer token"],
    ["another scheme", ["Basic dG9rZW4tYQ=="], "authorization is no Bearer token"],
    ["no scheme", ["token-a"], "authorization is no Bearer token"],
    ["two", ["Bearer token-a", "Bearer token-b"], "the call has several tokens"],
    ["a long one", [`Bearer ${"x".repeat(20_000)}`], "the token is too long"],
  ])("are refused: %s", async (_, values, why) => {
    expect(await idOf(withTokens(two).authenticator, ...values)).toBe(why);
  });

  it("expire at their instant", async () => {
    const { authenticator, passTime } = withTokens(two);

    passTime(999);
    expect(await idOf(authenticator, "Bearer token-a")).toBe("a");
    passTime(1);
    expect(await idOf(authenticator, "Bearer token-a")).toBe("the token has expired");
    expect(await idOf(authenticator, "Bearer token-b")).toBe("b");
  });

  it("are read again when the file has changed, as Kubernetes and editors change it", async () => {
    const { authenticator, path, lines } = withTokens(two);
    writeFileSync(`${path}.new`, `- { id: c, sha256: "${digest("token-c")}" }\n`);
    renameSync(`${path}.new`, path);
    authenticator.reload();

    expect(await idOf(authenticator, "Bearer token-c")).toBe("c");
    expect(await idOf(authenticator, "Bearer token-a")).toBe("the token is unknown");
    authenticator.reload();
    expect(lines).toEqual([
      { level: "info", fields: { file: path }, message: "the token file was read again" },
    ]);
  });

  it("stay when the file becomes invalid or goes away, which is said once", async () => {
    const { authenticator, path, lines } = withTokens(two);
    writeFileSync(path, "- { id: a, sha256: planted-secret }\n");
    for (let i = 0; i < 3; i++) authenticator.reload();
    rmSync(path);
    for (let i = 0; i < 3; i++) authenticator.reload();

    expect(await idOf(authenticator, "Bearer token-a")).toBe("a");
    expect(lines.map(({ level }) => level)).toEqual(["error", "error"]);
    expect(JSON.stringify(lines)).toContain("ENOENT");
    expect(JSON.stringify(lines)).not.toContain("planted-secret");
  });
});

describe("the sources of identities", () => {
  const services = { logger: console, now: () => 0, timeOfDay: () => NOW };

  it("are none by default, and everybody may call", () => {
    expect(createAuthenticator(DEFAULT_CONFIG, services)).toEqual({ authenticator: undefined });
  });

  it.each([
    ["is missing", (path: string) => path, "cannot be read (ENOENT)"],
    ["is a folder", () => tmpdir(), "is no regular file"],
  ])("are refused if the token file %s", (_, of, problem) => {
    const authTokensFile = of(join(folder(), "missing.yaml"));

    expect(createAuthenticator({ ...DEFAULT_CONFIG, authTokensFile }, services)).toEqual({
      problems: [expect.stringContaining(`authTokensFile: ${authTokensFile} ${problem}`)],
    });
  });
});
