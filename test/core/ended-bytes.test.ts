import { expect, it } from "vitest";
import { collectGarbage } from "../support/collect-garbage.js";
import { opened, Peers } from "./peers.js";

const REQUESTS = 250;
const PRODUCERS = 40;

it("records of requests whose producers have departed are charged with what they keep of the sessions", () => {
  const peers = new Peers();
  askAndDepart(peers, 20);
  const [chargedBefore, before] = [peers.held.commonBytes, measure()];

  askAndDepart(peers, REQUESTS);

  const [charged, measured] = [peers.held.commonBytes - chargedBefore, measure() - before];
  expect(measured).toBeGreaterThan(8 * 1_024 ** 2);
  expect(charged / measured).toBeGreaterThan(0.7);
  expect(charged / measured).toBeLessThan(1.3);
  expect(peers.held.peerBytes).toBe(0);
});

/** Requests to producers that do not answer and leave. */
function askAndDepart(peers: Peers, count: number): void {
  for (let i = 0; i < count; i++) {
    const sessions = Array.from({ length: PRODUCERS }, () => opened(peers.producer("10.0.0.1", ["t"])));
    peers.ask("10.0.0.1", { topic: "t" });
    for (const session of sessions) peers.close(session);
  }
}

function measure(): number {
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
