import { describe, expect, it } from "vitest";
import { RefusalAudit } from "./audit.js";

/** An audit whose minutes the test decides, and its lines. */
function audited() {
  const lines: unknown[] = [];
  const line = (fields: object, message: string) => void lines.push({ message, ...fields });
  let tick: (() => void) | undefined;
  const ticker = {
    every: (then: () => void) => {
      tick = then;
      return () => {
        tick = undefined;
      };
    },
  };
  const audit = new RefusalAudit({ debug: line, info: line, warn: line, error: line }, ticker);
  const refuse = (peer: string, why = "no credentials") =>
    audit.refused({ peer, reason: "UNAUTHENTICATED", why });
  return {
    audit,
    refuse,
    lines,
    aMinuteLater: () => tick?.(),
    get isTicking() {
      return tick !== undefined;
    },
  };
}

function line(peer: string, count: number, why = "no credentials") {
  return { message: "calls were refused", audit: "refused", peer, reason: "UNAUTHENTICATED", why, count };
}

describe("the audit of refusals", () => {
  it("has a line at once for a new peer or cause", () => {
    const { refuse, lines } = audited();
    refuse("192.0.2.1");
    refuse("192.0.2.2");
    refuse("192.0.2.1", "the token has expired");

    expect(lines).toEqual([
      line("192.0.2.1", 1),
      line("192.0.2.2", 1),
      line("192.0.2.1", 1, "the token has expired"),
    ]);
  });

  it("has one line a minute for each, however many calls are refused", () => {
    const { refuse, lines, aMinuteLater } = audited();
    for (let minute = 0; minute < 3; minute++) {
      for (let i = 0; i < 10_000; i++) refuse("192.0.2.1");
      aMinuteLater();
    }

    expect(lines).toEqual([
      line("192.0.2.1", 1),
      ...[9_999, 10_000, 10_000].map((n) => line("192.0.2.1", n)),
    ]);
  });

  it("has a bound of lines, however many peers are refused", () => {
    const { refuse, lines, aMinuteLater } = audited();
    for (let i = 0; i < 10_000; i++) refuse(`2001:db8::${i.toString(16)}`);
    aMinuteLater();

    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toEqual(line("others", 9_900));
  });

  it("keeps nothing, and has no timer, when nobody is refused", () => {
    const at = audited();
    at.refuse("192.0.2.1");
    expect(at.isTicking).toBe(true);
    at.aMinuteLater();
    expect(at.isTicking).toBe(false);
    at.refuse("192.0.2.1");
    expect(at.lines).toEqual([line("192.0.2.1", 1), line("192.0.2.1", 1)]);
  });

  it("loses nothing at the end", () => {
    const at = audited();
    for (let i = 0; i < 5; i++) at.refuse("192.0.2.1");
    at.audit.stop();

    expect(at.lines).toEqual([line("192.0.2.1", 1), line("192.0.2.1", 4)]);
    expect(at.isTicking).toBe(false);
  });
});
