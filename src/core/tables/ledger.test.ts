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

  it("stays while a stream uses it, so that all who use it charge the same account", () => {
    const ledger = ledgerOf();
    const [stream, connection] = [ledger.open("a"), ledger.open("a")];
    expect(connection).toBe(stream);
    stream.charge(1);
    stream.release(1);
    stream.close();
    expect(ledger.size).toBe(1);
    expect(ledger.of("a")).toBe(connection);

    connection.charge(1);
    connection.close();
    expect(ledger.size).toBe(1);
    connection.release(1);
    expect(ledger.size).toBe(0);
  });

  it("says in its refusal whose bound is exceeded, by how much, and what helps", () => {
    const ledger = ledgerOf();
    const account = ledger.of("a");
    account.charge(400);
    expect(account.refusalOf(100)).toBeUndefined();
    expect(account.refusalOf(101)).toMatchObject({
      reason: "HELD_BYTES_LIMIT",
      message:
        "this address holds 400 of at most 500 bytes, and this needs 101; close sessions, retry later or raise peerShare or maxHeldBytes",
      metadata: { limit: "500", held: "400", needed: "101", scope: "peer" },
    });
    ledger.common.charge(600);
    expect(ledger.of("b").refusalOf(1)?.metadata).toEqual({ limit: "1000", held: "1000", needed: "1" });
  });
});

describe("the pressure on an account", () => {
  /** Two peers with a session each, so that each has a quarter; "c" is one of several others. */
  const crowded = () => {
    const ledger = ledgerOf();
    for (const peer of ["a", "b"]) ledger.of(peer).add("sessions");
    return { ledger, a: ledger.of("a"), b: ledger.of("b"), others: ledger.common };
  };

  it("is high beyond its share, whatever others hold", () => {
    const { a, b } = crowded();
    a.charge(250);
    expect(a.pressure).toBe("NONE");
    a.charge(1);
    expect([a.pressure, b.pressure]).toEqual(["HIGH", "NONE"]);
    a.charge(374);
    expect(a.pressure).toBe("HIGH");
    a.charge(1);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "NONE"]);
  });

  it("is high for all beyond the budget, and extreme first for those beyond their shares", () => {
    const { a, b, others } = crowded();
    a.charge(251);
    others.charge(749);
    expect([a.pressure, b.pressure]).toEqual(["HIGH", "NONE"]);
    others.charge(1);
    expect([a.pressure, b.pressure]).toEqual(["HIGH", "HIGH"]);
    others.charge(125);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "HIGH"]);
    others.charge(124);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "HIGH"]);
    others.charge(1);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "EXTREME"]);
  });

  it("does not become extreme because another peer comes", () => {
    const ledger = ledgerOf();
    const a = ledger.of("a");
    a.add("sessions");
    a.charge(500);
    expect(a.pressure).toBe("NONE");
    ledger.of("b").add("sessions");
    expect(a.pressure).toBe("HIGH");
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
