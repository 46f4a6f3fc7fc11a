/**
 * Ids of other peers, which lists show to everybody, used against them: their sessions replaced, their topics removed,
 * their requests cancelled. Without authentication an id is only a name, so all of this is allowed; the process and what
 * has no such id must not suffer, and the neighbours must recover.
 */
import {
  CancelRequestRequest,
  ListListenersResponse,
  ListProducersResponse,
  ListRequestsResponse,
} from "ate-dispatcher-client/internal";
import type { Allowed, Attack } from "../attack.js";
import type { Attacker } from "../attacker/attacker.js";
import type { Connection } from "../attacker/connection.js";
import { hello, listen, METHOD, page, updateListener } from "./messages.js";

const ROUNDS = 20;

/** An attack that looks for ids and uses them, again and again. */
function againAndAgain(
  name: string,
  sends: string,
  allowed: Allowed,
  round: (connection: Connection, attacker: Attacker) => Promise<void>,
): Attack {
  return {
    name,
    sends,
    allowed,
    async run(attacker) {
      const connection = attacker.connect();
      for (let i = 0; i < ROUNDS && attacker.goesOn; i++) {
        await round(connection, attacker);
        await attacker.wait(100);
      }
    },
  };
}

export const sessionsReplaced: Attack = againAndAgain(
  "others-sessions-replaced",
  "Listen and Produce: with the ids of all listeners and producers",
  // Each round also replaces the sessions that the round before opened.
  {
    told: "ABORTED SESSION_REPLACED",
    problems: ["session: SESSION_REPLACED", "request: Error: gathered"],
  },
  async (connection) => {
    for (const id of await listenerIds(connection)) void connection.call(METHOD.listen, listen(id, []));
    for (const id of await producerIds(connection))
      connection.open(METHOD.produce).send(hello({ producerId: id }));
  },
);

export const topicsRemoved: Attack = againAndAgain(
  "others-topics-removed",
  "UpdateListener: removes the topics of all listeners",
  { told: "OK", problems: [] },
  async (connection) => {
    const remove = ["honest.work", "honest.>"];
    const ids = await listenerIds(connection);
    await Promise.all(
      ids.map((id) => connection.call(METHOD.updateListener, updateListener(id, { remove }))),
    );
  },
);

export const requestsCancelled: Attack = againAndAgain(
  "others-requests-cancelled",
  "CancelRequest: with the ids of all pending requests",
  { told: "OK", problems: ["request: Error: gathered 3 outcomes, CANCELLED"] },
  async (connection, attacker) => {
    for (let i = 0; i < 50 && attacker.goesOn; i++) {
      const ids = await requestIds(connection);
      const cancel = (requestId: string): Promise<string> =>
        connection.call(
          METHOD.cancelRequest,
          CancelRequestRequest.encode(CancelRequestRequest.create({ requestId })).finish(),
        );
      await Promise.all(ids.map(cancel));
    }
  },
);

async function listenerIds(connection: Connection): Promise<readonly string[]> {
  const { listeners } = ListListenersResponse.decode(
    await answer(connection, METHOD.listListeners, page(1_000)),
  );
  return listeners.map(({ listenerId }) => listenerId);
}

async function producerIds(connection: Connection): Promise<readonly string[]> {
  const { producers } = ListProducersResponse.decode(
    await answer(connection, METHOD.listProducers, page(1_000)),
  );
  return producers.map(({ producerId }) => producerId);
}

async function requestIds(connection: Connection): Promise<readonly string[]> {
  const { requests } = ListRequestsResponse.decode(
    await answer(connection, METHOD.listRequests, page(1_000)),
  );
  return requests.filter(({ pending }) => pending).map(({ requestId }) => requestId);
}

/** The answer to a call; empty if there is none. */
async function answer(connection: Connection, method: string, message: Buffer): Promise<Buffer> {
  let received: Buffer = Buffer.alloc(0);
  await connection.call(method, message, {
    onMessage: (bytes) => {
      received = bytes;
    },
  });
  return received;
}
