import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Ledger } from "../../core/tables/ledger.js";
import { PeerConnections } from "./peer-connections.js";

/** Connections of a process into which so many fit. */
function create(maxConnections: number) {
  const refused: string[] = [];
  const connections = new PeerConnections(
    {
      ledger: new Ledger({ maxHeldBytes: 1_000_000, peerShare: 1 }),
      clock: { now: () => 0, timeOfDay: (at) => at },
      isProxy: (address) => address === "10.0.0.9",
      opening: { watch: () => () => undefined },
      refused: (peer) => void refused.push(peer),
    },
    { maxConnections, peerShare: 1 },
  );
  let port = 0;
  /** Opens connections from an address. @returns those that were not refused. */
  const open = (remoteAddress: string | undefined, count: number): readonly (() => void)[] => {
    const closers: (() => void)[] = [];
    for (let i = 0; i < count; i++) {
      const socket = { remoteAddress, remotePort: ++port, destroy: () => undefined };
      const before = refused.length;
      const close = connections.opened(socket as unknown as Socket);
      if (refused.length === before) closers.push(close);
    }
    return closers;
  };
  return { open, refused };
}

describe("the connections of a peer", () => {
  it("are a share of those that fit, and give their places back", () => {
    const { open, refused } = create(1_000);
    const first = open("10.0.0.1", 1_000);
    expect(first).toHaveLength(500);
    expect(open("::ffff:10.0.0.1", 1)).toHaveLength(0);
    expect(open("10.0.0.2", 1_000)).toHaveLength(250);
    for (const close of first) close();
    expect(open("10.0.0.2", 1_000)).toHaveLength(125 + 125);
    expect(refused[0]).toBe("10.0.0.1");
  });

  it("are those of a whole IPv6 network", () => {
    const { open } = create(1_000);
    const found = Array.from({ length: 1_000 }, (_, i) => open(`2001:db8::${i.toString(16)}`, 1).length);
    expect(found.reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(open("2001:db8:0:1::1", 1)).toHaveLength(1);
  });

  it.each(["127.0.0.1", "::1", undefined, "10.0.0.9"])("from %s are not counted together", (address) => {
    const { open } = create(1_000);
    expect(open(address, 1_000)).toHaveLength(1_000);
  });
});
