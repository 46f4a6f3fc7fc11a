import { describe, expect, it } from "vitest";
import { RecentText } from "./recent-text.js";

function readAll(...texts: readonly (string | Buffer)[]): string[] {
  const recent = new RecentText();
  return texts.map((text) => {
    const bytes = Buffer.concat([Buffer.from("<"), Buffer.from(text as string), Buffer.from(">")]);
    return recent.read(bytes, 1, bytes.length - 1);
  });
}

describe("a text that is read again and again", () => {
  it("is what the bytes say, whatever was read before", () => {
    const texts = ["topic1", "topic1", "topic2", "topic", "", "", "größe", "größe", "topic1"];
    expect(readAll(...texts)).toEqual(texts);
  });

  it("is not mistaken for bytes that only look like its characters", () => {
    // U+00E9 is one code unit 0xe9; the byte 0xe9 alone is no UTF-8.
    expect(readAll("\u00e9", Buffer.from([0xe9]), Buffer.from([0xe9]))).toEqual(["é", "\ufffd", "\ufffd"]);
  });
});
