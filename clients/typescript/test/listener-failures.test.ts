import { expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import type { SessionStatus } from "../src/index.js";
import { connectListener } from "./connected-listener.js";
import { delivery, summary, toListener } from "./messages.js";
import { ODD_FAILURES } from "./odd-failures.js";
import { usePeers } from "./peers.js";

const peers = usePeers();
const GAP = { topic: "topic1", reason: 1, from: 1n, to: 2n, lostCount: 2n } as const;

it.each(ODD_FAILURES)(
  "a listener hears the next results after its callbacks fail with %s",
  async (_, thrown) => {
    for (const fail of [
      (): void => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ]) {
      const faults: SessionStatus[] = [];
      const heard = createDeferred<void>();
      let count = 0;
      const { listener, call } = await connectListener(peers, {
        onResult: () => {
          count += 1;
          if (count === 2) heard.resolve();
          return fail();
        },
        onGap: fail,
        onSummary: fail,
        onStatus: (change) => {
          if (change.type === "fault") faults.push(change);
        },
      });

      call.send(toListener(delivery("topic1", 1n), { $case: "gap", value: GAP }, summary("r1") as never));
      call.send(toListener(delivery("topic1", 3n)));
      await heard.promise;
      await listener.close();

      const reported = faults.map((change) => change.type === "fault" && change.error.details.split(" ")[0]);
      expect(reported.slice(0, 3).sort()).toEqual(["onGap", "onResult", "onSummary"]);
    }
  },
);
