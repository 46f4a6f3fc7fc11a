import { describe, expect, it } from "vitest";
import { RecentText } from "./recent-text.js";

function readAll(...texts: readonly (string | Buffer)[]): string[] {
  const recent = new RecentText();
  return texts.map((text) => {
    const bytes = Buffer.concat([Buffer.from("<"), Buffer.from(text as string), Buffer.from(">")]);
    return recent.read(bytes, 1, bytes.length - 1);
  });
}

describe("the cache of a recent string", () => {
  it("returns the string in the bytes, whatever was read before", () => {
    const texts = ["topic1", "topic1", "topic2", "topic", "", "", "größe", "größe", "topic1"];
    expect(readAll(...texts)).toEqual(texts);
  });

  it("never takes other bytes for the characters of the last string", () => {
    // U+00E9 is the code unit 0xe9, but the byte 0xe9 alone is not valid UTF-8.
    expect(readAll("\u00e9", Buffer.from([0xe9]), Buffer.from([0xe9]))).toEqual(["é", "\ufffd", "\ufffd"]);
  });
});
