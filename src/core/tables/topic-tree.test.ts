import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers, hasWildcard } from "../vocabulary/topic.js";
import { TopicTree } from "./topic-tree.js";

const NAMES = [
  "a",
  "b",
  "a.b",
  "a.b.c",
  "b.b",
  "*",
  ">",
  "a.*",
  "*.b",
  "a.>",
  "a.*.c",
  "*.*",
  "*.>",
  "a.b.>",
];
const TOPICS = ["a", "b", "c", "a.b", "b.b", "a.c", "a.b.c", "c.c.c", "a.b.c.d"];

/** The members whose registrations cover a topic, with the value that is visited first. */
function membersOn<V>(tree: TopicTree<string, V>, topic: string): ReadonlyMap<string, V> {
  const found = new Map<string, V>();
  tree.visit(topic, (member, value) => {
    if (!found.has(member)) found.set(member, value);
  });
  return found;
}

describe("the topic tree", () => {
  it("finds exactly the members whose registrations cover a topic, after any sequence of changes", () => {
    const step = fc.record({
      isAdd: fc.boolean(),
      name: fc.constantFrom(...NAMES),
      member: fc.constantFrom("m1", "m2", "m3"),
      value: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const tree = new TopicTree<string, number>();
        const registered = new Map<string, Map<string, number>>();
        for (const { isAdd, name, member, value } of steps) {
          const members = registered.get(name) ?? new Map<string, number>();
          if (isAdd) {
            tree.add(name, member, value);
            registered.set(name, members.set(member, value));
          } else {
            tree.remove(name, member);
            members.delete(member);
            if (members.size === 0) registered.delete(name);
          }
        }

        expect(tree.size).toBe(registered.size);
        for (const name of NAMES) {
          for (const one of ["m1", "m2", "m3"])
            expect(tree.get(name, one)).toBe(registered.get(name)?.get(one));
        }
        for (const topic of TOPICS) {
          const found = membersOn(tree, topic);
          const names = [...registered.keys()].filter((name) => covers(name, topic));
          const members = new Set(names.flatMap((name) => [...(registered.get(name)?.keys() ?? [])]));
          expect(new Set(found.keys())).toEqual(members);
          expect(tree.hasExact(topic)).toBe(registered.has(topic));
          expect(tree.hasMatch(topic)).toBe(members.size > 0);
          expect(tree.hasWildcardOn(topic)).toBe(names.some(hasWildcard));
          for (const [member, value] of found) {
            const exact = registered.get(topic)?.get(member);
            const byPattern = names
              .filter(hasWildcard)
              .map((name) => registered.get(name)?.get(member))
              .filter((candidate) => candidate !== undefined);
            expect(exact === undefined ? byPattern : [exact]).toContain(value);
          }
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("is empty once every registration is removed", () => {
    const tree = new TopicTree<string, true>();
    for (const name of NAMES) for (const member of ["m1", "m2"]) tree.add(name, member, true);
    expect(tree.size).toBe(NAMES.length);

    for (const name of NAMES) for (const member of ["m1", "m2"]) tree.remove(name, member);

    expect(tree.size).toBe(0);
    expect(TOPICS.flatMap((topic) => [...membersOn(tree, topic)])).toEqual([]);
  });

  it("ignores the removal of a registration that does not exist", () => {
    const tree = new TopicTree<string, true>();
    tree.add("a.*.c", "m1", true);

    for (const name of ["a", "a.*", "a.*.d", "a.*.c.>", "x.*", ">"]) tree.remove(name, "m1");
    tree.remove("a.*.c", "m2");

    expect([...membersOn(tree, "a.b.c").keys()]).toEqual(["m1"]);
    expect(tree.size).toBe(1);
  });

  it("prefers the value of the exact registration to the value of a pattern", () => {
    const tree = new TopicTree<string, string>();
    tree.add(">", "m1", "rest");
    tree.add("a.*", "m1", "star");
    tree.add("a.b", "m1", "exact");

    expect(membersOn(tree, "a.b").get("m1")).toBe("exact");
  });

  it.each(["__proto__", "constructor", "hasOwnProperty"])("treats %s as an ordinary name", (name) => {
    const tree = new TopicTree<string, true>();
    expect([...membersOn(tree, name).keys()]).toEqual([]);

    tree.add(name, "m1", true);
    tree.add(`${name}.*`, "m2", true);

    expect([...membersOn(tree, name).keys()]).toEqual(["m1"]);
    expect([...membersOn(tree, `${name}.${name}`).keys()]).toEqual(["m2"]);
  });
});
