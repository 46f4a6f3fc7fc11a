/** What is kept of a large message is as small as it looks, and does not keep the message. */
import { ProduceRequest, ProducerMessage, Result, WireReader } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { decodeProduce } from "../../src/grpc/wire/decode-produce.js";
import { decodeResult } from "../../src/grpc/wire/decode-result.js";
import { createEntryLimits } from "../../src/grpc/wire/entry-limits.js";
import { collectGarbage } from "../support/collect-garbage.js";

const MIB = 1_024 * 1_024;
const COUNT = 30;
const LIMITS = { maxResultBytes: MIB, entries: createEntryLimits(10_000) };

/** Bytes on the heap per value that is made and kept. */
function bytesPer(make: (i: number) => unknown): number {
  const kept: unknown[] = [make(0)];
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 1; i <= COUNT; i++) kept.push(make(i));
  collectGarbage();
  const bytes = (process.memoryUsage().heapUsed - before) / COUNT;
  expect(kept).toHaveLength(COUNT + 1);
  return bytes;
}

describe("of a message of 1 MiB", () => {
  it.each([
    ["one byte", "x"],
    ["two bytes", "é"],
    ["four bytes", "🙂"],
  ])("with characters of %s, a failure keeps its cut text only", (_, character) => {
    const failureOf = (i: number) => {
      const message = character.repeat(MIB / character.length) + i;
      const result = Result.fromPartial({ outcome: { $case: "error", value: { code: 5, message } } });
      return decodeResult(new WireReader(Buffer.from(Result.encode(result).finish())));
    };
    const kept = failureOf(0)?.message ?? "";
    expect(kept.length).toBe(1_024);
    expect(kept).toBe(character.repeat(1_024 / character.length));
    expect(bytesPer(failureOf)).toBeLessThan(64 * 1_024);
  });

  it("a Hello beside it does not keep the message", async () => {
    const hello = { displayName: "n".repeat(200), labels: { key: "v".repeat(100) } };
    const large = { displayName: "x".repeat(MIB) };
    const messages = [hello, large].map((value) =>
      ProducerMessage.fromPartial({ message: { $case: "hello", value } }),
    );
    const encoded = ProduceRequest.encode(ProduceRequest.fromPartial({ messages })).finish();
    const decode = () => {
      const message = Buffer.from(encoded);
      return {
        decoded: decodeProduce(message, 1, LIMITS).next().value,
        message: new WeakRef(message.buffer),
      };
    };
    const { decoded, message } = decode();
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(message.deref()).toBeUndefined();
    expect(decoded).toMatchObject({ value: { displayName: hello.displayName } });
  });
});
