import { describe, expect, it } from "vitest";
import { FrameReader, writeFrames } from "./frames.js";

describe("frames", () => {
  const messages = [Buffer.from("first"), Buffer.alloc(0), Buffer.alloc(300, 7)];

  it.each([1, 4, 5, 64, 1_000])("are read back from chunks of %i bytes", (size) => {
    const bytes = writeFrames(messages);
    const reader = new FrameReader();
    const found: Buffer[] = [];
    for (let begin = 0; begin < bytes.length; begin += size) {
      reader.read(bytes.subarray(begin, begin + size), (chunk, start, end) =>
        found.push(Buffer.from(chunk.subarray(start, end))),
      );
    }

    expect(found).toEqual(messages);
  });
});
