import { status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClient } from "../src/index.js";
import { greetListener, take } from "./connected-listener.js";
import { connectProducer, greetProducer } from "./connected-producer.js";
import { accepted, delivery, toListener } from "./messages.js";
import { type Peers, usePeers } from "./peers.js";
import { TcpProxy } from "./tcp-proxy.js";

const served = usePeers();
const SHORT_INTERVAL = { seconds: 0n, nanos: 100_000_000 };

/** A client that reaches the dispatcher through a TCP proxy. */
async function behindProxy(): Promise<Peers & { readonly proxy: TcpProxy }> {
  const { fake } = served;
  const proxy = await TcpProxy.to(fake.port);
  const client = createClient({ address: proxy.address, reconnect: { initialDelayMs: 1, maxDelayMs: 5 } });
  onTestFinished(() => client.close({ graceMs: 0 }));
  return { fake, client, proxy };
}

describe("a dead link", () => {
  it("is abandoned by all its calls when one stream misses its heartbeats", async () => {
    const peers = await behindProxy();
    const { fake, client, proxy } = peers;
    const { producer } = await connectProducer(peers);
    const dispatch = client.dispatch("topic1");
    await accepted(dispatch, await fake.nextSubmit());
    const listener = client.createListener({ topics: ["topic1"] });
    await greetListener(peers, { heartbeatInterval: SHORT_INTERVAL });
    await listener.ready();

    proxy.freeze();
    const lost = [
      client.dispatch("topic1"),
      client.updateListener("l-1", {}),
      client.gather("t", { unary: true }).summary,
    ];

    for (const each of lost) {
      await expect(each).rejects.toMatchObject({ code: status.UNAVAILABLE, reason: "HEARTBEAT_LOST" });
    }
    await greetProducer(peers);
    await greetListener(peers);
    await Promise.all([producer.ready(), listener.ready()]);
    await accepted(client.dispatch("topic1"), await fake.nextSubmit());
  });

  it("stays in use by the streams that still receive something", async () => {
    const peers = await behindProxy();
    const listener = peers.client.createListener({ topics: ["topic1"] });
    const { call } = await greetListener(peers);
    await connectProducer(peers, {}, { heartbeatInterval: SHORT_INTERVAL });
    call.send(toListener(delivery("topic1", 1n)));
    expect(await take(listener, 1)).toEqual([1]);

    await greetProducer(peers);
    expect(peers.proxy.count).toBe(2);

    call.send(toListener(delivery("topic1", 2n)));
    expect(await take(listener, 1)).toEqual([2]);
    await listener.close();
    await peers.proxy.until(1);
  });
});
