import { describe, expect, it } from "vitest";
import { Cursors } from "./cursors.js";

const T = "topic1";

function cursor(epoch: string, sequence: bigint, topic = T) {
  return { topic, epoch, sequence };
}

/** Cursors on a stream that starts at a position. */
function startedAt(epoch: string, sequence: bigint): Cursors {
  const cursors = new Cursors();
  cursors.streamBegins([cursor(epoch, sequence)]);
  return cursors;
}

function taken(cursors: Cursors, ...sequences: bigint[]): bigint[] {
  return sequences.filter((sequence) => cursors.take(T, sequence));
}

describe("cursors", () => {
  it("advance with each new delivery", () => {
    const cursors = startedAt("e1", 4n);

    expect(taken(cursors, 5n, 6n)).toEqual([5n, 6n]);
    expect(cursors.resumePoints()).toEqual([cursor("e1", 6n)]);
  });

  it("accept deliveries without a sequence and do not advance", () => {
    const cursors = startedAt("e1", 4n);

    expect(taken(cursors, 0n, 0n)).toEqual([0n, 0n]);
    expect(cursors.resumePoints()).toEqual([cursor("e1", 4n)]);
  });

  it("reject what a new stream repeats", () => {
    const cursors = startedAt("e1", 4n);
    cursors.resumePoints();

    cursors.streamBegins([cursor("e1", 2n)]);

    expect(taken(cursors, 3n, 4n, 5n)).toEqual([5n]);
    expect(cursors.resumePoints()).toEqual([cursor("e1", 5n)]);
  });

  it("treat a falling sequence as a new epoch, whose name arrives later", () => {
    const cursors = startedAt("e1", 4n);

    expect(taken(cursors, 1n, 2n)).toEqual([1n, 2n]);
    expect(cursors.resumePoints()).toEqual([cursor("", 2n)]);
    cursors.advance([cursor("e2", 2n)]);
    expect(cursors.resumePoints()).toEqual([cursor("e2", 2n)]);
  });

  it("accept a new epoch of a topic that a new stream did not announce", () => {
    const cursors = startedAt("e1", 4n);
    cursors.resumePoints();

    cursors.streamBegins([]);

    expect(taken(cursors, 1n, 2n)).toEqual([1n, 2n]);
  });

  it("start with the first delivery of a topic that was not announced", () => {
    const cursors = new Cursors();

    expect(taken(cursors, 7n)).toEqual([7n]);
    expect(cursors.resumePoints()).toEqual([cursor("", 7n)]);
  });

  it("follow the server forward within an epoch, and to any position in another epoch", () => {
    const cursors = startedAt("e1", 4n);

    cursors.advance([cursor("e1", 2n)]);
    expect(cursors.resumePoints()).toEqual([cursor("e1", 4n)]);
    cursors.advance([cursor("e1", 9n)]);
    expect(cursors.resumePoints()).toEqual([cursor("e1", 9n)]);
    cursors.advance([cursor("e2", 1n)]);
    expect(cursors.resumePoints()).toEqual([cursor("e2", 1n)]);
    expect(taken(cursors, 2n)).toEqual([2n]);
  });

  it("do not request again what the server declared lost", () => {
    const cursors = startedAt("e1", 4n);

    cursors.skip(T, 8n);

    expect(cursors.resumePoints()).toEqual([cursor("e1", 8n)]);
    expect(taken(cursors, 9n)).toEqual([9n]);
  });

  it("drop the position of an earlier epoch", () => {
    const cursors = startedAt("e1", 4n);
    cursors.resumePoints();
    cursors.streamBegins([]);

    cursors.epochChanged(T);

    expect(taken(cursors, 9n)).toEqual([9n]);
    expect(cursors.resumePoints()).toEqual([cursor("", 9n)]);
  });

  it("keep the position that the new stream sent for the new epoch", () => {
    const cursors = startedAt("e1", 4n);
    cursors.resumePoints();
    cursors.streamBegins([cursor("e2", 2n)]);

    cursors.epochChanged(T);

    expect(taken(cursors, 3n)).toEqual([3n]);
    expect(cursors.resumePoints()).toEqual([cursor("e2", 3n)]);
  });

  it("accept a new epoch from its beginning, although the position was higher", () => {
    const cursors = startedAt("e1", 57n);
    cursors.resumePoints();
    cursors.streamBegins([cursor("e2", 0n)]);

    cursors.epochChanged(T);

    expect(taken(cursors, 1n, 2n)).toEqual([1n, 2n]);
    expect(cursors.resumePoints()).toEqual([cursor("e2", 2n)]);
  });

  it("start over when the server says that a position is not of its epoch", () => {
    const cursors = startedAt("e1", 57n);
    cursors.resumePoints();
    cursors.streamBegins([cursor("e1", 0n)]);

    cursors.epochChanged(T);

    expect(taken(cursors, 1n, 2n)).toEqual([1n, 2n]);
    expect(cursors.resumePoints()).toEqual([cursor("e1", 2n)]);
  });

  it("do not take the position of an unnamed epoch for one of the new epoch", () => {
    const cursors = new Cursors();
    taken(cursors, 57n);
    cursors.resumePoints();

    cursors.streamBegins([cursor("e2", 2n)]);

    expect(taken(cursors, 3n)).toEqual([3n]);
    expect(cursors.resumePoints()).toEqual([cursor("e2", 3n)]);
  });

  it("forget topics that the listener has left", () => {
    const cursors = new Cursors();
    cursors.advance([cursor("e", 1n, "a.b"), cursor("e", 1n, "a.c"), cursor("e", 1n, "d")]);

    cursors.retain(["a.*", "x"]);

    expect(cursors.resumePoints().map(({ topic }) => topic)).toEqual(["a.b", "a.c"]);
  });

  it("keep a bounded number of topics, the newest ones", () => {
    const cursors = new Cursors();

    for (let topic = 0; topic <= 10_000; topic++) cursors.take(String(topic), 1n);

    const topics = cursors.resumePoints().map(({ topic }) => topic);
    expect(topics).toHaveLength(10_000);
    expect([topics[0], topics.at(-1)]).toEqual(["1", "10000"]);
  });
});
