/** Every list of IntrospectionService can be restricted to a topic or to a pattern, and Watch as well. */
import {
  ListListenersRequest,
  ListListenersResponse,
  ListProducersRequest,
  ListProducersResponse,
  ListRequestsRequest,
  ListRequestsResponse,
  ListTopicsRequest,
  ListTopicsResponse,
} from "ate-dispatcher-client/internal";
import { expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import { connect, type WireClient } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const server = useServer();
const SERVICE = "/ate.dispatcher.v1.IntrospectionService/";

type List = (client: WireClient, topic: string) => Promise<readonly string[]>;

const page = { pageSize: 0, pageToken: "", pendingOnly: false };

const LISTS: Readonly<Record<string, List>> = {
  ListTopics: async (client, topic) => {
    const request = ListTopicsRequest.encode({ ...page, topic }).finish();
    const { topics } = ListTopicsResponse.decode(await client.unary(`${SERVICE}ListTopics`, request));
    return topics.map((info) => info.topic);
  },
  ListProducers: async (client, topic) => {
    const request = ListProducersRequest.encode({ ...page, topic }).finish();
    const { producers } = ListProducersResponse.decode(
      await client.unary(`${SERVICE}ListProducers`, request),
    );
    return producers.map((info) => info.producerId);
  },
  ListListeners: async (client, topic) => {
    const request = ListListenersRequest.encode({ ...page, topic }).finish();
    const { listeners } = ListListenersResponse.decode(
      await client.unary(`${SERVICE}ListListeners`, request),
    );
    return listeners.map((info) => info.listenerId);
  },
  ListRequests: async (client, topic) => {
    const request = ListRequestsRequest.encode({ ...page, topic }).finish();
    const { requests } = ListRequestsResponse.decode(await client.unary(`${SERVICE}ListRequests`, request));
    return requests.map((info) => info.requestId).sort();
  },
};

/** Peers and requests on `pg.a`, `pg.b`, `pg.>` and `other`, named after their topics. */
async function populate(client: WireClient): Promise<void> {
  const topics = ["pg.a", "pg.b", "other"];
  for (const topic of [...topics, "pg.>"]) {
    await client.producer(`p:${topic}`, [topic]);
    await client.listener({ listenerId: `l:${topic}`, topics: [topic] });
  }
  for (const topic of topics) await client.dispatch({ topic, requestId: `r:${topic}` });
}

it.each([
  ["pg.a", ["pg.a"], ["pg.>", "pg.a"]],
  ["pg.*", ["pg.a", "pg.b"], ["pg.>", "pg.a", "pg.b"]],
  ["*.a", ["pg.a"], ["pg.>", "pg.a"]],
  ["pg.>", ["pg.a", "pg.b"], ["pg.>", "pg.a", "pg.b"]],
  ["nothing.*", [], []],
])(
  "lists restricted to %s hold what has to do with the topics that it covers",
  async (filter, topics, peers) => {
    const client = connect(server.address);
    await populate(client);

    for (const [name, list] of Object.entries(LISTS)) {
      const prefix = { ListTopics: "", ListProducers: "p:", ListListeners: "l:", ListRequests: "r:" }[name];
      const names = name === "ListTopics" || name === "ListRequests" ? topics : peers;
      expect([name, await list(client, filter)]).toEqual([name, names.map((each) => `${prefix}${each}`)]);
    }
  },
);

it.each(Object.entries(LISTS))("%s rejects a malformed topic", async (_, list) => {
  const refused = await refusalOf(list(connect(server.address), "a..b"));

  expect(refused).toMatchObject({ code: "INVALID_ARGUMENT", fields: ["topic"] });
});
