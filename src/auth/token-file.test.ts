import { describe, expect, it } from "vitest";
import { tokenDigest } from "./static-tokens.js";
import { MAX_TOKENS, parseTokens } from "./token-file.js";

const DIGEST = tokenDigest("secret").toString("hex");
const PLANTED = "planted-secret";

function problemsIn(text: string): readonly string[] {
  const parsed = parseTokens(text);
  return "problems" in parsed ? parsed.problems : [];
}

/** The problems of a file with one entry whose fields are JSON, which is YAML. */
function problemsOf(entry: Readonly<Record<string, unknown>>): readonly string[] {
  return problemsIn(JSON.stringify([{ id: "a", sha256: DIGEST, ...entry }]));
}

describe("a token file", () => {
  it("has the id, the groups and the end of each token", () => {
    const parsed = parseTokens(
      `- { id: orders, sha256: "${DIGEST}", groups: [traders, traders, ops], expires: 2030-01-31 }\n` +
        `- { id: quotes, sha256: "${DIGEST.replace(/^./, "0")}" }\n`,
    );

    if ("problems" in parsed) throw new Error(parsed.problems.join());
    expect(parsed.content.map(({ principal }) => principal)).toEqual([
      { id: "orders", source: "token", groups: ["traders", "ops"], expiresAt: Date.UTC(2030, 0, 31) },
      { id: "quotes", source: "token", groups: [], expiresAt: undefined },
    ]);
  });

  it.each(["", "# no tokens yet\n", "[]"])("may have no tokens: %j", (text) => {
    expect(parseTokens(text)).toEqual({ content: [] });
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["no id", { id: undefined }, "[0].id is no text"],
    ["the id 7", { id: 7 }, "[0].id is no text"],
    ["a list as id", { id: ["a"] }, "[0].id is no text"],
    ["an empty id", { id: "" }, "[0].id is empty"],
    ["the id *", { id: "*" }, "[0].id is reserved"],
    ["the id anonymous", { id: "anonymous" }, "[0].id is reserved"],
    ["an id like a group", { id: "group:traders" }, "[0].id begins with group:"],
    ["a SPIFFE id", { id: "spiffe://prod/a" }, "[0].id begins with spiffe:"],
    ["a SPIFFE id in capitals", { id: "SPIFFE://prod/a" }, "[0].id begins with spiffe:"],
    ["256 bytes", { id: "x".repeat(256) }, "[0].id is longer than 255 bytes"],
    ["256 bytes in fewer characters", { id: "\u00e9".repeat(128) }, "[0].id is longer than 255 bytes"],
    ["a line end", { id: "a\nb" }, "[0].id holds control characters"],
    ["a C1 control", { id: "a\u009bb" }, "[0].id holds control characters"],
    ["a change of direction", { id: "a\u202eb" }, "[0].id holds control characters"],
    ["no digest", { sha256: undefined }, "[0].sha256 is no digest"],
    ["the token itself", { sha256: PLANTED }, "[0].sha256 is no digest"],
    ["a short digest", { sha256: DIGEST.slice(1) }, "[0].sha256 is no digest"],
    ["groups that are a text", { groups: "traders" }, "[0].groups are no list"],
    ["a group that is a number", { groups: [7] }, "[0].groups have a name that is no text"],
    ["the group *", { groups: ["*"] }, "[0].groups have a name that is reserved"],
    [
      "257 groups",
      { groups: Array.from({ length: 257 }, (_, i) => `g${i}`) },
      "[0].groups are more than 256",
    ],
    ["an end without a zone", { expires: "2030-01-31T12:00:00" }, "[0].expires is no instant"],
    ["an end that no calendar has", { expires: "2030-13-31" }, "[0].expires is no instant"],
    ["a number as end", { expires: 1 }, "[0].expires is no instant"],
    ["another key", { token: PLANTED }, "[0] has an unknown key"],
  ])("is refused with %s", (_, entry, problem) => {
    expect(problemsOf(entry)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ["a mapping", `token: ${PLANTED}`, "is no list"],
    ["a text", PLANTED, "is no list"],
    ["an entry that is a text", `- ${PLANTED}`, "[0] is no entry"],
    ["broken YAML", `- { id: "${PLANTED}`, "line 1 is not valid YAML"],
    ["aliases", `- &a { id: a, sha256: "${DIGEST}" }\n- *a\n`, "has aliases"],
    [
      "the same token twice",
      `[${[1, 2].map(() => `{ id: a, sha256: "${DIGEST}" }`).join(",")}]`,
      "is that of [0]",
    ],
    ["too many tokens", JSON.stringify(Array(MAX_TOKENS + 1).fill({})), "use at most 10000"],
  ])("is refused as %s, and its text is not shown", (_, text, problem) => {
    const problems = problemsIn(text);

    expect(problems.join("\n")).toContain(problem);
    expect(problems.join("\n")).not.toContain(PLANTED);
  });

  it("names at most 20 problems", () => {
    expect(problemsIn(JSON.stringify(Array(1_000).fill({ id: 7 })))).toHaveLength(20);
  });
});
