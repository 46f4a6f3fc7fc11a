import { describe, expect, it } from "vitest";
import { plainText } from "./plain-text.js";

const code = (char: string) => char.codePointAt(0) ?? 0;
const isControl = (char: string) => code(char) <= 0x1f || (code(char) >= 0x7f && code(char) <= 0x9f);

describe("plain text", () => {
  it("has no control character, line separator or change of direction, and every other character as it was", () => {
    for (let i = 0; i <= 0xffff; i++) {
      const char = String.fromCharCode(i);
      // Unicode names the characters that change the direction of text Bidi_Control.
      const isUnsafe = isControl(char) || /[\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(char);
      expect(plainText(char)).toBe(isUnsafe ? `\\u${i.toString(16).padStart(4, "0")}` : char);
    }
  });

  it("keeps the value of JSON", () => {
    const value = { "\u009b\u202e": "\u001b\n\u007f\u2028\u061c ä😀" };

    expect(JSON.parse(plainText(JSON.stringify(value)))).toEqual(value);
  });
});
