import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import {
  ListenerInfo,
  ProducerInfo,
  ServerInfo,
  type WatchEvent as WatchMessage,
} from "../src/gen/ate/dispatcher/v1/introspection.js";
import { Acceptance } from "../src/gen/ate/dispatcher/v1/request.js";
import { Summary, SummaryReason } from "../src/gen/ate/dispatcher/v1/summary.js";
import type { WatchEvent, WatchOptions } from "../src/index.js";
import { useIntrospection } from "./fake-introspection.js";

const peers = useIntrospection();
const AT = { seconds: 1_700_000_000n, nanos: 0 };
const time = new Date(1_700_000_000_000);

function events(...all: NonNullable<WatchMessage["event"]>[]): { events: WatchMessage[] } {
  return { events: all.map((event) => ({ time: AT, event, topic: "", principal: "q" })) };
}

function left(producerId: string): NonNullable<WatchMessage["event"]> {
  return { $case: "producerLeft", value: producerId };
}

/** Opens a watch. @returns both sides of it. */
async function open(options?: WatchOptions) {
  const watch = peers.client.introspect.watch(options)[Symbol.asyncIterator]();
  const first = watch.next();
  // A test may end before the first event.
  first.catch(() => {});
  return { watch, first, ...(await peers.fake.nextWatch()) };
}

async function take(watch: AsyncIterator<WatchEvent, undefined>, count: number) {
  const taken: (WatchEvent | undefined)[] = [];
  while (taken.length < count) taken.push((await watch.next()).value);
  return taken;
}

describe("a watch", () => {
  it("gives each kind of event its type, and skips unknown kinds", async () => {
    const { watch, first, call, asked } = await open({ topic: "a.>" });
    call.send(
      events(
        { $case: "server", value: { ...ServerInfo.create(), version: "1.2.3" } },
        { $case: "producerChanged", value: { ...ProducerInfo.create(), producerId: "p" } },
        left("p"),
        { $case: "listenerChanged", value: { ...ListenerInfo.create(), listenerId: "l" } },
        { $case: "listenerLeft", value: "l" },
        { $case: "requestAccepted", value: { ...Acceptance.create(), requestId: "r" } },
      ),
    );
    call.send({ events: [{ time: AT, event: undefined, topic: "", principal: "" }] });
    call.send(
      events(
        {
          $case: "requestEnded",
          value: { ...Summary.create(), requestId: "r", reason: SummaryReason.STALLED },
        },
        { $case: "lostCount", value: 12n },
      ),
    );

    expect(asked).toEqual({ topic: "a.>" });
    expect([(await first).value, ...(await take(watch, 7))]).toMatchObject([
      { type: "server", time, server: { version: "1.2.3" } },
      { type: "producerChanged", time, producer: { producerId: "p" } },
      { type: "producerLeft", time, producerId: "p" },
      { type: "listenerChanged", time, listener: { listenerId: "l" } },
      { type: "listenerLeft", time, listenerId: "l" },
      { type: "requestAccepted", time, acceptance: { requestId: "r" } },
      { type: "requestEnded", time, summary: { requestId: "r", reason: "STALLED" } },
      { type: "lost", time, lostCount: 12 },
    ]);
  });

  it("ends its call when the loop is left", async () => {
    const seen: string[] = [];
    const loop = (async () => {
      for await (const event of peers.client.introspect.watch()) {
        seen.push(event.type);
        break;
      }
    })();
    const { call } = await peers.fake.nextWatch();
    call.send(events(left("p"), left("q")));

    await loop;
    await call.clientEnded;
    expect(seen).toEqual(["producerLeft"]);
  });

  it("throws when its signal fires", async () => {
    const controller = new AbortController();
    const { first, call } = await open({ signal: controller.signal });

    controller.abort("enough");

    await expect(first).rejects.toMatchObject({ code: status.CANCELLED, cause: "enough" });
    await call.clientEnded;
    const again = peers.client.introspect.watch({ signal: controller.signal });
    expect(() => again[Symbol.asyncIterator]()).toThrow("the watch was aborted");
  });

  it("throws when the server ends it, with an error or without", async () => {
    const failing = await open();
    failing.call.fail(status.UNAVAILABLE, "shutting down", "SHUTTING_DOWN");
    await expect(failing.first).rejects.toMatchObject({ reason: "SHUTTING_DOWN", retryable: true });

    const ending = await open();
    ending.call.end();
    await expect(ending.first).rejects.toMatchObject({ reason: "STREAM_ENDED", retryable: true });
  });

  it("ends with the client", async () => {
    const { first, call } = await open();

    await peers.client.close();

    await expect(first).rejects.toMatchObject({ reason: "CLOSED" });
    await call.clientEnded;
    expect(() => peers.client.introspect.watch()[Symbol.asyncIterator]()).toThrow("the client is closed");
  });

  it("pauses the server while its loop is slow, and loses no event that arrived", async () => {
    const { watch, first, call } = await open();
    call.send(events(left("0")));
    await first;
    const padding = "x".repeat(4_096);
    const [messages, perMessage] = [100, 32];
    for (let message = 0; message < messages; message++) {
      call.send(
        events(
          ...Array.from({ length: perMessage }, (_, i) => left(`${message * perMessage + i} ${padding}`)),
        ),
      );
    }
    // Round trips, so that everything that was sent before has been processed.
    peers.fake.onServerInfo = () => ({ server: undefined });
    for (let trip = 0; trip < 20; trip++) await peers.client.introspect.serverInfo();
    expect(call.isCongested).toBe(true);

    const taken = await take(watch, messages * perMessage);
    expect(
      taken.map((event) => event?.type === "producerLeft" && Number.parseInt(event.producerId, 10)),
    ).toEqual(Array.from({ length: messages * perMessage }, (_, i) => i));
    expect(call.isCongested).toBe(false);
  });
});
