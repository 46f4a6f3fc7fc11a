/**
 * A server that tells its parent process what its ledger has, and what it has in memory.
 *
 *     fork(held-bytes-server.mjs, { execArgv: ["--expose-gc"] })
 *
 * It sends its address, and answers each message with the bytes that are charged and measured.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { createDispatcher } from "../../dist/compose.js";
import { Ledger } from "../../dist/core/tables/ledger.js";

/** The ledger of the server, which nothing shows from outside. */
let ledger;
const { openPeer } = Ledger.prototype;
Ledger.prototype.openPeer = function (peer) {
  ledger = this;
  return openPeer.call(this, peer);
};

const WITHOUT_TIMEOUTS = { firstMessageTimeoutMs: 600_000, closeTimeoutMs: 600_000 };
const dispatcher = createDispatcher({
  ...{ listen: ["127.0.0.1:0"], logLevel: "silent", retainedBytes: 0, recentRequests: 0 },
  ...WITHOUT_TIMEOUTS,
});

process.on("message", async () => {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  process.send({ charged: ledger.heldBytes, measured: heapUsed + external });
});
process.on("disconnect", () => process.exit());
await dispatcher.start();
process.send(dispatcher.addresses[0]);
