/**
 * Scenarios for a person with a command-line tool: JSON typed by hand, without generated code or a client library.
 */
import { isDeepStrictEqual } from "node:util";
import { HandCall, type HandSecurity, type Tool, type Typed } from "./hand-tool.js";
import type { Json, JsonObject } from "./protocol.js";
import type { Secured } from "./secured.js";
import { Server } from "./server.js";

/** A scenario for a command-line tool. */
export interface HandScenario {
  readonly name: string;
  readonly perform: (hand: Hand) => Promise<void>;
}

/** A person at a terminal with one tool. */
export class Hand {
  readonly #tool: Tool;
  readonly #program: string;
  readonly #address: string;
  readonly #security: HandSecurity | undefined;
  readonly #calls: HandCall[] = [];

  constructor(tool: Tool, program: string, address: string, security: HandSecurity | undefined) {
    this.#tool = tool;
    this.#program = program;
    this.#address = address;
    this.#security = security;
  }

  /** Begins a call. Without data, messages are typed later. */
  call(typed: Typed): HandCall {
    return this.#run(this.#tool.call(this.#address, typed, this.#security), typed.data === undefined);
  }

  /** Lists the services. */
  list(): HandCall {
    return this.#run(this.#tool.list(this.#address, this.#security), false);
  }

  /** Types the hello of a producer and waits for its welcome. */
  async producer(id: string, topic: string): Promise<HandCall> {
    const producer = this.call({ method: "DispatcherService/Produce" });
    producer.type(
      `{"messages":[{"hello":{"producerId":"${id}","labels":{"by":"hand"},"registrations":[{"topic":"${topic}"}]}}]}`,
    );
    await producer.next("welcome");
    return producer;
  }

  /** Kills the calls that are still running. */
  async close(): Promise<void> {
    await Promise.all(this.#calls.map((call) => call.kill()));
  }

  #run(args: readonly string[], isOpen: boolean): HandCall {
    const call = new HandCall(this.#program, args, isOpen);
    this.#calls.push(call);
    return call;
  }
}

/** Runs a scenario against a fresh server. Rejects with the first difference. @param secured - undefined for plaintext. */
export async function runByHand(tool: Tool, { perform }: HandScenario, secured?: Secured): Promise<void> {
  const program = await tool.prepare();
  const server = new Server(secured?.settings);
  const security = secured && { caFile: secured.caFile, token: secured.tokens.requester };
  const hand = new Hand(tool, program, await server.start(), security);
  try {
    await perform(hand);
  } finally {
    await hand.close();
    await server.kill();
  }
}

const REQUEST = `"topic":"topic1","args":[3,4,5],"kwargs":{"keyword":"b"}`;

/** All scenarios, in order. */
export const BY_HAND: readonly HandScenario[] = [
  {
    name: "what is served is found by reflection",
    async perform(hand) {
      const list = hand.list();
      equal("exit code", (await list.end()).code, 0);
      for (const name of ["DispatcherService", "IntrospectionService"]) {
        holds(`lists ${name}`, list.stdout.includes(`ate.dispatcher.v1.${name}`));
      }
    },
  },
  {
    name: "a dispatch, its producer and its listener are typed",
    async perform(hand) {
      const listener = hand.call({
        method: "DispatcherService/Listen",
        data: `{"topics":["topic1"],"includeSummaries":true}`,
      });
      await listener.next("ready");
      const producer = await hand.producer("me", "topic1");
      const dispatch = hand.call({
        method: "DispatcherService/Dispatch",
        data: `{"request":{${REQUEST},"ttl":"60s","requestId":"typed"}}`,
      });
      const { acceptance } = (await dispatch.end()).messages[0] as { readonly acceptance: JsonObject };
      const { requestId, listenerCount, ttl } = acceptance;
      equal(
        "acceptance",
        { requestId, listenerCount, ttl },
        { requestId: "typed", listenerCount: 1, ttl: "60s" },
      );
      const targets = acceptance["targets"] as readonly JsonObject[];
      equal(
        "targets",
        targets.map((target) => target["producerId"]),
        ["me"],
      );
      await answer(producer, `{"value":{"price":42}}`);
      const { topic, producerId, ordinal, sequence, result } = await listener.next("delivery");
      equal(
        "delivery",
        { topic, producerId, ordinal, sequence, result },
        {
          ...{
            topic: "topic1",
            producerId: "me",
            ordinal: 1,
            sequence: "1",
            result: { value: { price: 42 } },
          },
        },
      );
      equal("summary", (await listener.next("summary"))["reason"], "SUMMARY_REASON_ALL_ANSWERED");
      producer.type(`{"messages":[{"drain":{}}]}`);
      await producer.next("drained");
      producer.finish();
      equal("exit code of the producer", (await producer.end()).code, 0);
    },
  },
  {
    name: "a gather prints its acceptance, its results and its summary",
    async perform(hand) {
      const producers = [await hand.producer("one", "topic1"), await hand.producer("two", "topic1")];
      const gather = hand.call({
        method: "DispatcherService/Gather",
        data: `{"request":{${REQUEST},"ttl":"60s","completion":{"resultCount":1},"selector":{"matchLabels":{"by":"hand"}}}}`,
      });
      await gather.next("acceptance");
      for (const producer of producers.slice(1)) await producer.next("assignment");
      await answer(producers[0] as HandCall, `{"data":"AAEC","contentType":"application/octet-stream"}`);
      equal("result", (await gather.next("delivery"))["result"], {
        ...{ data: "AAEC", contentType: "application/octet-stream" },
      });
      const { reason, satisfied, outcomes } = await gather.next("summary");
      equal("summary", { reason, satisfied }, { reason: "SUMMARY_REASON_POLICY_MET", satisfied: true });
      equal("outcomes", statesIn(outcomes), {
        one: "OUTCOME_STATE_ANSWERED",
        two: "OUTCOME_STATE_CANCELLED",
      });
      equal("exit code", (await gather.end()).code, 0);
      const { reason: why } = await (producers[1] as HandCall).next("revocation");
      equal("revocation", why, "REVOCATION_REASON_COMPLETED");
    },
  },
  {
    name: "a request without producers ends at once",
    async perform(hand) {
      const gather = hand.call({
        method: "DispatcherService/Gather",
        data: `{"request":{"topic":"nobody"}}`,
      });
      equal("summary", (await gather.next("summary"))["reason"], "SUMMARY_REASON_NO_PRODUCERS");
      equal("exit code", (await gather.end()).code, 0);
    },
  },
  {
    name: "the deadline of a call is the TTL of its gather, and the summary still arrives",
    async perform(hand) {
      await hand.producer("silent", "topic1");
      const gather = hand.call({
        ...{ method: "DispatcherService/Gather", data: `{"request":{${REQUEST}}}`, deadlineMs: 1_000 },
      });
      const ttl = Number.parseFloat(String((await gather.next("acceptance"))["ttl"]));
      holds(`the TTL is below the deadline of 1 s: ${ttl}`, ttl > 0 && ttl < 1);
      const { reason, outcomes } = await gather.next("summary");
      equal("summary", reason, "SUMMARY_REASON_EXPIRED");
      equal("outcomes", statesIn(outcomes), { silent: "OUTCOME_STATE_MISSED" });
      equal("exit code", (await gather.end()).code, 0);
    },
  },
  {
    name: "who is there is listed",
    async perform(hand) {
      await hand.producer("me", "topic1");
      const listener = hand.call({ method: "DispatcherService/Listen", data: `{"topics":["*"]}` });
      await listener.next("ready");
      const data = `{"request":{${REQUEST},"ttl":"60s"}}`;
      await hand.call({ method: "DispatcherService/Dispatch", data }).end();
      const listed = async (method: string, field: string) => {
        const { code, messages } = await hand
          .call({ method: `IntrospectionService/${method}`, data: "{}" })
          .end();
        equal(`exit code of ${method}`, code, 0);
        return messages[0]?.[field] as readonly JsonObject[];
      };
      const topics = await listed("ListTopics", "topics");
      equal(
        "topics",
        topics.map(({ topic, producerCount, listenerCount }) => ({ topic, producerCount, listenerCount })),
        [{ topic: "topic1", producerCount: 1, listenerCount: 1 }],
      );
      const producers = await listed("ListProducers", "producers");
      equal(
        "producers",
        producers.map(({ producerId, labels }) => ({ producerId, labels })),
        [{ producerId: "me", labels: { by: "hand" } }],
      );
    },
  },
  {
    name: "bad input is refused, with the name of the field",
    async perform(hand) {
      const dispatch = hand.call({
        method: "DispatcherService/Dispatch",
        data: `{"request":{"topic":"a..b","ttl":"-1s"}}`,
      });
      const { code, messages, stderr } = await dispatch.end();
      holds("it fails", code !== 0 && messages.length === 0);
      holds(`says invalid argument: ${stderr}`, /invalid_?argument/i.test(stderr));
      for (const field of ["request.topic", "request.ttl"]) {
        holds(`names ${field}: ${stderr}`, stderr.includes(field));
      }
    },
  },
];

/** Answers the next assignment, after checking its request. */
async function answer(producer: HandCall, result: string): Promise<void> {
  const { assignmentId, request } = await producer.next("assignment");
  const { topic, args, kwargs } = request as JsonObject;
  equal("request", { topic, args, kwargs } as Json, {
    ...{ topic: "topic1", args: [3, 4, 5], kwargs: { keyword: "b" } },
  });
  producer.type(`{"messages":[{"reply":{"assignmentId":"${assignmentId}","result":${result}}}]}`);
}

function statesIn(outcomes: Json | undefined): object {
  const all = outcomes as readonly JsonObject[];
  return Object.fromEntries(all.map(({ producerId, state }) => [producerId, state]));
}

function equal(what: string, actual: unknown, expected: unknown): void {
  holds(
    `${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`,
    isDeepStrictEqual(actual, expected),
  );
}

function holds(what: string, is: boolean): void {
  if (!is) throw new Error(what);
}
