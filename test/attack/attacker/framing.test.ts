import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { framed, gzipped, gzippedParts, Unframer } from "./framing.js";

const MESSAGES = [Buffer.from("one"), Buffer.alloc(0), Buffer.alloc(100_000, "x"), Buffer.from("four")];

describe("received bytes", () => {
  it.each([1, 3, 5, 4_096, 1_000_000])("become messages, %i bytes at a time", (step) => {
    const bytes = Buffer.concat(MESSAGES.map((message) => framed(message)));
    const found: Buffer[] = [];
    const unframer = new Unframer((message) => found.push(Buffer.from(message)));
    for (let at = 0; at < bytes.byteLength; at += step) unframer.receive(bytes.subarray(at, at + step));
    expect(found.map((message) => message.byteLength)).toEqual([3, 0, 100_000, 4]);
    expect(Buffer.concat(found).equals(Buffer.concat(MESSAGES))).toBe(true);
  });
});

describe("a compressed message", () => {
  it("is one message, also if its parts were compressed before", () => {
    const whole = gzipped(Buffer.from("head and tail"));
    const parts = gzippedParts([gzipSync("head "), gzipSync("and tail")]);
    expect([whole[0], parts[0]]).toEqual([1, 1]);
    for (const frame of [whole, parts]) {
      expect(frame.readUInt32BE(1)).toBe(frame.byteLength - 5);
      expect(String(gunzipSync(frame.subarray(5)))).toBe("head and tail");
    }
  });
});
