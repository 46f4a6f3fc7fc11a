import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { SubmitRequest } from "../src/gen/ate/dispatcher/v1/dispatcher_service.js";
import type { DispatcherClient } from "../src/index.js";
import { withReason } from "./fake-call.js";
import { acceptance, accepted, rejection, toRequester } from "./messages.js";
import { usePeers } from "./peers.js";

const peers = usePeers({ metadata: { authorization: "Bearer t" } });

const correlationIds = (message: SubmitRequest) =>
  message.submissions.map(({ correlationId }) => correlationId);

describe("dispatches on the shared stream", () => {
  it("of one turn share a message, and each gets its own response", async () => {
    const dispatched = Promise.all(
      ["topic1", "topic2", "topic3"].map((topic) => peers.client.dispatch(topic)),
    );

    const call = await peers.fake.nextSubmit();
    const message = await call.next();
    const ids = correlationIds(message);
    call.send(toRequester(...[...ids].reverse().map((id) => acceptance(id, `r${id}`))));

    expect(message.submissions.map(({ request }) => request?.topic)).toEqual(["topic1", "topic2", "topic3"]);
    expect(new Set(ids).size).toBe(3);
    expect((await dispatched).map(({ requestId }) => requestId)).toEqual(ids.map((id) => `r${id}`));
    expect(call.metadata.get("authorization")).toEqual(["Bearer t"]);
  });

  it("carry all options", async () => {
    void peers.client
      .dispatch("topic1", {
        args: [3, null],
        kwargs: { ttl: 1, reply_to: "x" },
        data: Uint8Array.of(1),
        contentType: "image/png",
        attributes: { k: "v" },
        ttlMs: 1500.5,
        requestId: "r1",
        completion: {
          quorumPercent: 50,
          stallTimeoutMs: 20,
          minResults: 2,
          countErrors: true,
          loserAction: "LET_RUN",
        },
        selector: { producerIds: ["p"], matchLabels: { region: "eu" }, maxTargets: 4 },
        noProducersAction: "WAIT",
        context: { traceparent: "00-1" },
      })
      .catch(() => {});

    const [submission] = (await (await peers.fake.nextSubmit()).next()).submissions;
    expect(submission).toMatchObject({
      gather: false,
      context: { traceparent: "00-1" },
      request: {
        topic: "topic1",
        args: [3, null],
        kwargs: { ttl: 1, reply_to: "x" },
        data: Buffer.of(1),
        contentType: "image/png",
        attributes: { k: "v" },
        ttl: { seconds: 1n, nanos: 500_500_000 },
        requestId: "r1",
        completion: {
          until: { $case: "quorumPercent", value: 50 },
          stallTimeout: { seconds: 0n, nanos: 20_000_000 },
          minResults: 2,
          countErrors: true,
          loserAction: 2,
        },
        selector: { producerIds: ["p"], matchLabels: { region: "eu" }, maxTargets: 4 },
        noProducersAction: 3,
      },
    });
  });

  it("that are rejected fail with the server's error, and the stream continues", async () => {
    const rejected = peers.client.dispatch("topic1");
    const fine = peers.client.dispatch("topic2");
    const call = await peers.fake.nextSubmit();
    const [first = "", second = ""] = correlationIds(await call.next());

    call.send(toRequester(rejection(first, status.FAILED_PRECONDITION, "nobody"), acceptance(second, "r2")));

    await expect(rejected).rejects.toMatchObject({
      name: "DispatcherError",
      code: status.FAILED_PRECONDITION,
      reason: "FAILED_PRECONDITION",
      details: "nobody",
      retryable: false,
    });
    expect((await fine).requestId).toBe("r2");
  });

  it("that are pending when the connection breaks fail as retryable, and the next one opens a new stream", async () => {
    const lost = peers.client.dispatch("topic1");
    const call = await peers.fake.nextSubmit();
    await call.next();

    call.fail(status.INTERNAL, "RST_STREAM");
    await expect(lost).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      reason: "STREAM_BROKEN",
      retryable: true,
    });

    await accepted(peers.client.dispatch("topic1"), await peers.fake.nextSubmit());
  });

  it("fail as retryable when the server cannot be reached", async () => {
    peers.fake.stop();

    await expect(peers.client.dispatch("topic1")).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      retryable: true,
    });
  });

  it("go to a new stream after GoAway, while the old stream finishes its requests", async () => {
    const before = peers.client.dispatch("topic1");
    const old = await peers.fake.nextSubmit();
    const [id = ""] = correlationIds(await old.next());

    old.send(toRequester({ $case: "goAway", value: { reason: 1, grace: undefined } }));
    await old.clientEnded;
    await accepted(peers.client.dispatch("topic2"), await peers.fake.nextSubmit());
    old.send(toRequester(acceptance(id, "r1")));

    expect((await before).requestId).toBe("r1");
    old.end();
  });

  it("that were aborted fail at once, and are cancelled as soon as their id is known", async () => {
    const abort = new AbortController();
    const aborted = peers.client.dispatch("topic1", { signal: abort.signal });
    const call = await peers.fake.nextSubmit();
    const [id = ""] = correlationIds(await call.next());

    abort.abort("changed my mind");
    await expect(aborted).rejects.toMatchObject({
      code: status.CANCELLED,
      reason: "CANCELLED",
      cause: "changed my mind",
    });
    call.send(toRequester(acceptance(id, "r1")));

    expect((await call.next()).cancelRequestIds).toEqual(["r1"]);
  });

  it("that were aborted before are not sent", async () => {
    const signal = AbortSignal.abort();

    await expect(peers.client.dispatch("topic1", { signal })).rejects.toMatchObject({ reason: "CANCELLED" });
    await expect(peers.client.dispatch("topic1", { signal, unary: true })).rejects.toMatchObject({
      reason: "CANCELLED",
    });
  });

  it.each<[what: string, options: Parameters<DispatcherClient["dispatch"]>[1], message: RegExp]>([
    ["arguments", { args: [{ a: [undefined] }] as never }, /args\[0\]\.a\[0\] is undefined/],
    ["a ttl that is not a number", { ttlMs: Number.NaN }, /ttlMs is NaN/],
    ["two goals", { completion: { resultCount: 1, firstSuccess: true } }, /completion has more than one/],
    [
      "half a result as the goal",
      { completion: { resultCount: 1.5 } },
      /completion.resultCount is 1.5; use a whole number/,
    ],
    ["text as data", { data: "text" as never }, /data is "text"; use a Uint8Array/],
  ])("with %s fail before they are sent", async (_, options, message) => {
    await expect(peers.client.dispatch("topic1", options)).rejects.toThrow(message);
  });
});

describe("dispatches in a call of their own", () => {
  it("send their trace context as metadata", async () => {
    let metadata: unknown;
    peers.fake.onDispatch = ({ request }, call) => {
      metadata = call.metadata.get("traceparent");
      return { acceptance: acceptance("", `id of ${request?.topic}`).value };
    };

    const { requestId } = await peers.client.dispatch("topic1", {
      unary: true,
      context: { traceparent: "00-1" },
    });

    expect(requestId).toBe("id of topic1");
    expect(metadata).toBe("00-1");
  });

  it("are used for requests that would block the shared stream", async () => {
    peers.fake.onDispatch = ({ request }) => ({
      acceptance: acceptance("", String(request?.data.length)).value,
    });

    const { requestId } = await peers.client.dispatch("topic1", { data: new Uint8Array(600 * 1024) });

    expect(requestId).toBe(String(600 * 1024));
  });

  it("fail with the reason in the trailers", async () => {
    peers.fake.onDispatch = () => {
      const [code, details] = [status.ALREADY_EXISTS, "other content"];
      throw Object.assign(new Error(details), {
        code,
        details,
        metadata: withReason(code, details, "ID_IN_USE"),
      });
    };

    await expect(peers.client.dispatch("topic1", { unary: true })).rejects.toMatchObject({
      code: status.ALREADY_EXISTS,
      reason: "ID_IN_USE",
      details: "other content",
    });
  });

  it("can be validated instead", async () => {
    peers.fake.onDispatch = ({ validateOnly }) => ({
      acceptance: {
        ...acceptance("", "").value,
        targets: [{ producerId: `${validateOnly}`, principal: "q", group: "g" }],
      },
    });

    expect((await peers.client.validate("topic1")).targets).toEqual([
      { producerId: "true", principal: "q", group: "g" },
    ]);
  });
});
