import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MAX_MESSAGE_BYTES } from "./message-parts.js";
import { OutgoingBatch } from "./outgoing-batch.js";

/** A stream that is congested after `capacity` messages. */
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
  it("sends the items of one turn as one message, in order", async () => {
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

  it("sends the response to a message before the turn ends, with the items that promises push", async () => {
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

  it("queues items while the stream is congested, and then sends them together", async () => {
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

  it("stops between two messages when the stream becomes congested", async () => {
    const stream = new FakeStream();
    stream.capacity = 1;

    stream.push("x".repeat(MAX_MESSAGE_BYTES), "y");
    await turn();
    expect(stream.messages).toHaveLength(1);
    stream.batch.drained();
    await turn();

    expect(stream.messages).toEqual([`${MAX_MESSAGE_BYTES} bytes`, "y"]);
  });

  it("splits the queue at the maximum message size, but splits no item", async () => {
    const stream = new FakeStream();
    const half = "x".repeat(MAX_MESSAGE_BYTES / 2);

    stream.push(half, half, half, "y".repeat(2 * MAX_MESSAGE_BYTES), "z");
    await turn();

    expect(stream.messages).toEqual([
      `${MAX_MESSAGE_BYTES} bytes`,
      `${MAX_MESSAGE_BYTES / 2} bytes`,
      `${2 * MAX_MESSAGE_BYTES} bytes`,
      "z",
    ]);
  });

  it("reports when the queue is empty", async () => {
    const stream = new FakeStream();
    await stream.batch.whenEmpty();
    stream.push("a");

    await stream.batch.whenEmpty();

    expect(stream.messages).toEqual(["a"]);
  });

  it("drops all items after the stream has ended, and lets no one wait", async () => {
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
