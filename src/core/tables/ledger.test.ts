import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantError } from "../vocabulary/invariant.js";
import { type Account, Ledger } from "./ledger.js";

function ledgerOf(maxHeldBytes = 1_000, peerShare = 1): Ledger {
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

  it("may hold as many bytes as are left then, whoever connects", () => {
    const ledger = ledgerOf();
    const [a, b] = [ledger.of("a"), ledger.of("b")];
    a.charge(500);
    expect(a.exceeds(1)).toBe("peer");
    a.release(1);
    expect(a.exceeds(1)).toBeUndefined();

    b.add("sessions");
    expect(a.exceeds(1)).toBeUndefined();
    b.charge(100);
    expect(a.exceeds(1)).toBe("peer");
    expect(b.exceeds(301)).toBeUndefined();
    expect(b.exceeds(302)).toBe("peer");
  });

  it("is refused beyond the budget of the process, whatever its share of it is", () => {
    const ledger = ledgerOf();
    for (const peer of ["a", "b", "c", "d"]) ledger.of(peer).charge(240);
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

  it("has its share of a count, at least 1", () => {
    const small = ledgerOf(1_000, 0.01).of("a");
    expect(small.isAtShare("topics", 100)).toBe(false);
    small.add("topics");
    expect(small.isAtShare("topics", 100)).toBe(true);
    small.remove("topics");
    expect(small.isAtShare("topics", 100)).toBe(false);
  });

  it.each([
    [1, 99],
    [0, 1_000_000],
  ])("is not refused its share with a share of %d and a limit of %d", (peerShare, limit) => {
    const account = ledgerOf(1_000, peerShare).of("a");
    for (let i = 0; i < 99; i++) account.add("topics");
    expect(account.isAtShare("topics", limit)).toBe(false);
  });

  it("of a proxy has no share, and is found by its connection", () => {
    const ledger = ledgerOf(1_000);
    const proxy = ledger.openPeer({ kind: "proxy", key: "10.0.0.9:1" });
    proxy.charge(900);
    expect(ledger.of("10.0.0.9:1")).toBe(proxy);
    expect(proxy.pressure).toBe("NONE");
    expect(proxy.exceeds(100)).toBeUndefined();
    expect(proxy.exceeds(101)).toBe("process");

    expect(ledger.of("10.0.0.9:2")).not.toBe(proxy);
    expect(ledger.peerOf("10.0.0.9:1").kind).toBe("proxy");
    proxy.close();
    proxy.release(900);
    expect(ledger.size).toBe(0);
  });

  it("is one for all connections from an address or network, and one for each from loopback", () => {
    const ledger = ledgerOf();
    for (const text of ["10.0.0.1:1", "::ffff:10.0.0.1:2", "[2001:db8::1]:1", "[2001:db8::2]:1"]) {
      ledger.of(text).charge(1);
    }
    expect(ledger.size).toBe(2);
    for (const text of ["127.0.0.1:1", "127.0.0.1:2", "::1:1", "unix:1", "unix:2"]) ledger.of(text).charge(1);
    expect(ledger.size).toBe(7);
  });

  it("of a share of 0 is bounded by the budget of the process alone", () => {
    const account = ledgerOf(1_000, 0).of("a");
    account.charge(1_000);
    expect(account.pressure).toBe("NONE");
    expect(account.exceeds(1)).toBe("process");
    account.charge(1);
    expect(account.pressure).toBe("HIGH");
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
    expect(account.refusalOf(200)).toBeUndefined();
    expect(account.refusalOf(201)).toMatchObject({
      reason: "HELD_BYTES_LIMIT",
      message:
        "this connection holds 400 of at most 600 bytes, and this needs 201; close sessions, retry later or raise peerShare or maxHeldBytes",
      metadata: { limit: "600", held: "400", needed: "201", scope: "peer" },
    });
    ledger.common.charge(600);
    expect(ledger.of("b").refusalOf(1)?.metadata).toEqual({ limit: "1000", held: "1000", needed: "1" });
  });
});

describe("the share of a bound", () => {
  const LIMIT = 50_000;

  /** Peers that take one after the other, until none of them may take more. @returns what each of them has. */
  function greedy(ledger: Ledger, peerCount: number, limit = LIMIT): readonly Account[] {
    const peers = Array.from({ length: peerCount }, (_, i) => ledger.of(`greedy${i}`));
    for (let hasTaken = true; hasTaken; ) {
      hasTaken = false;
      for (const peer of peers) {
        if (peer.isAtShare("topics", limit)) continue;
        peer.add("topics");
        hasTaken = true;
      }
    }
    return peers;
  }

  it.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    "leaves %d greedy peers as much each as the next one finds",
    (peerCount) => {
      const ledger = ledgerOf();
      const each = LIMIT / (peerCount + 1);
      for (const peer of greedy(ledger, peerCount)) {
        expect(Math.abs(peer.count("topics") - each)).toBeLessThanOrEqual(1);
      }
      const newcomer = ledger.of("newcomer");
      let found = 0;
      for (; !newcomer.isAtShare("topics", LIMIT); found++) newcomer.add("topics");
      expect(found).toBeGreaterThanOrEqual(Math.floor(each / 2));
      expect(ledger.totals.topics).toBeLessThan(LIMIT);
    },
  );

  it.each([
    [0.5, 1 / 3],
    [1, 1 / 2],
    [3, 3 / 4],
    [99, 99 / 100],
  ])("with a peerShare of %d is %d of it for a peer that is alone", (peerShare, part) => {
    const [alone] = greedy(ledgerOf(1_000, peerShare), 1);
    expect(Math.abs((alone?.count("topics") ?? 0) - part * LIMIT)).toBeLessThanOrEqual(1);
  });

  it("is the same for every order in which four peers take", () => {
    const orders = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].map((b) => [a, b, 3 - a, 3 - b] as const));
    for (const order of orders) {
      const ledger = ledgerOf();
      const peers = [0, 1, 2, 3].map((i) => ledger.of(`p${i}`));
      for (const i of order) peers[i]?.add("topics");
      greedy(ledger, 4, 1_000);
      expect(ledger.totals.topics).toBeLessThanOrEqual(1_000);
    }
  });

  it("refuses nobody who is within it, and gives back what is released: every state of three peers", () => {
    const limit = 100;
    let states = 0;
    for (let a = 0; a <= limit; a += 4) {
      for (let b = 0; a + b <= limit; b += 4) {
        for (let c = 0; a + b + c <= limit; c += 4) {
          const ledger = ledgerOf(limit);
          const counts = { a, b, c };
          for (const [peer, count] of Object.entries(counts)) {
            for (let i = 0; i < count; i++) ledger.of(peer).add("topics");
            if (count > 0) ledger.of(peer).charge(count);
          }
          for (const [peer, count] of Object.entries(counts)) {
            const left = limit - a - b - c;
            const account = ledger.of(peer);
            const isWithin = count + 1 <= left;
            if (left > 0 && count > 0) expect(account.isAtShare("topics", limit)).toBe(!isWithin);
            expect(account.exceeds(1)).toBe(left < 1 ? "process" : isWithin ? undefined : "peer");
            if (count < 4) continue;
            account.release(count);
            expect(account.exceeds(Math.min(count, left + count))).toBeUndefined();
            account.charge(count);
          }
          states++;
        }
      }
    }
    expect(states).toBe(3_276);
  });
});

describe("the pressure on an account", () => {
  /** Two peers, and others of which none is looked at. */
  const crowded = () => {
    const ledger = ledgerOf(3_200);
    return { ledger, a: ledger.of("a"), b: ledger.of("b"), others: ledger.common };
  };

  it("is high beyond its share, and extreme far beyond what a peer may have that is alone", () => {
    const { a, b } = crowded();
    a.charge(1_600);
    expect(a.pressure).toBe("NONE");
    a.charge(1);
    b.charge(1);
    expect([a.pressure, b.pressure]).toEqual(["HIGH", "NONE"]);
    a.charge(399);
    expect(a.pressure).toBe("HIGH");
    a.charge(1);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "NONE"]);
  });

  it("begins earlier when others take more, but not for a peer that holds little", () => {
    const { a, b, others } = crowded();
    a.charge(1_000);
    b.charge(50);
    expect([a.pressure, b.pressure]).toEqual(["NONE", "NONE"]);
    others.charge(1_200);
    expect([a.pressure, b.pressure]).toEqual(["HIGH", "NONE"]);
    others.charge(950);
    expect([a.pressure, b.pressure]).toEqual(["HIGH", "NONE"]);
  });

  it("is high for all beyond the budget, and extreme first for those that hold more than the mean", () => {
    const { a, b, others } = crowded();
    a.charge(1_900);
    b.charge(1_300);
    expect([a.pressure, b.pressure]).toEqual(["HIGH", "HIGH"]);
    others.charge(400);
    expect([a.pressure, b.pressure]).toEqual(["HIGH", "HIGH"]);
    others.charge(1);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "HIGH"]);
    others.charge(399);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "HIGH"]);
    others.charge(1);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "EXTREME"]);
  });

  it("does not become extreme by what others take within the budget: every state of two peers", () => {
    for (let own = 0; own <= 1_600; own += 50) {
      for (let taken = 0; own + taken <= 3_200; taken += 50) {
        const { a, others } = crowded();
        if (own > 0) a.charge(own);
        others.charge(taken);
        expect(a.pressure).not.toBe("EXTREME");
        if (own <= 50) expect(a.pressure).toBe("NONE");
      }
    }
  });

  it("does not become extreme by many peers that hold nothing", () => {
    const { ledger, a, b } = crowded();
    for (let i = 0; i < 1_000; i++) ledger.open(`empty${i}`);
    a.charge(3_600);
    b.charge(50);
    expect([a.pressure, b.pressure]).toEqual(["EXTREME", "HIGH"]);
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
