import { describe, expect, it } from "vitest";
import { PeerLog } from "./peer-log.js";

/** A log whose clock a test sets, and the lines that it has written. */
function create() {
  const lines: { readonly fields: object; readonly text: string }[] = [];
  const record = (fields: object, text: string): void => void lines.push({ fields, text });
  const time = { now: 0 };
  const clock = { now: () => time.now, timeOfDay: (at: number) => at };
  const log = new PeerLog({ debug: record, info: record, warn: record, error: record }, clock);
  return { log, lines, time };
}

describe("a line that a peer causes", () => {
  it("is printable ASCII", () => {
    const { log, lines } = create();
    log.write("warn", 'a\n{"level":30}\u001b[2J\u009b\u00e4\ud83d');
    expect(lines[0]?.text).toBe('a\\u000a{"level":30}\\u001b[2J\\u009b\\u00e4\\ud83d');
  });

  it.each([
    ["text", "x".repeat(1_000_000)],
    ["text that grows when it is escaped", "\u0001".repeat(1_000)],
  ])("is cut at 1 KiB, with a mark: %s", (_, text) => {
    const { log, lines } = create();
    log.write("warn", text);
    expect(lines[0]?.text).toHaveLength(1_024);
    expect(lines[0]?.text).toMatch(/\.\.\.$/);
  });

  it("is whole at 1 KiB", () => {
    const { log, lines } = create();
    log.write("warn", "x".repeat(1_024));
    expect(lines[0]?.text).toBe("x".repeat(1_024));
  });

  it("is dropped beyond ten in a second, and the next one has the number of the dropped ones", () => {
    const { log, lines, time } = create();
    for (let i = 0; i < 1_000; i++) log.write("warn", `line ${i}`);
    expect(lines.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i}`));
    time.now = 999;
    log.write("warn", "still too many");
    time.now = 1_000;
    log.write("info", "again");
    log.write("info", "and again");
    expect(lines.slice(10)).toEqual([
      { fields: { suppressedCount: 991 }, text: "again" },
      { fields: {}, text: "and again" },
    ]);
  });
});
