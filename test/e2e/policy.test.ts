/** What callers may do: every RPC of a real server under a policy, in stock messages. */
import { ListProducersRequest, ListProducersResponse } from "ate-dispatcher-client/internal";
import { afterAll, describe, expect, it } from "vitest";
import { startServer, useServer } from "../support/in-process.js";
import { EVERYTHING, writePolicy } from "../support/policy-file.js";
import { bearer, writeTokenFile } from "../support/token-file.js";
import { connect, type WireClient } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const tokens = writeTokenFile(
  ["admin", "desk", "other"].map((id) => ({
    token: `token-of-${id}`,
    id,
    groups: id === "desk" ? ["traders"] : [],
  })),
);
const policy = writePolicy([
  { principals: ["admin"], allow: EVERYTHING },
  {
    principals: ["group:traders"],
    allow: { request: ["quotes.>"], produce: ["quotes.*"], listen: ["quotes.>"], introspect: ["quotes.>"] },
  },
  { principals: ["*"], deny: { request: ["quotes.internal.>"], listen: ["quotes.internal.>"] } },
]);
afterAll(() => {
  tokens.remove();
  policy.remove();
});
const server = useServer({ authTokensFile: tokens.path, policyFile: policy.path });

function clientOf(id: "admin" | "desk" | "other"): WireClient {
  return connect(server.address, bearer(`token-of-${id}`).metadata);
}

const notAllowed = (action: string, topic: string) => ({
  code: "PERMISSION_DENIED",
  reason: "NOT_ALLOWED",
  metadata: { action, topic },
  message: `the policy does not allow ${action} on ${topic}; ask for a rule that does`,
});
const nowhere = (action: string) => ({
  code: "PERMISSION_DENIED",
  reason: "NOT_ALLOWED",
  metadata: { action },
});

describe("a caller", () => {
  it("may send requests on allowed topics only, whether a topic exists or not", async () => {
    const [desk, admin] = [clientOf("desk"), clientOf("admin")];
    await admin.producer("secret", ["quotes.internal.a", "orders"]);

    expect((await desk.dispatch({ topic: "quotes.eu" })).targets).toEqual([]);
    for (const topic of ["quotes.internal.a", "quotes.internal.b", "orders", "nothing"]) {
      const expected = notAllowed("request", topic);
      expect(await refusalOf(desk.dispatch({ topic }))).toMatchObject(expected);
      expect(await refusalOf(desk.dispatch({ topic }, { validateOnly: true }))).toMatchObject(expected);
      expect(await desk.gather({ topic }).ended).toMatchObject(expected);
    }
  });

  it("is told of a submission that is not allowed, and its stream goes on", async () => {
    const stream = clientOf("desk").submit();
    stream.submit({ correlationId: "no", request: { topic: "orders" } });
    stream.submit({ correlationId: "yes", request: { topic: "quotes.eu" } });

    const { correlationId, status } = await stream.next("rejection");
    expect([correlationId, status?.message]).toEqual([
      "no",
      "the policy does not allow request on orders; ask for a rule that does",
    ]);
    expect((await stream.next("acceptance")).correlationId).toBe("yes");
  });
});

describe("a producer", () => {
  it("may register allowed topics only: its Hello ends the stream, a later message gets a Fault", async () => {
    const desk = clientOf("desk");
    const registrations = [{ topic: "quotes.eu" }, { topic: "orders" }];
    const refused = desk.produce();
    refused.send({ $case: "hello", value: { producerId: "p", registrations } });
    expect(await refused.ended).toMatchObject(notAllowed("produce", "orders"));

    const producer = await desk.producer("p", ["quotes.eu"]);
    for (const topic of ["quotes.>", "*.eu", "quotes.internal.a", ">"]) {
      producer.send({ $case: "register", value: { registrations: [{ topic }], correlationId: topic } });
      const { correlationId, status } = await producer.next("fault");
      expect([correlationId, status?.code]).toEqual([topic, 7]);
    }
    producer.send({
      $case: "register",
      value: { registrations: [{ topic: "quotes.*" }], correlationId: "ok" },
    });
    expect((await producer.next("registered")).correlationId).toBe("ok");
    expect(
      await clientOf("other")
        .produce()
        .hello({})
        .catch(() => undefined),
    ).toBeUndefined();
  });
});

describe("a listener", () => {
  it("may listen to allowed topics only, on each of the ways to name them", async () => {
    const desk = clientOf("desk");
    const expected = notAllowed("listen", "quotes.>");
    // The wildcard covers quotes.internal.>, which is denied: it is refused, never narrowed.
    expect(await desk.listen({ topics: ["quotes.>"] }).ended).toMatchObject(expected);
    expect(await clientOf("other").listen({ topics: [] }).ended).toMatchObject(nowhere("listen"));

    const listener = await desk.listener({ listenerId: "l", topics: ["quotes.eu"] });
    const update = desk.updateListener({ listenerId: "l", addTopics: ["orders"] });
    expect(await refusalOf(update)).toMatchObject(notAllowed("listen", "orders"));
    expect(await desk.updateListener({ listenerId: "l", addTopics: ["quotes.us"] })).toEqual([
      "quotes.eu",
      "quotes.us",
    ]);
    expect(listener.all("goAway")).toEqual([]);

    const own = desk.subscribe();
    own.send({ $case: "listen", value: { topics: ["quotes.*"] } });
    await own.next("ready");
    own.send({ $case: "update", value: { addTopics: ["orders"] } });
    expect(await own.ended).toMatchObject(notAllowed("listen", "orders"));
  });
});

describe("somebody who looks", () => {
  it("sees allowed topics only, and is refused a list that covers others", async () => {
    const [desk, admin] = [clientOf("desk"), clientOf("admin")];
    await admin.producer("both", ["quotes.eu", "orders"]);
    await admin.dispatch({ topic: "orders", requestId: "theirs" });
    const list = (topic: string, client = desk) => {
      const request = ListProducersRequest.encode(ListProducersRequest.fromPartial({ topic })).finish();
      return client.unary("/ate.dispatcher.v1.IntrospectionService/ListProducers", request);
    };

    expect(await refusalOf(list(""))).toMatchObject(notAllowed("introspect", ">"));
    expect(await refusalOf(list("orders"))).toMatchObject(notAllowed("introspect", "orders"));
    const { producers } = ListProducersResponse.decode(await list("quotes.>"));
    const seen = producers.find(({ producerId }) => producerId === "both");
    expect(seen?.registrations.map(({ topic }) => topic)).toEqual(["quotes.eu"]);
    const all = ListProducersResponse.decode(await list("quotes.>", admin)).producers;
    expect(all.find(({ producerId }) => producerId === "both")?.registrations).toHaveLength(2);

    expect(await desk.watch().ended).toMatchObject(notAllowed("introspect", ">"));
    expect(await refusalOf(clientOf("other").serverInfo())).toMatchObject(nowhere("introspect"));
    for (const id of ["theirs", "none"]) {
      expect((await refusalOf(desk.cancelRequest(id, "admin"))).reason).toBe("NOT_ALLOWED");
    }
    expect((await admin.cancelRequest("theirs")).requestId).toBe("theirs");
  });

  it("pages through lists whose entries belong to principals", async () => {
    const [desk, admin] = [clientOf("desk"), clientOf("admin")];
    for (const client of [desk, admin]) await client.producer("page", ["quotes.paged"]);
    const ids: string[] = [];
    let pageToken = "";
    do {
      const request = ListProducersRequest.fromPartial({ topic: "quotes.paged", pageSize: 1, pageToken });
      const bytes = await admin.unary(
        "/ate.dispatcher.v1.IntrospectionService/ListProducers",
        ListProducersRequest.encode(request).finish(),
      );
      const page = ListProducersResponse.decode(bytes);
      ids.push(...page.producers.map(({ producerId, principal }) => `${producerId} of ${principal}`));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");

    expect(ids).toEqual(["page of admin", "page of desk"]);
  });
});

describe("an administrator", () => {
  it("may cancel the requests of others, and nobody else may", async () => {
    const [desk, admin] = [clientOf("desk"), clientOf("admin")];
    await admin.producer("slow", ["quotes.slow"]);
    await desk.dispatch({ topic: "quotes.slow", requestId: "long" });

    expect((await refusalOf(clientOf("other").cancelRequest("long", "desk"))).reason).toBe("NOT_ALLOWED");
    expect((await admin.cancelRequest("long", "desk")).requester).toBe("desk");
  });
});

describe("a group that the policy shares", () => {
  it("has members of several principals, and no listener may take it to topics that are not shared", async () => {
    const shared = writePolicy([{ principals: ["*"], allow: EVERYTHING, shareGroups: ["shared.>"] }]);
    const { address } = await startServer({ authTokensFile: tokens.path, policyFile: shared.path });
    const [desk, other] = ["desk", "other"].map((id) => connect(address, bearer(`token-of-${id}`).metadata));
    if (!desk || !other) throw new Error("no clients");
    const hello = { registrations: [{ topic: "shared.a", group: "g" }] };
    for (const client of [desk, other]) await client.producer("p", [], hello);
    expect((await desk.dispatch({ topic: "shared.a" })).targets).toHaveLength(1);

    await desk.listener({ listenerId: "l", topics: ["shared.a"], group: "g" });
    const update = desk.updateListener({ listenerId: "l", addTopics: ["own"] });
    expect(await refusalOf(update)).toMatchObject({
      reason: "NOT_ALLOWED",
      metadata: { action: "listen", group: "g" },
    });
    expect(await desk.updateListener({ listenerId: "l", addTopics: ["shared.b"] })).toEqual([
      "shared.a",
      "shared.b",
    ]);
    shared.remove();
  });
});

describe("a policy without authentication", () => {
  const open = writePolicy([{ principals: ["anonymous"], allow: { request: ["public.>"] } }]);
  afterAll(open.remove);

  it("says what anonymous callers may do", async () => {
    const { address } = await startServer({ policyFile: open.path });
    const client = connect(address);

    expect((await client.dispatch({ topic: "public.a" })).targets).toEqual([]);
    expect(await refusalOf(client.dispatch({ topic: "private" }))).toMatchObject(
      notAllowed("request", "private"),
    );
  });
});

describe("a policy that is replaced", () => {
  it("counts for the next message of open streams, and a mistake in it changes nothing", async () => {
    const changing = writePolicy([{ principals: ["anonymous"], allow: EVERYTHING }]);
    const { address, dispatcher } = await startServer({ policyFile: changing.path });
    const stream = connect(address).submit();
    const ask = async (answer: "acceptance" | "rejection"): Promise<void> => {
      stream.submit({ correlationId: "c", request: { topic: "t" } });
      await stream.next(answer);
    };
    await ask("acceptance");
    changing.replace([{ principals: ["anonymous"], deny: EVERYTHING }]);
    expect(await dispatcher.reload()).toEqual([{ what: "policy", result: "replaced" }]);
    await ask("rejection");
    changing.replace([{ principals: ["anonymous"], allow: { request: ["not a topic"] } }]);
    expect(await dispatcher.reload()).toMatchObject([
      { result: "refused", why: expect.stringContaining("line ") },
    ]);
    await ask("rejection");
    changing.remove();
  });
});
