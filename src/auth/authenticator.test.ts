import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG } from "../config/schema.js";
import type { Authenticator, Identified, Presented } from "../ports/authenticator.js";
import { createAuthenticator } from "./authenticator.js";
import { tokenDigest } from "./static-tokens.js";

const NOW = Date.UTC(2030, 0, 1);

function digest(token: string): string {
  return tokenDigest(token).toString("hex");
}

/** What a call with these values of authorization presents. */
function presenting(...authorization: readonly string[]): Presented {
  return {
    metadata: (name) => (name === "authorization" ? authorization : []),
    address: () => "127.0.0.1",
    certificate: () => undefined,
  };
}

/** An authenticator with static tokens, whose file and clock the test changes. */
function withTokens(content: string) {
  let now = NOW;
  const options = { ...DEFAULT_CONFIG, authTokensFile: "tokens.yaml" };
  const created = createAuthenticator(options, { logger: console, now: () => 0, timeOfDay: () => now });
  const [file] = created?.files ?? [];
  if (!created || !file) throw new Error("there is no source");
  const write = (text: string): void => file.apply({ authTokensFile: Buffer.from(text) });
  write(content);
  return {
    authenticator: created.authenticator,
    write,
    passTime: (ms: number) => {
      now += ms;
    },
  };
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

  it("are replaced with the content of their file", async () => {
    const { authenticator, write } = withTokens(two);
    write(`- { id: c, sha256: "${digest("token-c")}" }\n`);

    expect(await idOf(authenticator, "Bearer token-c")).toBe("c");
    expect(await idOf(authenticator, "Bearer token-a")).toBe("the token is unknown");
  });

  it("stay if the file becomes invalid", async () => {
    const { authenticator, write } = withTokens(two);

    expect(() => write("- { id: a, sha256: planted-secret }\n")).toThrow(
      "authTokensFile: tokens.yaml[0].sha256 is no digest; use 64 hexadecimal digits",
    );
    expect(await idOf(authenticator, "Bearer token-a")).toBe("a");
  });
});

describe("the sources of identities", () => {
  it("are none by default, and everybody may call", () => {
    const services = { logger: console, now: () => 0, timeOfDay: () => NOW };

    expect(createAuthenticator(DEFAULT_CONFIG, services)).toBeUndefined();
  });
});
