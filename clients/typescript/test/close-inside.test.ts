import { describe, expect, it } from "vitest";
import { createDeferred } from "../src/async/deferred.js";
import type { Producer } from "../src/index.js";
import { connectListener } from "./connected-listener.js";
import { connectProducer } from "./connected-producer.js";
import { assignment, delivery, toListener, toProducer } from "./messages.js";
import { usePeers } from "./peers.js";

const peers = usePeers();

type Side = Awaited<ReturnType<typeof connectProducer>>;

/** Plays the server's part of a drain: takes the answers to these assignments, then ends the stream. */
async function drained({ call, sent }: Side, ...assignmentIds: string[]): Promise<unknown[]> {
  await sent.next("drain");
  const values: unknown[] = [];
  for (const _ of assignmentIds) values.push((await sent.next("reply")).result?.outcome?.value);
  call.send(toProducer({ $case: "drained", value: {} }));
  await call.clientEnded;
  call.end();
  return values;
}

// The default grace is 30 s; the time limit of these tests is below it.
describe("closing from inside", { timeout: 8_000 }, () => {
  it.each<[what: string, close: (producer: Producer) => Promise<void>]>([
    ["the producer", (producer) => producer.close()],
    ["the client", () => peers.client.close()],
  ])("a handler may close %s and wait for it, and its answer goes out", async (_, close) => {
    const side = await connectProducer(peers, {
      handler: async () => {
        await Promise.resolve();
        await close(side.producer);
        return "answered";
      },
    });
    side.call.send(toProducer(assignment("a1")));

    expect(await drained(side, "a1")).toEqual(["answered"]);
    await side.producer.closed;
  });

  it("a handler that is not an async function may close the producer and wait for it", async () => {
    const side = await connectProducer(peers, {
      handler: () => side.producer.close().then(() => "answered"),
    });
    side.call.send(toProducer(assignment("a1")));

    expect(await drained(side, "a1")).toEqual(["answered"]);
  });

  it("a handler that calls an async function may close the producer and wait for it", async () => {
    const handle = async (): Promise<string> => {
      await Promise.resolve();
      await side.producer.close();
      return "answered";
    };
    const side = await connectProducer(peers, { handler: () => handle() });
    side.call.send(toProducer(assignment("a1")));

    expect(await drained(side, "a1")).toEqual(["answered"]);
  });

  it("a handler may close its producer after the first call of another producer's handler has returned", async () => {
    const release = createDeferred<void>();
    const side = await connectProducer(peers, {
      handler: async () => {
        await release.promise;
        await side.producer.close();
        return "answered";
      },
    });
    const other = await connectProducer(peers, { handler: () => "at once" });
    side.call.send(toProducer(assignment("a1")));
    other.call.send(toProducer(assignment("a2")));
    await other.sent.next("reply");
    release.resolve();

    expect(await drained(side, "a1")).toEqual(["answered"]);
  });

  it("several handlers may close the producer and wait for it", async () => {
    const side = await connectProducer(peers, {
      handler: async ({ assignmentId }) => {
        await side.producer.close();
        return assignmentId;
      },
    });
    side.call.send(toProducer(assignment("a1"), assignment("a2")));

    expect((await drained(side, "a1", "a2")).sort()).toEqual(["a1", "a2"]);
  });

  it("handlers of two producers may close the client and wait for it", async () => {
    const sides: Side[] = [];
    for (const name of ["one", "two"]) {
      sides.push(
        await connectProducer(peers, {
          handler: async () => {
            await peers.client.close();
            return name;
          },
        }),
      );
    }
    for (const { call } of sides) call.send(toProducer(assignment("a1")));

    expect(await Promise.all(sides.map((side) => drained(side, "a1")))).toEqual([["one"], ["two"]]);
    await Promise.all(sides.map(({ producer }) => producer.closed));
  });

  it("a handler that waits for the close waits for the other handlers", async () => {
    const release = createDeferred<string>();
    const order: string[] = [];
    const side = await connectProducer(peers, {
      handler: async ({ assignmentId }) => {
        if (assignmentId === "a2") {
          await release.promise;
          order.push("the other handler");
          return "a2";
        }
        await side.producer.close();
        order.push("the handler that closed");
        return "a1";
      },
    });
    side.call.send(toProducer(assignment("a1"), assignment("a2")));
    await side.sent.next("drain");
    release.resolve("now");
    await side.sent.next("reply");
    await side.sent.next("reply");

    expect(order).toEqual(["the other handler", "the handler that closed"]);
  });

  it("a handler that has ended waits for the close like any other code", async () => {
    const closed = createDeferred<void>();
    const side = await connectProducer(peers, {
      handler: () => {
        setImmediate(() => setImmediate(() => void side.producer.close().then(() => closed.resolve())));
        return "answered";
      },
    });
    side.call.send(toProducer(assignment("a1")));
    await side.sent.next("reply");
    await side.sent.next("drain");
    let isClosed = false;
    void closed.promise.then(() => {
      isClosed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);

    side.call.send(toProducer({ $case: "drained", value: {} }));
    await side.call.clientEnded;
    side.call.end();
    await closed.promise;
  });

  it("onResult may close the listener or the client, and wait for it", async () => {
    const [listenerClosed, clientClosed] = [createDeferred<void>(), createDeferred<void>()];
    const { listener, call } = await connectListener(peers, {
      onResult: async () => {
        await listener.close();
        listenerClosed.resolve();
      },
    });
    const other = await connectListener(peers, {
      onResult: async () => {
        await peers.client.close();
        clientClosed.resolve();
      },
    });

    call.send(toListener(delivery("topic1", 1n)));
    await listenerClosed.promise;
    other.call.send(toListener(delivery("topic1", 1n)));
    await clientClosed.promise;
  });

  it("a loop may close its listener and its client", async () => {
    const { listener, call } = await connectListener(peers);
    call.send(toListener(delivery("topic1", 1n), delivery("topic1", 2n)));
    const seen: unknown[] = [];

    for await (const { value } of listener) {
      seen.push(value);
      await listener.close();
      await peers.client.close();
    }

    expect(seen).toEqual([1]);
  });
});
