import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANONYMOUS, type Principal } from "../core/vocabulary/principal.js";
import { contains, covers, overlap } from "../core/vocabulary/topic.js";
import { CurrentPolicy } from "./current-policy.js";
import { PatternSet } from "./pattern-set.js";
import { Policy, type Rule } from "./policy.js";

function principal(id: string, groups: readonly string[] = []): Principal {
  return { id, source: "token", groups, expiresAt: undefined };
}

function rule(fields: Partial<Rule>): Rule {
  return { line: 1, principals: ["*"], allow: {}, deny: {}, shareGroups: [], ...fields };
}

function policyOf(...rules: readonly Partial<Rule>[]): Policy {
  return new Policy(rules.map((fields, i) => rule({ line: i + 1, ...fields })));
}

const isAllowed = (policy: Policy, who: Principal, on: string): boolean =>
  policy.rightsOf(who).refusalOf("request", on) === undefined;

describe("a set of patterns", () => {
  const token = fc.constantFrom("a", "b", "*");
  const name = fc
    .tuple(fc.array(token, { minLength: 1, maxLength: 3 }), fc.constantFrom("", ".>"))
    .map(([tokens, rest]) => tokens.join(".") + rest);

  it("answers as a comparison with each of its patterns does", () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 6 }), name, (patterns, asked) => {
        const set = new PatternSet(patterns);
        expect(set.contains(asked)).toBe(patterns.some((one) => contains(one, asked)));
        expect(set.intersects(asked)).toBe(patterns.some((one) => overlap(one, asked)));
        if (!asked.includes("*") && !asked.includes(">"))
          expect(set.contains(asked)).toBe(patterns.some((one) => covers(one, asked)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("visits few nodes for a topic, however many patterns there are", () => {
    const set = new PatternSet(Array.from({ length: 10_000 }, (_, i) => `t${i}.*`));

    expect([set.contains("t9999.x"), set.contains("t10000.x"), set.size]).toEqual([true, false, 10_000]);
  });
});

describe("a policy", () => {
  const policy = policyOf(
    { principals: ["orders", "group:traders"], allow: { request: ["quotes.>"] } },
    { principals: ["*"], deny: { request: ["quotes.internal.>"] }, allow: { request: ["news"] } },
    { principals: ["anonymous"], allow: { request: ["public.*"] } },
    { principals: ["spiffe://prod/ns/*/sa/quotes"], allow: { request: ["spiffe"] } },
  );

  it.each<[who: string, principal: Principal, on: string, isAllowed: boolean]>([
    ["a named principal", principal("orders"), "quotes.eu", true],
    ["a member of a named group", principal("x", ["traders"]), "quotes.eu", true],
    ["somebody whose id is that of a group", principal("traders"), "quotes.eu", false],
    ["somebody else", principal("x"), "quotes.eu", false],
    ["a named principal, on what is denied to all", principal("orders"), "quotes.internal.a", false],
    ["a named principal, on a pattern that covers what is denied", principal("orders"), "quotes.>", false],
    ["a named principal, on a pattern that covers nothing denied", principal("orders"), "quotes.*", true],
    ["a named principal, on a pattern that covers more than is allowed", principal("orders"), ">", false],
    ["everybody", principal("x"), "news", true],
    ["an anonymous caller, on what everybody may who authenticated", ANONYMOUS, "news", false],
    ["an anonymous caller", ANONYMOUS, "public.a", true],
    ["somebody, on what only anonymous callers may", principal("x"), "public.a", false],
    ["a SPIFFE id", principal("spiffe://prod/ns/a/sa/quotes"), "spiffe", true],
    ["a SPIFFE id with another segment", principal("spiffe://prod/ns/a/b/sa/quotes"), "spiffe", false],
    ["a SPIFFE id of another domain", principal("spiffe://test/ns/a/sa/quotes"), "spiffe", false],
  ])("decides for %s", (_, who, on, expected) => {
    expect(isAllowed(policy, who, on)).toBe(expected);
    expect(policy.explain(who, "request", on).isAllowed).toBe(expected);
  });

  it("names action and topic in its refusal, in the same words for every topic", () => {
    const rights = policy.rightsOf(principal("x"));

    expect(rights.refusalOf("produce", "quotes.eu")).toMatchObject({
      reason: "NOT_ALLOWED",
      message: "the policy does not allow produce on quotes.eu; ask for a rule that does",
      metadata: { action: "produce", topic: "quotes.eu" },
    });
  });

  it("leaves it to others to say what is wrong with a malformed topic", () => {
    expect(policy.rightsOf(principal("x")).refusalOf("request", "not a topic")).toBeUndefined();
  });

  it("says which rule decides", () => {
    expect(policy.explain(principal("orders"), "request", "quotes.internal.a").by).toMatchObject({
      rule: { line: 2 },
      pattern: "quotes.internal.>",
    });
    expect(policy.explain(principal("orders"), "request", "quotes.eu").by).toMatchObject({
      rule: { line: 1 },
      pattern: "quotes.>",
    });
    expect(policy.explain(principal("x"), "listen", "quotes.eu")).toEqual({
      isAllowed: false,
      by: undefined,
    });
  });

  it("allows and explains alike", () => {
    const token = fc.constantFrom("a", "b", "*");
    const name = fc.array(token, { minLength: 1, maxLength: 2 }).map((tokens) => tokens.join("."));
    const names = fc.array(fc.oneof(name, fc.constant(">"), fc.constant("a.>")), { maxLength: 3 });
    const rules = fc.array(
      fc.record({ allow: names, deny: names }).map(({ allow, deny }) => ({
        allow: { request: allow },
        deny: { request: deny },
      })),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(rules, name, (all, on) => {
        const some = policyOf(...all);
        expect(isAllowed(some, principal("x"), on)).toBe(
          some.explain(principal("x"), "request", on).isAllowed,
        );
      }),
    );
  });

  it("shares the compiled rights of principals with the same rules, and keeps a bounded number", () => {
    const many = new Policy(
      Array.from({ length: 2_000 }, (_, i) =>
        rule({ line: i, principals: [`p${i}`], allow: { request: [`t${i}`] } }),
      ),
    );

    expect(many.rightsOf(principal("none"))).toBe(many.rightsOf(principal("nobody")));
    for (let i = 0; i < 2_000; i++) expect(isAllowed(many, principal(`p${i}`), `t${i}`)).toBe(true);
  });

  it("that is replaced changes the rights of calls that are open", () => {
    const current = new CurrentPolicy(policyOf({ allow: { request: ["a"] } }));
    const rights = current.rightsOf(principal("x"));
    expect(rights.refusalOf("request", "a")).toBeUndefined();

    current.replace(policyOf({ allow: { request: ["b"] }, shareGroups: ["b"] }));
    expect(rights.refusalOf("request", "a")?.reason).toBe("NOT_ALLOWED");
    expect(rights.refusalOf("request", "b")).toBeUndefined();
    expect([rights.sharesGroupOn("b"), rights.allowsAny("listen")]).toEqual([true, false]);
  });
});
