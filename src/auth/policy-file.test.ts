import { describe, expect, it } from "vitest";
import { parsePolicy } from "./policy-file.js";

const GOOD = `version: 1
rules:
  - principals: ["orders-api", "group:traders", "spiffe://prod/ns/*/sa/quotes"]
    allow: { request: ["quotes.>"], listen: ["quotes.*"] }
    deny: { request: ["quotes.internal.>"] }
    shareGroups: ["quotes.>"]
  - principals: [anonymous, "*"]
    allow:
      introspect: [">"]
`;

function problemsIn(text: string): readonly string[] {
  const parsed = parsePolicy(text);
  return "problems" in parsed ? parsed.problems : [];
}

const oneRule = (fields: string) => `version: 1\nrules:\n  - principals: ["*"]\n    ${fields}\n`;

describe("a policy file", () => {
  it("has rules, each with its line", () => {
    expect(parsePolicy(GOOD)).toEqual({
      rules: [
        {
          line: 3,
          principals: ["orders-api", "group:traders", "spiffe://prod/ns/*/sa/quotes"],
          allow: { request: ["quotes.>"], listen: ["quotes.*"] },
          deny: { request: ["quotes.internal.>"] },
          shareGroups: ["quotes.>"],
        },
        { line: 7, principals: ["anonymous", "*"], allow: { introspect: [">"] }, deny: {}, shareGroups: [] },
      ],
    });
  });

  it.each<[what: string, text: string, problem: string]>([
    ["no map", "- a\n", "line 1: is no map; write version: 1 and rules"],
    ["no version", "rules: []\n", "line 1: version is missing; use 1"],
    ["another version", "version: 2\nrules: []\n", "line 1: version is 2; use 1"],
    ["no rules", "version: 1\n", "line 1: rules is missing; use a list of rules"],
    ["an unknown key", "version: 1\nrules: []\nrule: []\n", "line 3: rule is unknown; use version, rules"],
    [
      "an unknown action",
      oneRule("allow: { read: [a] }"),
      "line 4: rules[0].allow.read is unknown; use request, produce, listen, introspect, administer",
    ],
    [
      "a text instead of a list",
      oneRule("allow: { listen: a }"),
      'line 4: rules[0].allow.listen is "a"; use a list of texts',
    ],
    [
      "a number as a topic",
      oneRule("allow: { listen: [7] }"),
      "line 4: rules[0].allow.listen[0] is 7, which is no text; put it into quotes",
    ],
    [
      "a malformed pattern",
      oneRule('allow: { listen: ["a..b"] }'),
      'line 4: rules[0].allow.listen[0] is "a..b", which is no topic or pattern, such as quotes.eu, quotes.* or quotes.>',
    ],
    [
      "no principals",
      "version: 1\nrules:\n  - allow: {}\n",
      "line 3: rules[0].principals is missing or no list; use a list of texts",
    ],
    [
      "an empty list of principals",
      "version: 1\nrules:\n  - principals: []\n",
      "line 3: rules[0].principals is empty; name whom the rule is about",
    ],
    [
      "a group without a name",
      'version: 1\nrules:\n  - principals: ["group:"]\n',
      'line 3: rules[0].principals[0] is "group:", which names no valid group',
    ],
    [
      "a key twice",
      "version: 1\nversion: 1\nrules: []\n",
      "line 2 is not valid YAML: Map keys must be unique",
    ],
  ])("with %s is refused", (_, text, problem) => {
    expect(problemsIn(text)).toContain(problem);
  });

  it("with an alias is refused", () => {
    expect(problemsIn(oneRule("allow: &a { listen: [x] }\n    deny: *a"))).toHaveLength(1);
  });

  it("reports at most 20 problems", () => {
    expect(problemsIn(`version: 1\nrules:\n${"  - 7\n".repeat(1_000)}`)).toHaveLength(20);
  });
});
