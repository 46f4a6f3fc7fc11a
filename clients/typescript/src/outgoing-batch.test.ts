import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MAX_BATCH_BYTES, OutgoingBatch } from "./outgoing-batch.js";

/** A stream that takes as many messages as `capacity` says. */
class FakeStream {
  readonly messages: string[] = [];
  capacity = Number.POSITIVE_INFINITY;
  readonly batch = new OutgoingBatch((message) => {
    this.messages.push(message.byteLength > 100 ? `${message.byteLength} bytes` : message.toString());
    this.capacity -= 1;
    return this.capacity > 0;
  });

  push(...items: string[]): void {
    for (const item of items) this.batch.push(Buffer.from(item));
  }
}

describe("an outgoing batch", () => {
  it("sends what one turn pushed as one message, in order", async () => {
    const stream = new FakeStream();

    stream.push("a", "b");
    await Promise.resolve();
    stream.push("c");
    expect(stream.messages).toEqual([]);
    await turn();
    stream.push("d");
    await turn();

    expect(stream.messages).toEqual(["abc", "d"]);
  });

  it("sends the answer to a message before the turn is over, with all that promises bring", async () => {
    const stream = new FakeStream();
    let sentInTurn: readonly string[] = [];
    setImmediate(() => {
      sentInTurn = [...stream.messages];
    });

    stream.push("a");
    stream.batch.flushWhenSettled();
    void Promise.resolve()
      .then(() => {})
      .then(() => stream.push("b"));
    await turn();

    expect(sentInTurn).toEqual(["ab"]);
    expect(stream.messages).toEqual(["ab"]);
  });

  it("keeps what comes while the stream is congested, and sends it together afterwards", async () => {
    const stream = new FakeStream();
    stream.capacity = 1;

    stream.push("a");
    await turn();
    stream.push("b");
    await turn();
    stream.push("c");
    await turn();
    expect(stream.messages).toEqual(["a"]);
    expect(stream.batch.queuedBytes).toBe(2);
    stream.capacity = 1;
    stream.batch.drained();
    await turn();

    expect(stream.messages).toEqual(["a", "bc"]);
  });

  it("stops in the middle of it when the stream gets congested", async () => {
    const stream = new FakeStream();
    stream.capacity = 1;

    stream.push("x".repeat(MAX_BATCH_BYTES), "y");
    await turn();
    expect(stream.messages).toHaveLength(1);
    stream.batch.drained();
    await turn();

    expect(stream.messages).toEqual([`${MAX_BATCH_BYTES} bytes`, "y"]);
  });

  it("splits what is too much for one message, but no item", async () => {
    const stream = new FakeStream();
    const half = "x".repeat(MAX_BATCH_BYTES / 2);

    stream.push(half, half, half, "y".repeat(2 * MAX_BATCH_BYTES), "z");
    await turn();

    expect(stream.messages).toEqual([
      `${MAX_BATCH_BYTES} bytes`,
      `${MAX_BATCH_BYTES / 2} bytes`,
      `${2 * MAX_BATCH_BYTES} bytes`,
      "z",
    ]);
  });

  it("says when all is sent", async () => {
    const stream = new FakeStream();
    await stream.batch.whenEmpty();
    stream.push("a");

    await stream.batch.whenEmpty();

    expect(stream.messages).toEqual(["a"]);
  });

  it("drops all once the stream is gone, and lets nobody wait", async () => {
    const stream = new FakeStream();
    stream.push("a");
    const empty = stream.batch.whenEmpty();

    stream.batch.close();
    stream.push("b");
    await empty;
    await turn();

    expect(stream.messages).toEqual([]);
    expect(stream.batch.queuedBytes).toBe(0);
  });
});
