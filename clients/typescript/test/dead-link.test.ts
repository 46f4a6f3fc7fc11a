import { status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClient } from "../src/index.js";
import { greetListener, take } from "./connected-listener.js";
import { connectProducer, greetProducer } from "./connected-producer.js";
import { accepted, delivery, toListener } from "./messages.js";
import { type Peers, usePeers } from "./peers.js";
import { Wires } from "./wires.js";

const served = usePeers();
const OFTEN = { seconds: 0n, nanos: 100_000_000 };

/** The dispatcher, behind wires. */
async function behindWires(): Promise<Peers & { readonly wires: Wires }> {
  const { fake } = served;
  const wires = await Wires.to(fake.port);
  const client = createClient({ address: wires.address, reconnect: { initialDelayMs: 1, maxDelayMs: 5 } });
  onTestFinished(() => client.close({ graceMs: 0 }));
  return { fake, client, wires };
}

describe("a dead link", () => {
  it("is left by all that share it as soon as one stream misses its heartbeats", async () => {
    const peers = await behindWires();
    const { fake, client, wires } = peers;
    const { producer } = await connectProducer(peers);
    const dispatch = client.dispatch("topic1");
    await accepted(dispatch, await fake.nextSubmit());
    const listener = client.createListener({ topics: ["topic1"] });
    await greetListener(peers, { heartbeatInterval: OFTEN });
    await listener.ready();

    wires.freeze();
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

  it("is not taken for dead by streams that hear something", async () => {
    const peers = await behindWires();
    const listener = peers.client.createListener({ topics: ["topic1"] });
    const { call } = await greetListener(peers);
    await connectProducer(peers, {}, { heartbeatInterval: OFTEN });
    call.send(toListener(delivery("topic1", 1n)));
    expect(await take(listener, 1)).toEqual([1]);

    await greetProducer(peers);
    expect(peers.wires.count).toBe(2);

    call.send(toListener(delivery("topic1", 2n)));
    expect(await take(listener, 1)).toEqual([2]);
    await listener.close();
    await peers.wires.until(1);
  });
});
