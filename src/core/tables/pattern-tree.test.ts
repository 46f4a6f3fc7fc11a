import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { COVERED_TOPIC, coveringPatterns } from "../../../test/support/covering-patterns.js";
import { covers, hasWildcard, isPattern } from "../vocabulary/topic.js";
import type { PatternNode } from "./pattern-node.js";
import { PatternTree } from "./pattern-tree.js";

type Tree = PatternTree<string, number>;
/** Members with their values by pattern, each in the order of registration. */
type Model = Map<string, Map<string, number>>;

/** Few tokens for long common parts, and many for nodes with more children than a list holds. */
const token = fc.oneof(fc.constantFrom("a", "b"), fc.constantFrom(..."cdefghijklmnopqrstuvw", "aa", "ab"));
const topic = fc.array(token, { minLength: 1, maxLength: 6 }).map((tokens) => tokens.join("."));
const pattern = fc
  .tuple(
    fc.array(fc.oneof(token, fc.constant("*")), { maxLength: 5 }),
    fc.constantFrom<readonly string[]>([], [">"], ["*"]),
  )
  .map(([tokens, end]) => [...tokens, ...end].join("."))
  .filter(hasWildcard);

interface Change {
  readonly isAdd: boolean;
  /** Which of the patterns is changed. */
  readonly pick: number;
  readonly member: string;
  readonly value: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  isAdd: fc.boolean(),
  pick: fc.nat(99),
  member: fc.constantFrom("m1", "m2", "m3"),
  value: fc.nat(9),
});

function apply(tree: Tree, model: Model, name: string, { isAdd, member, value }: Change) {
  const members = model.get(name) ?? new Map<string, number>();
  if (isAdd) {
    tree.add(name, member, value);
    model.set(name, members.set(member, value));
  } else {
    tree.remove(name, member);
    members.delete(member);
    if (members.size === 0) model.delete(name);
  }
}

/** Patterns in the order in which a topic's search finds them: own token, then `*`, then `>`. */
function inSearchOrder(one: string, other: string): number {
  const rank = (part = "") => (part === ">" ? 2 : part === "*" ? 1 : 0);
  const others = other.split(".");
  for (const [i, part] of one.split(".").entries()) {
    if (rank(part) !== rank(others[i])) return rank(part) - rank(others[i]);
  }
  return 0;
}

function expected(model: Model, name: string): readonly string[] {
  const patterns = [...model.keys()].filter((one) => covers(one, name)).sort(inSearchOrder);
  return patterns.flatMap((one) => [...(model.get(one) ?? [])].map((entry) => entry.join("=")));
}

function found(tree: Tree, name: string): readonly string[] {
  const all: string[] = [];
  tree.visit(name, (members) => members.visitMembers((member, value) => all.push(`${member}=${value}`)));
  return all;
}

/** The texts that the nodes refer to. */
function textsOf(node: PatternNode<string, number>): readonly string[] {
  const { children } = node as unknown as { children: typeof node | Map<string, typeof node> | undefined };
  if (children instanceof Map) return [...children.values()].flatMap((one) => [one.pattern, ...textsOf(one)]);
  const texts: string[] = [];
  for (let one = children; one; one = (one as unknown as { next: typeof one }).next) {
    texts.push(one.pattern, ...textsOf(one));
  }
  return texts;
}

/** Number of nodes with a map of children, the root left out. */
function mappedNodes(node: PatternNode<string, number>): number {
  const { children } = node as unknown as { children: typeof node | Map<string, typeof node> | undefined };
  if (children instanceof Map) {
    return [...children.values()].reduce((sum, one) => sum + mappedNodes(one), node.end < 0 ? 0 : 1);
  }
  let sum = 0;
  for (let one = children; one; one = (one as unknown as { next: typeof one }).next) sum += mappedNodes(one);
  return sum;
}

function rootOf(tree: Tree): PatternNode<string, number> {
  return (tree as unknown as { root: PatternNode<string, number> }).root;
}

describe("the pattern tree", () => {
  it("visits exactly the registrations that cover a topic, in the order of their patterns and members", () => {
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 60 }),
        fc.array(change, { maxLength: 120 }),
        fc.array(topic, { maxLength: 20 }),
        (patterns, changes, topics) => {
          const tree: Tree = new PatternTree();
          const model: Model = new Map();
          for (const one of patterns)
            apply(tree, model, one, { isAdd: true, pick: 0, member: "m1", value: 0 });
          for (const one of changes) apply(tree, model, patterns[one.pick % patterns.length] ?? "", one);

          expect(tree.size).toBe(model.size);
          expect(tree.nodeCount).toBeLessThanOrEqual(2 * model.size);
          for (const name of topics) expect(found(tree, name)).toEqual(expected(model, name));
          const texts = textsOf(rootOf(tree));
          expect(texts).toHaveLength(tree.nodeCount);
          const removed = new Set(texts.filter((text) => !model.has(text)));
          expect(removed.size).toBeLessThanOrEqual(mappedNodes(rootOf(tree)));

          for (const [name, members] of model) for (const member of members.keys()) tree.remove(name, member);
          expect([tree.size, tree.nodeCount, rootOf(tree).isLeaf]).toEqual([0, 0, true]);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });

  it("ignores the removal of a registration that does not exist", () => {
    const tree: Tree = new PatternTree();
    tree.add("a.*.c.d", "m1", 1);
    tree.add("a.*.c.e", "m1", 2);

    for (const name of ["a", "a.*", "a.*.c", "a.*.c.*", "a.*.c.d.>", "a.>", ">", "*.*.c.d"])
      tree.remove(name, "m1");
    tree.remove("a.*.c.d", "m2");

    expect(found(tree, "a.b.c.d")).toEqual(["m1=1"]);
    expect([tree.size, tree.nodeCount]).toEqual([2, 3]);
  });

  it("holds a long pattern that shares no tokens in one node", () => {
    const tree: Tree = new PatternTree();
    for (let i = 0; i < 100; i++) tree.add(`${i}.${"x.".repeat(14)}*`, "m", i);

    expect(tree.nodeCount).toBe(100);
  });

  it("removes a pattern without a search among the others that part at the same place", () => {
    const tree: Tree = new PatternTree();
    for (let i = 0; i < 1_000; i++) tree.add(`a.${i}.*`, "m", i);
    // An iteration of a map begins by skipping the places of all entries that were removed before.
    const searches = vi.spyOn(Map.prototype, "values");

    for (let i = 0; i < 990; i++) tree.remove(`a.${i}.*`, "m");

    expect(searches).not.toHaveBeenCalled();
    searches.mockRestore();
    expect(tree.size).toBe(10);
  });

  it("holds the text of a pattern once, however many members register it", () => {
    const tree: Tree = new PatternTree();
    const texts = ["m1", "m2", "m3"].map((member) => tree.add(["a", "*"].join("."), member, 0));

    expect(new Set(texts).size).toBe(1);
  });
});

describe("the search for the patterns of a topic", () => {
  it("looks at 16,300 nodes at most for all patterns that may cover it", () => {
    const tree: Tree = new PatternTree();
    const patterns = coveringPatterns();
    for (const name of patterns) {
      tree.add(name, "m", 0);
      tree.add(name.replace(/^a/, "b"), "m", 0);
    }
    let matched = 0;

    const visited = tree.visit(COVERED_TOPIC, () => matched++);

    expect(patterns.every(isPattern)).toBe(true);
    expect(matched).toBe(9_400);
    expect(visited).toBeLessThanOrEqual(16_300);
  });

  it("looks at a few nodes for patterns that share one token with the topic", () => {
    const tree: Tree = new PatternTree();
    for (let i = 0; i < 10_000; i++) tree.add(`x.${i}.*`, "m", 0);

    expect(tree.visit("x.77.y", () => undefined)).toBe(2);
    expect(tree.visit("x.y.z", () => undefined)).toBe(1);
  });
});
