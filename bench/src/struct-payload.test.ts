import { Value } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { createPayload } from "./payload.js";
import { StructPayloads } from "./struct-payload.js";

describe("a struct payload", () => {
  it.each([256, 1_000, 4_096])("of %i bytes is a value that carries its numbers", (byteLength) => {
    const payloads = new StructPayloads(byteLength);
    const bytes = createPayload(payloads, 1_234_567, 3);

    expect(bytes).toHaveLength(byteLength);
    expect(Value.unwrap(Value.decode(bytes))).toMatchObject({ sequence: 1_234_567, producer: 3 });
    expect(payloads.sequenceOf(bytes, 0)).toBe(1_234_567);
    expect(payloads.verify(bytes, 0, byteLength)).toBe(3);
  });

  it("is read in place within a larger message", () => {
    const payloads = new StructPayloads(512);
    const message = Buffer.concat([Buffer.alloc(7), createPayload(payloads, 9, 2)]).subarray(3);

    expect(payloads.sequenceOf(message, 4)).toBe(9);
    expect(payloads.verify(message, 4, 4 + 512)).toBe(2);
  });

  it("that was altered is detected", () => {
    const payloads = new StructPayloads(512);
    const bytes = createPayload(payloads, 9, 2);
    bytes[500] = 1;

    expect(() => payloads.verify(bytes, 0, 512)).toThrow("altered");
  });
});
