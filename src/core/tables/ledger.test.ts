import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantError } from "../vocabulary/invariant.js";
import { Ledger } from "./ledger.js";

function ledgerOf(maxHeldBytes = 1_000, peerShare = 0.25): Ledger {
  return new Ledger({ maxHeldBytes, peerShare });
}

describe("an account", () => {
  it("exists while bytes or a count are held, and no longer", () => {
    const ledger = ledgerOf();
    const account = ledger.of("a");
    expect(ledger.size).toBe(0);

    account.charge(10);
    account.add("topics");
    account.release(10);
    expect(ledger.of("a")).toBe(account);
    account.remove("topics");

    expect(ledger.size).toBe(0);
    expect(ledger.heldBytes).toBe(0);
  });

  it("does not stay for a peer that was only looked at", () => {
    const ledger = ledgerOf();
    for (let i = 0; i < 10_000; i++) expect(ledger.of(`10.0.0.${i}`).exceeds(1)).toBeUndefined();

    expect(ledger.size).toBe(0);
  });

  it("is used again if it is charged after it was forgotten", () => {
    const ledger = ledgerOf();
    const account = ledger.of("a");
    account.charge(1);
    account.release(1);
    account.charge(2);

    expect(ledger.of("a").heldBytes).toBe(2);
  });

  it("throws if more is released than was charged", () => {
    const account = ledgerOf().of("a");
    account.charge(1);

    expect(() => account.release(2)).toThrow(InvariantError);
    expect(() => ledgerOf().of("a").remove("sessions")).toThrow(InvariantError);
  });

  it("may hold its share of the bytes, and twice the share while no other peer has a session", () => {
    const ledger = ledgerOf();
    const [a, b] = [ledger.of("a"), ledger.of("b")];
    a.add("sessions");
    expect(a.exceeds(500)).toBeUndefined();
    expect(a.exceeds(501)).toBe("peer");

    b.charge(1);
    expect(a.exceeds(500)).toBeUndefined();
    b.add("sessions");
    expect(a.exceeds(250)).toBeUndefined();
    expect(a.exceeds(251)).toBe("peer");

    b.remove("sessions");
    expect(a.exceeds(500)).toBeUndefined();
  });

  it("is refused beyond the budget of the process, however small its own share of it is", () => {
    const ledger = ledgerOf();
    for (const peer of ["a", "b", "c", "d"]) {
      ledger.of(peer).add("sessions");
      ledger.of(peer).charge(240);
    }
    expect(ledger.of("e").exceeds(40)).toBeUndefined();
    expect(ledger.of("e").exceeds(41)).toBe("process");
  });

  it("leaves what all peers share to the budget of the process", () => {
    const ledger = ledgerOf();
    ledger.common.charge(900);

    expect(ledger.size).toBe(0);
    expect(ledger.of("a").exceeds(101)).toBe("process");
    ledger.common.release(900);
    expect(ledger.heldBytes).toBe(0);
  });

  it("has its share of a count, at least 1 and at most all", () => {
    const other = (ledger: Ledger) => ledger.of("other").add("sessions");
    const small = ledgerOf(1_000, 0.01);
    other(small);
    expect(small.of("a").shareOf(10)).toBe(1);
    expect(small.of("a").isAtShare("topics", 10)).toBe(false);
    small.of("a").add("topics");
    expect(small.of("a").isAtShare("topics", 10)).toBe(true);

    expect(ledgerOf(1_000, 0.75).of("a").shareOf(10)).toBe(10);
  });
});

describe("the ledger", () => {
  it("is the sum of its accounts for any sequence of charges and releases", () => {
    const operation = fc.record({
      peer: fc.constantFrom("a", "b", "c"),
      bytes: fc.nat(100),
      isRelease: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const ledger = ledgerOf();
        const held = new Map<string, number>();
        for (const { peer, bytes, isRelease } of operations) {
          const before = held.get(peer) ?? 0;
          const change = isRelease ? -Math.min(bytes, before) : bytes;
          if (change < 0) ledger.of(peer).release(-change);
          else ledger.of(peer).charge(change);
          held.set(peer, before + change);
        }
        const sum = [...held.values()].reduce((total, bytes) => total + bytes, 0);
        expect(ledger.heldBytes).toBe(sum);
        for (const [peer, bytes] of held) expect(ledger.of(peer).heldBytes).toBe(bytes);
      }),
    );
  });
});
