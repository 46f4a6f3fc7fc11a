/**
 * Messages that take a server long, over real sockets: the messages of other peers are processed between their slices, and
 * the order of the long message's own stream holds.
 */
import { NoProducersAction, ProduceRequest, SubmitRequest } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import { connect, duration, type WireClient } from "../support/wire-client.js";

const COUNT = 20_000;

/** A large buffer: the client shares this process with the server and may read its responses late. */
const server = useServer({ callerBufferBytes: 1024 ** 3, producerBufferBytes: 1024 ** 3 });

/** A message with `count` empty entries in its field 1. */
function empty(count: number): Buffer {
  return Buffer.alloc(count * 2, Buffer.from([0x0a, 0]));
}

/** One request, its result and its summary. */
async function exchange(client: WireClient, topic: string): Promise<void> {
  const producer = await client.producer(`honest-${topic}`, [topic]);
  const gather = client.gather({ topic });
  producer.answer(await producer.next("assignment"), "answer");
  await gather.next("delivery");
  await gather.next("summary");
  producer.cancel();
}

async function rejectedCount(client: WireClient): Promise<number> {
  return Number((await client.serverInfo()).totals.rejectedRequests);
}

describe("while a message with 20,000 entries is processed,", () => {
  it("a SubmitRequest of requests that are rejected, another peer's request is answered, and then each submission", async () => {
    const [attacker, honest] = [connect(server.address), connect(server.address)];
    const stream = attacker.submit();
    const rejected = {
      correlationId: "r",
      request: { topic: "nobody", noProducersAction: NoProducersAction.FAIL },
    };
    const many = SubmitRequest.fromPartial({ submissions: Array(COUNT).fill(rejected) });
    stream.sendBytes(SubmitRequest.encode(many).finish());
    // A request with a shorter TTL may be rejected, because it waits behind the others.
    const last = { correlationId: "last", request: { topic: "nobody", ttl: duration(3_600_000) } };
    stream.sendBytes(SubmitRequest.encode(SubmitRequest.fromPartial({ submissions: [last] })).finish());
    stream.halfClose();
    await stream.next("rejection");
    await exchange(honest, "beside.submit");
    expect(await rejectedCount(honest)).toBeLessThan(COUNT);
    expect(await stream.ended).toMatchObject({ code: "OK" });
    expect(stream.all("rejection")).toHaveLength(COUNT);
    expect(stream.all("acceptance").map(({ correlationId }) => correlationId)).toEqual(["last"]);
    expect(stream.events.at(-1)?.$case).toBe("acceptance");
  });

  it("a ProduceRequest of Registers, another peer's request is answered, and later messages take effect later", async () => {
    const [attacker, honest] = [connect(server.address), connect(server.address)];
    const stream = await attacker.producer("attacker");
    const register = (topic: string) =>
      ({ message: { $case: "register", value: { registrations: [{ topic }] } } }) as const;
    const many = ProduceRequest.fromPartial({ messages: Array(COUNT).fill(register("*")) });
    stream.sendBytes(ProduceRequest.encode(many).finish());
    stream.sendBytes(
      ProduceRequest.encode(ProduceRequest.fromPartial({ messages: [register("last")] })).finish(),
    );
    stream.halfClose();
    await stream.next("registered");
    await exchange(honest, "beside.register");
    const info = (await honest.producers()).find(({ producerId }) => producerId === "attacker");
    expect(info?.registrations.map(({ topic }) => topic)).toEqual(["*"]);
    expect(await stream.ended).toMatchObject({ code: "OK" });
    const topics = stream.all("registered").map((event) => event.topics[0]);
    expect(topics).toHaveLength(COUNT + 1);
    expect(topics.at(-1)).toBe("last");
  });
});

describe("a stream that is reset while its message is processed", () => {
  it("causes no more work", async () => {
    const [attacker, honest] = [connect(server.address), connect(server.address)];
    const before = await rejectedCount(honest);
    const stream = attacker.submit();
    stream.sendBytes(empty(COUNT));
    await stream.next("rejection");
    stream.cancel();
    await stream.ended.catch(() => undefined);
    const progress = async () => (await rejectedCount(honest)) - (await rejectedCount(honest));
    await expect.poll(progress).toBe(0);
    expect((await rejectedCount(honest)) - before).toBeLessThan(COUNT);
  });
});
