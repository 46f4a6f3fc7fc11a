/** A peer that calls and does not read: its answers are bounded, and nobody else notices. */
import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { constants } from "node:http2";
import { status as Code } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { startServer } from "../support/in-process.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";
import { bytesField } from "../support/wire-bytes.js";
import { connect } from "../support/wire-client.js";

const LIST_PRODUCERS = "/ate.dispatcher.v1.IntrospectionService/ListProducers";
const request = framed(bytesField(1, bytesField(1, "t")));
const everything = framed(Buffer.alloc(0));

/** Producers whose list has about 1.3 MB. */
async function fill(address: string): Promise<void> {
  const client = connect(address);
  const topics = Array.from({ length: 1_000 }, (_, i) => `unread.${"x".repeat(200)}.${i}`);
  for (let i = 0; i < 5; i++) await client.producer(`p${i}`, topics);
}

function beginUnread(session: ClientHttp2Session): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": LIST_PRODUCERS,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => undefined);
  stream.end(everything);
  return stream;
}

/** Makes a call whose answer is not read, and waits for its headers. */
async function callUnread(session: ClientHttp2Session): Promise<ClientHttp2Stream> {
  const stream = beginUnread(session);
  await once(stream, "response");
  return stream;
}

/** Makes a call whose answer is not read. @returns its headers, which have the status if it is refused. */
async function headOfUnread(session: ClientHttp2Session): Promise<IncomingHttpHeaders> {
  const [head] = (await once(beginUnread(session), "response")) as [IncomingHttpHeaders];
  return head;
}

describe("a connection whose answers are not read", () => {
  it("gets no further answer beyond a limit, also to other methods, until it reads", async () => {
    const { address } = await startServer();
    await fill(address);
    const session = connectRaw(address);
    const unread: ClientHttp2Stream[] = [];
    for (let i = 0; i < 60; i++) unread.push(await callUnread(session));
    const end = await callRaw(session, "Dispatch", request);
    expect(end.code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(end.refused).toMatchObject({
      reason: "UNREAD_LIMIT",
      metadata: { limit: String(8 * 1_024 ** 2) },
    });
    expect(end.refused?.retryDelayMs).toBeGreaterThan(0);
    const health = await callRaw(session, "/grpc.health.v1.Health/Check", everything);
    expect(health.refused?.reason).toBe("UNREAD_LIMIT");
    const other = connectRaw(address);
    expect((await callRaw(other, "Dispatch", request)).code).toBe(Code.OK);
    for (const stream of unread) {
      stream.resume();
      if (!stream.closed) await new Promise((resolve) => stream.on("close", resolve));
    }
    expect((await callRaw(session, "Dispatch", request)).code).toBe(Code.OK);
  });

  it("gets no further answer either if it has asked for all of them at once", async () => {
    const { address } = await startServer();
    await fill(address);
    const session = connectRaw(address);
    const heads = await Promise.all(Array.from({ length: 250 }, () => headOfUnread(session)));
    const refusedCount = heads.filter(
      (head) => head["grpc-status"] === String(Code.RESOURCE_EXHAUSTED),
    ).length;
    // A page has one producer here, of more than 200 KB: 8 MiB are some 40 answers.
    expect(refusedCount).toBeGreaterThan(200);
    expect(refusedCount).toBeLessThan(250);
  });

  it("loses a stream of reflection on which it asks on, and goes on", async () => {
    const { address } = await startServer({ closeTimeoutMs: 50 });
    const session = connectRaw(address);
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => undefined);
    const question = framed(bytesField(4, "ate.dispatcher.v1.DispatcherService"));
    stream.write(Buffer.concat(Array.from({ length: 1_000 }, () => question)));
    await new Promise((resolve) => stream.on("close", resolve));
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect((await callRaw(session, "Dispatch", request)).code).toBe(Code.OK);
  });

  it("loses the calls whose answers it does not read for closeTimeoutMs, and goes on", async () => {
    const { address } = await startServer({ closeTimeoutMs: 50 });
    await fill(address);
    const session = connectRaw(address);
    const stream = await callUnread(session);
    await new Promise((resolve) => stream.on("close", resolve));
    expect(stream.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect((await callRaw(session, "Dispatch", request)).code).toBe(Code.OK);
  });
});
