import { describe, expect, it } from "vitest";
import { Cursors } from "./cursors.js";

const T = "topic1";

function cursor(epoch: string, sequence: bigint, topic = T) {
  return { topic, epoch, sequence };
}

/** Cursors on a stream that began here. */
function begunAt(epoch: string, sequence: bigint): Cursors {
  const cursors = new Cursors();
  cursors.streamBegins([cursor(epoch, sequence)]);
  return cursors;
}

function taken(cursors: Cursors, ...sequences: bigint[]): bigint[] {
  return sequences.filter((sequence) => cursors.take(T, sequence));
}

describe("cursors", () => {
  it("move with what is taken", () => {
    const cursors = begunAt("e1", 4n);

    expect(taken(cursors, 5n, 6n)).toEqual([5n, 6n]);
    expect(cursors.claim()).toEqual([cursor("e1", 6n)]);
  });

  it("take what has no position without moving", () => {
    const cursors = begunAt("e1", 4n);

    expect(taken(cursors, 0n, 0n)).toEqual([0n, 0n]);
    expect(cursors.claim()).toEqual([cursor("e1", 4n)]);
  });

  it("skip what a new stream repeats", () => {
    const cursors = begunAt("e1", 4n);
    cursors.claim();

    cursors.streamBegins([cursor("e1", 2n)]);

    expect(taken(cursors, 3n, 4n, 5n)).toEqual([5n]);
    expect(cursors.claim()).toEqual([cursor("e1", 5n)]);
  });

  it("take a position that falls for a new epoch, whose name comes later", () => {
    const cursors = begunAt("e1", 4n);

    expect(taken(cursors, 1n, 2n)).toEqual([1n, 2n]);
    expect(cursors.claim()).toEqual([cursor("", 2n)]);
    cursors.advance([cursor("e2", 2n)]);
    expect(cursors.claim()).toEqual([cursor("e2", 2n)]);
  });

  it("take a new epoch also of a topic that a new stream did not know", () => {
    const cursors = begunAt("e1", 4n);
    cursors.claim();

    cursors.streamBegins([]);

    expect(taken(cursors, 1n, 2n)).toEqual([1n, 2n]);
  });

  it("begin with the first delivery of a topic that nobody announced", () => {
    const cursors = new Cursors();

    expect(taken(cursors, 7n)).toEqual([7n]);
    expect(cursors.claim()).toEqual([cursor("", 7n)]);
  });

  it("follow the server forward in one epoch, and anywhere into another", () => {
    const cursors = begunAt("e1", 4n);

    cursors.advance([cursor("e1", 2n)]);
    expect(cursors.claim()).toEqual([cursor("e1", 4n)]);
    cursors.advance([cursor("e1", 9n)]);
    expect(cursors.claim()).toEqual([cursor("e1", 9n)]);
    cursors.advance([cursor("e2", 1n)]);
    expect(cursors.claim()).toEqual([cursor("e2", 1n)]);
    expect(taken(cursors, 2n)).toEqual([2n]);
  });

  it("do not ask again for what the server declared lost", () => {
    const cursors = begunAt("e1", 4n);

    cursors.skip(T, 8n);

    expect(cursors.claim()).toEqual([cursor("e1", 8n)]);
    expect(taken(cursors, 9n)).toEqual([9n]);
  });

  it("drop a claim of an earlier epoch", () => {
    const cursors = begunAt("e1", 4n);
    cursors.claim();
    cursors.streamBegins([]);

    cursors.epochChanged(T);

    expect(taken(cursors, 9n)).toEqual([9n]);
    expect(cursors.claim()).toEqual([cursor("", 9n)]);
  });

  it("keep what the new stream said about the new epoch", () => {
    const cursors = begunAt("e1", 4n);
    cursors.claim();
    cursors.streamBegins([cursor("e2", 2n)]);

    cursors.epochChanged(T);

    expect(taken(cursors, 3n)).toEqual([3n]);
    expect(cursors.claim()).toEqual([cursor("e2", 3n)]);
  });

  it("do not mistake a position of an unnamed epoch for one of the new stream's", () => {
    const cursors = new Cursors();
    taken(cursors, 57n);
    cursors.claim();

    cursors.streamBegins([cursor("e2", 2n)]);

    expect(taken(cursors, 3n)).toEqual([3n]);
    expect(cursors.claim()).toEqual([cursor("e2", 3n)]);
  });

  it("forget topics that are listened to no longer", () => {
    const cursors = new Cursors();
    cursors.advance([cursor("e", 1n, "a.b"), cursor("e", 1n, "a.c"), cursor("e", 1n, "d")]);

    cursors.retain(["a.*", "x"]);

    expect(cursors.claim().map(({ topic }) => topic)).toEqual(["a.b", "a.c"]);
  });

  it("remember a bounded number of topics, the newest ones", () => {
    const cursors = new Cursors();

    for (let topic = 0; topic <= 10_000; topic++) cursors.take(String(topic), 1n);

    const topics = cursors.claim().map(({ topic }) => topic);
    expect(topics).toHaveLength(10_000);
    expect([topics[0], topics.at(-1)]).toEqual(["1", "10000"]);
  });
});
