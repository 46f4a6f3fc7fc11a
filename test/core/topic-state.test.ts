import { describe, expect, it } from "vitest";
import { effectsOf } from "../transcript/interpreter.js";

/** The state of a topic while a session is on it. */
describe("a topic", () => {
  it("keeps its epoch while a producer is registered on it", () => {
    const effects = effectsOf(`
      limits heartbeatMs=10000000
      producer p1 topics=t
      listener l1 topics=t
      request r1 topic=t
      reply p1 r1
      close l1
      advance 200000
      listener l1 topics=t resume=t:s.1:1
    `);

    // No result was missed, and the topic was never idle: p1 is registered on it.
    expect(effects.filter((line) => line.includes("gap"))).toEqual([]);
  });

  it("lets the members of a group take turns without listeners", () => {
    const effects = effectsOf(`
      producer a1 topics=t group=a
      producer a2 topics=t group=a
      request r1 topic=t gather exclude_listeners
      reply a1 r1
      reply a2 r1
      request r2 topic=t gather exclude_listeners
      reply a1 r2
      reply a2 r2
      request r3 topic=t gather exclude_listeners
    `);

    const asked = effects.filter((line) => line.includes("<- assign")).map((line) => line.slice(0, 2));
    expect(asked).toEqual(["a1", "a2", "a1"]);
  });

  it("sends its cursor in Ready to a listener with a wildcard", () => {
    const effects = effectsOf(`
      producer p1 topics=a.b
      listener l1 topics=a.b
      request r1 topic=a.b
      reply p1 r1
      listener l2 topics=a.*
    `);

    expect(effects.at(-1)).toContain("a.b:s.1:1");
  });

  it("continues its numbering for a listener with a wildcard after the retention time", () => {
    const effects = effectsOf(`
      limits heartbeatMs=10000000
      producer p1 topics=a.b
      listener l1 topics=a.*
      request r1 topic=a.b
      reply p1 r1
      advance 200000
      request r2 topic=a.b
      reply p1 r2
    `);

    const sequences = effects.flatMap(
      (line) => /^l1 <- delivery .* sequence=(\d+)/.exec(line)?.slice(1) ?? [],
    );
    expect(sequences).toEqual(["1", "2"]);
  });

  it("delivers a late result to only one member of a listener group", () => {
    const effects = effectsOf(`
      producer p1 topics=t
      listener l1 topics=t group=g late
      listener l2 topics=t group=g late
      request r1 topic=t ttl=10
      advance 11
      reply p1 r1
    `);

    const receivers = effects.filter((line) => / late /.test(line)).map((line) => line.split(" ")[0]);
    expect(receivers.join().split(",")).toHaveLength(1);
  });

  it("lets the members of a group take turns while listeners join and leave", () => {
    const effects = effectsOf(`
      producer a1 topics=t group=a
      producer a2 topics=t group=a
      request r1 topic=t
      reply a1 r1
      listener l1 topics=t
      request r2 topic=t
    `);

    expect(effects.at(-1)).toContain("a2 <- assign r2");
  });

  it("sends no gap to a listener that reconnects before any result", () => {
    const effects = effectsOf(`
      listener l1 topics=t
      listener l1-anew id=l1 topics=t resume=t:s.1:0
    `);

    expect(effects.filter((line) => line.includes("gap"))).toEqual([]);
  });
});
