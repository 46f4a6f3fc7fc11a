import { describe, expect, it } from "vitest";
import { ODD_FAILURES, throwingProperty } from "../test/odd-failures.js";
import { errorText, MAX_ERROR_TEXT_LENGTH } from "./error-text.js";
import { DispatcherError } from "./errors.js";

const CANNOT_BE_READ = "(its text cannot be read)";

describe("the text of a failure", () => {
  it.each(ODD_FAILURES)("is short and well-formed for %s", (_, thrown) => {
    const text = errorText(thrown);

    expect(text.length).toBeLessThanOrEqual(MAX_ERROR_TEXT_LENGTH);
    expect(text.length).toBeGreaterThan(0);
    expect(Buffer.from(text).toString()).toBe(text);
    expect(DispatcherError.from(thrown).details).toBe(text);
  });

  it.each<[what: string, thrown: unknown, text: string]>([
    ["an Error", new Error("no stock"), "no stock"],
    ["an Error without a text", new RangeError(), "RangeError"],
    ["a text", "no stock", "no stock"],
    ["an empty text", "", '""'],
    ["an object with a message", { message: "no stock" }, "no stock"],
    ["a symbol", Symbol("why"), "Symbol(why)"],
    ["undefined", undefined, "undefined"],
    [
      "a text that cannot be read",
      throwingProperty(new RangeError(), "message"),
      `RangeError ${CANNOT_BE_READ}`,
    ],
    ["a class that cannot be read", Object.create(null), `object ${CANNOT_BE_READ}`],
  ])("names what is known of %s", (_, thrown, text) => {
    expect(errorText(thrown)).toBe(text);
  });

  it("is cut at 1,024 characters, with a mark, and never within an emoji", () => {
    expect(errorText("x".repeat(1024))).toBe("x".repeat(1024));
    expect(errorText("x".repeat(1025))).toBe(`${"x".repeat(1021)}...`);
    expect(errorText(`${"x".repeat(1020)}😀😀😀`)).toBe(`${"x".repeat(1020)}...`);
  });
});
