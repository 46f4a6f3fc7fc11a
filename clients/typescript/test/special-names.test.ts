import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { Hello } from "../src/gen/ate/dispatcher/v1/producer.js";
import { Request } from "../src/gen/ate/dispatcher/v1/request.js";
import { Delivery } from "../src/gen/ate/dispatcher/v1/result.js";
import { ErrorInfo } from "../src/gen/google/rpc/error_details.js";
import { type Json, ResultInit } from "../src/index.js";
import { connectListener } from "./connected-listener.js";
import { answer, connectProducer } from "./connected-producer.js";
import { delivery, toListener } from "./messages.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

/** Names that objects of JavaScript treat specially, each as an own property. */
const SPECIAL = Object.fromEntries(
  ["__proto__", "constructor", "toString", "hasOwnProperty", "__defineGetter__", ""].map((name) => [
    name,
    "x",
  ]),
);
const entriesOf = (map: object | undefined) => Object.entries(map ?? {}).sort();
const EXPECTED = entriesOf(SPECIAL);

describe("keys that JavaScript treats specially", () => {
  it("stay in the maps of every generated message", () => {
    const hello = Hello.decode(Hello.encode({ ...Hello.create(), labels: SPECIAL }).finish());
    const request = Request.decode(Request.encode({ ...Request.create(), attributes: SPECIAL }).finish());
    const context = Delivery.decode(Delivery.encode({ ...Delivery.create(), context: SPECIAL }).finish());
    const info = ErrorInfo.decode(ErrorInfo.encode({ ...ErrorInfo.create(), metadata: SPECIAL }).finish());

    expect(entriesOf(hello.labels)).toEqual(EXPECTED);
    expect(entriesOf(Hello.fromPartial({ labels: SPECIAL }).labels)).toEqual(EXPECTED);
    expect(entriesOf(request.attributes)).toEqual(EXPECTED);
    expect(entriesOf(context.context)).toEqual(EXPECTED);
    expect(entriesOf(info.metadata)).toEqual(EXPECTED);
  });

  it("reach the server in labels, selectors, attributes and arguments", async () => {
    const { hello } = await connectProducer(peers, { labels: SPECIAL });
    const options = {
      kwargs: SPECIAL,
      args: [SPECIAL],
      attributes: SPECIAL,
      selector: { matchLabels: SPECIAL },
      context: SPECIAL,
    };
    void peers.client.dispatch("topic1", options).catch(() => {});
    const [submission] = (await (await peers.fake.nextSubmit()).next()).submissions;

    expect(entriesOf(hello.labels)).toEqual(EXPECTED);
    expect(entriesOf(submission?.request?.attributes)).toEqual(EXPECTED);
    expect(entriesOf(submission?.request?.selector?.matchLabels)).toEqual(EXPECTED);
    expect(entriesOf(submission?.context)).toEqual(EXPECTED);
    expect(entriesOf(submission?.request?.kwargs)).toEqual(EXPECTED);
    expect(entriesOf(submission?.request?.args?.[0] as object)).toEqual(EXPECTED);
  });

  it("reach a handler, and come back in its result", async () => {
    const { call, sent } = await connectProducer(peers, {
      handler: ({ kwargs, attributes }) =>
        new ResultInit({ value: { ...kwargs, nested: attributes }, attributes }),
    });

    const result = await answer(call, sent, "a1", { kwargs: SPECIAL, attributes: SPECIAL });

    expect(entriesOf(result?.attributes)).toEqual(EXPECTED);
    const value = result?.outcome?.value as { nested: object };
    expect(entriesOf(value.nested)).toEqual(EXPECTED);
    expect(Object.keys(value).sort()).toEqual([...Object.keys(SPECIAL), "nested"].sort());
  });

  it("reach a listener", async () => {
    const { listener, call } = await connectListener(peers);
    const outcome = { $case: "value", value: SPECIAL } as const;
    const result = { outcome, contentType: "", attributes: SPECIAL };
    call.send(toListener(delivery("topic1", 1n, { result, context: SPECIAL })));

    const { value: received } = await listener[Symbol.asyncIterator]().next();

    expect(entriesOf(received?.value as object)).toEqual(EXPECTED);
    expect(entriesOf(received?.attributes)).toEqual(EXPECTED);
    expect(entriesOf(received?.context)).toEqual(EXPECTED);
  });
});

describe("numbers that JSON or JavaScript treat specially", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 10n])(
    "are rejected with their path: %s",
    async (number) => {
      const args = [{ deep: [number as Json] }];

      await expect(peers.client.dispatch("topic1", { args })).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        fieldViolations: [{ field: "args[0].deep[0]" }],
      });
    },
  );

  it.each([-0, 2 ** 53 + 2, -(2 ** 63), 5e-324, Number.MAX_VALUE, 0.1 + 0.2])(
    "arrive to the last bit: %s",
    async (number) => {
      const { call, sent } = await connectProducer(peers, { handler: ({ args }) => args[0] ?? null });

      const result = await answer(call, sent, "a1", { args: [number] });

      expect(Object.is(result?.outcome?.value, number)).toBe(true);
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("are decoded as they arrive: %s", async (number) => {
    const { listener, call } = await connectListener(peers);
    const result = { outcome: { $case: "value", value: [number] }, contentType: "", attributes: {} } as const;
    call.send(toListener(delivery("topic1", 1n, { result })));

    const { value: received } = await listener[Symbol.asyncIterator]().next();

    expect(received?.value).toEqual([number]);
  });
});
