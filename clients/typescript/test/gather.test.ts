import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { SummaryReason } from "../src/gen/ate/dispatcher/v1/summary.js";
import type { Gather, GatherOptions } from "../src/index.js";
import { acceptance, delivery, rejection, summary, toRequester } from "./messages.js";
import { roundTrip, usePeers } from "./peers.js";

const peers = usePeers();

/** Starts a gather on the shared stream and accepts it as `id`. @returns both sides of it. */
async function accepted(id: string, options: GatherOptions = {}) {
  const gather = peers.client.gather("topic1", options);
  const call = await peers.fake.nextSubmit();
  const [submission] = (await call.next()).submissions;
  call.send(toRequester(acceptance(submission?.correlationId ?? "", id)));
  await gather.acceptance;
  return { gather, call, submission };
}

function result(requestId: string, value: number) {
  return { $case: "delivery", value: delivery("topic1", BigInt(value), { requestId }).value } as const;
}

async function collect(gather: Gather): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const { value } of gather) values.push(value);
  return values;
}

describe("a gather on the shared stream", () => {
  it("yields the results as they arrive and ends with the summary", async () => {
    const { gather, call, submission } = await accepted("r1", { excludeListeners: true });

    call.send(toRequester(result("r1", 1), result("r1", 2)));
    call.send(toRequester(summary("r1", SummaryReason.POLICY_MET)));

    expect(submission).toMatchObject({ gather: true, excludeListeners: true });
    expect(await collect(gather)).toEqual([1, 2]);
    expect(await gather.summary).toMatchObject({ requestId: "r1", reason: "POLICY_MET" });
  });

  it("is kept apart from another one", async () => {
    const first = await accepted("r1");
    const second = peers.client.gather("topic1");
    const [submission] = (await first.call.next()).submissions;
    first.call.send(
      toRequester(
        acceptance(submission?.correlationId ?? "", "r2"),
        result("r2", 20),
        result("r1", 10),
        summary("r2"),
        summary("r1"),
      ),
    );

    expect(await collect(first.gather)).toEqual([10]);
    expect(await collect(second)).toEqual([20]);
  });

  it("can be cancelled, and still gets its summary", async () => {
    const { gather, call } = await accepted("r1");

    gather.cancel();
    expect((await call.next()).cancelRequestIds).toEqual(["r1"]);
    call.send(toRequester(summary("r1", SummaryReason.CANCELLED)));

    expect(await collect(gather)).toEqual([]);
    expect((await gather.summary).reason).toBe("CANCELLED");
  });

  it("is cancelled when its loop is left", async () => {
    const { gather, call } = await accepted("r1");

    call.send(toRequester(result("r1", 1), result("r1", 2)));
    for await (const { value } of gather) if (value === 1) break;

    expect((await call.next()).cancelRequestIds).toEqual(["r1"]);
  });

  it("fails at once and is cancelled when its signal fires", async () => {
    const abort = new AbortController();
    const { gather, call } = await accepted("r1", { signal: abort.signal });

    abort.abort();

    await expect(collect(gather)).rejects.toMatchObject({ reason: "CANCELLED" });
    await expect(gather.summary).rejects.toMatchObject({ reason: "CANCELLED" });
    expect((await call.next()).cancelRequestIds).toEqual(["r1"]);
  });

  it("whose signal has fired before is not sent", async () => {
    await expect(
      collect(peers.client.gather("topic1", { signal: AbortSignal.abort() })),
    ).rejects.toMatchObject({
      reason: "CANCELLED",
    });
  });

  it("that is rejected throws from its loop and rejects its promises, awaited or not", async () => {
    const gather = peers.client.gather("topic1");
    const call = await peers.fake.nextSubmit();
    const [submission] = (await call.next()).submissions;

    call.send(
      toRequester(rejection(submission?.correlationId ?? "", status.RESOURCE_EXHAUSTED, "busy", 250)),
    );

    const expected = { code: status.RESOURCE_EXHAUSTED, retryable: true, retryDelayMs: 250 };
    await expect(collect(gather)).rejects.toMatchObject(expected);
    await expect(gather.acceptance).rejects.toMatchObject(expected);
  });

  it("throws after its last result when the connection breaks", async () => {
    const { gather, call } = await accepted("r1");
    const results = gather[Symbol.asyncIterator]();

    call.send(toRequester(result("r1", 1)));
    call.fail(status.UNAVAILABLE, "gone");

    expect((await results.next()).value?.value).toBe(1);
    await expect(results.next()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(gather.summary).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it("that cannot be encoded fails like one that is rejected", async () => {
    await expect(collect(peers.client.gather("topic1", { args: [1n as never] }))).rejects.toThrow(
      /args\[0\] is a bigint/,
    );
  });

  it("cannot have the id of another pending gather", async () => {
    const { call } = await accepted("r1", { requestId: "r1" });

    await expect(collect(peers.client.gather("topic1", { requestId: "r1" }))).rejects.toThrow(
      /is in use by another gather/,
    );
    call.send(toRequester(summary("r1")));
  });

  it("fails its loop, but not its summary, when too many results are queued", async () => {
    const { gather, call } = await accepted("r1");

    for (let message = 0; message <= 64; message++) {
      call.send(toRequester(...Array.from({ length: 1024 }, (_, index) => result("r1", index))));
    }
    call.send(toRequester(summary("r1")));

    expect((await gather.summary).reason).toBe("ALL_ANSWERED");
    await expect(collect(gather)).rejects.toMatchObject({ reason: "SLOW_CONSUMER" });
  });
});

describe("a gather in a call of its own", () => {
  it("yields the results as they arrive and ends with the summary", async () => {
    const gather = peers.client.gather("topic1", { unary: true, excludeListeners: true });
    const call = await peers.fake.nextGather();

    call.send(toRequester(acceptance("", "r1"), result("r1", 1)));
    call.send(toRequester(result("r1", 2), summary("r1")));
    call.end();

    expect(await call.next()).toMatchObject({ request: { topic: "topic1" }, excludeListeners: true });
    expect(await collect(gather)).toEqual([1, 2]);
    expect((await gather.acceptance).requestId).toBe("r1");
  });

  it("is cancelled by a separate call, so that its summary still arrives", async () => {
    peers.fake.onCancelRequest = ({ requestId }) => {
      call.send(toRequester(summary(requestId, SummaryReason.CANCELLED)));
      call.end();
      return { summary: undefined };
    };
    const gather = peers.client.gather("topic1", { unary: true });
    const call = await peers.fake.nextGather();
    call.send(toRequester(acceptance("", "r1")));

    gather.cancel();

    expect((await gather.summary).reason).toBe("CANCELLED");
  });

  it("fails with the status of the call", async () => {
    const gather = peers.client.gather("topic1", { unary: true });

    (await peers.fake.nextGather()).fail(status.FAILED_PRECONDITION, "nobody", "NO_PRODUCERS");

    await expect(collect(gather)).rejects.toMatchObject({ reason: "NO_PRODUCERS" });
  });

  it("fails when the call ends without a summary", async () => {
    const gather = peers.client.gather("topic1", { unary: true });
    const call = await peers.fake.nextGather();

    call.send(toRequester(acceptance("", "r1")));
    call.end();

    await expect(gather.summary).rejects.toMatchObject({ reason: "STREAM_ENDED", retryable: true });
  });

  it("pauses the server while its loop is behind", async () => {
    const gather = peers.client.gather("topic1", { unary: true });
    const results = gather[Symbol.asyncIterator]();
    const call = await peers.fake.nextGather();
    const padding = "x".repeat(64);
    const [messages, perMessage] = [64, 1024];
    call.send(toRequester(acceptance("", "r1")));

    for (let message = 0; message < messages; message++) {
      const batch = Array.from({ length: perMessage }, () => {
        const { value } = result("r1", 1);
        return { $case: "delivery", value: { ...value, context: { padding } } } as const;
      });
      call.send(toRequester(...batch));
    }
    await results.next();
    await roundTrip(peers);
    expect(call.isCongested).toBe(true);

    let count = 1;
    while (count < messages * perMessage) {
      await results.next();
      count += 1;
    }
    expect(call.isCongested).toBe(false);
    call.send(toRequester(summary("r1")));
    expect((await results.next()).done).toBe(true);
  });
});
