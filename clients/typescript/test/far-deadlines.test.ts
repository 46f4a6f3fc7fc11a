import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Alarm, MAX_TIMER_MS } from "../src/async/alarm.js";
import { createDeferred } from "../src/async/deferred.js";
import { createClient, type SessionStatus } from "../src/index.js";
import { connectProducer } from "./connected-producer.js";
import { acceptance, assignment, rejection, summary, toProducer, toRequester } from "./messages.js";
import { roundTrip, usePeers } from "./peers.js";

const peers = usePeers();
const THIRTY_DAYS_MS = 30 * 86_400_000;
const THIRTY_DAYS = { seconds: BigInt(THIRTY_DAYS_MS / 1000), nanos: 0 };
const YEARS_MS = 100 * 365 * 86_400_000;

/** Fails the test if Node shortens a timer, which it does with a warning. */
function noTimerOverflows(): void {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on("warning", onWarning);
  onTestFinished(() => {
    process.off("warning", onWarning);
    expect(warnings).not.toContain("TimeoutOverflowWarning");
  });
}

describe("an alarm beyond the largest timer of Node", () => {
  afterEach(() => vi.useRealTimers());

  it("fires when it is due, not before", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    let firedCount = 0;
    const alarm = new Alarm();
    alarm.set(THIRTY_DAYS_MS, () => {
      firedCount += 1;
    });

    vi.advanceTimersByTime(MAX_TIMER_MS + 1);
    expect(firedCount).toBe(0);
    vi.advanceTimersByTime(THIRTY_DAYS_MS - MAX_TIMER_MS);

    expect(firedCount).toBe(1);
  });

  it("can be cleared after a part of its time, and may never fire", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const [cleared, endless] = [new Alarm(), new Alarm()];
    const fail = () => expect.unreachable();
    cleared.set(THIRTY_DAYS_MS, fail);
    endless.set(Number.POSITIVE_INFINITY, fail);

    vi.advanceTimersByTime(MAX_TIMER_MS + 1);
    cleared.clear();
    vi.advanceTimersByTime(THIRTY_DAYS_MS);

    endless.clear();
  });
});

describe("times of weeks and years", () => {
  it("are kept in TTLs of requests and assignments, intervals and grace periods", async () => {
    noTimerOverflows();
    const { producer, call, sent } = await connectProducer(
      peers,
      { handler: ({ remainingMs }) => remainingMs() },
      { heartbeatInterval: { seconds: BigInt(YEARS_MS / 1000), nanos: 0 } },
    );
    const value = { ...assignment("a1").value, ttl: THIRTY_DAYS };
    call.send(toProducer({ $case: "assignment", value }));
    const reply = await sent.next("reply");
    expect(reply.result?.outcome?.value).toBeGreaterThan(THIRTY_DAYS_MS - 60_000);

    const gather = peers.client.gather("topic1", { ttlMs: THIRTY_DAYS_MS });
    const unset = peers.client.gather("topic1");
    const submit = await peers.fake.nextSubmit();
    const [first, second] = (await submit.next()).submissions;
    const accepted = acceptance(second?.correlationId ?? "", "r2");
    submit.send(
      toRequester(acceptance(first?.correlationId ?? "", "r1"), {
        ...accepted,
        value: { ...accepted.value, ttl: THIRTY_DAYS },
      }),
    );
    await roundTrip(peers);
    submit.send(toRequester(summary("r1"), summary("r2")));

    expect(first?.request?.ttl).toEqual(THIRTY_DAYS);
    expect((await gather.summary).reason).toBe("ALL_ANSWERED");
    expect((await unset.summary).reason).toBe("ALL_ANSWERED");
    const closed = producer.close({ graceMs: YEARS_MS });
    await sent.next("drain");
    call.end();
    await closed;
  });

  it("are kept in delays that the server asks for", async () => {
    noTimerOverflows();
    const rejected = peers.client.dispatch("topic1");
    const submit = await peers.fake.nextSubmit();
    const [submission] = (await submit.next()).submissions;
    submit.send(toRequester(rejection(submission?.correlationId ?? "", status.UNAVAILABLE, "later", 1_000)));
    await expect(rejected).rejects.toMatchObject({ retryDelayMs: 1_000 });

    const client = createClient({
      address: peers.fake.address,
      reconnect: { initialDelayMs: YEARS_MS, maxDelayMs: YEARS_MS, jitter: 0 },
    });
    onTestFinished(() => client.close({ graceMs: 0 }));
    const lost = createDeferred<SessionStatus>();
    client.createProducer({ topics: [], handler: () => 1, onStatus: lost.resolve });
    (await peers.fake.nextProduce()).fail(status.UNAVAILABLE, "gone");

    expect(await lost.promise).toMatchObject({ type: "disconnected", retryInMs: YEARS_MS });
  });

  it("end at once when a client closes without a session and with an endless grace", async () => {
    const { client } = peers;
    const producer = client.createProducer({ topics: [], handler: () => 1 });

    await producer.close({ graceMs: Number.POSITIVE_INFINITY });
  });
});
