/**
 * An interceptor may delay the headers of a call. Messages bypass grpc-js, but must not be sent before the headers.
 */
import {
  Client,
  credentials,
  type Metadata,
  ResponderBuilder,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from "@grpc/grpc-js";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { refusal } from "../../src/core/vocabulary/reason.js";
import { type OutgoingCall, subscribe } from "../../src/grpc/transport/call.js";
import { sinkOf } from "../../src/grpc/transport/call-sink.js";
import { createGrpcJsInternals } from "../../src/grpc/transport/grpc-js-internals.js";
import type { Sink } from "../../src/ports/sink.js";

const SILENT = pino({ level: "silent" });
const closing = { watch: () => () => undefined };
const verbatim = (bytes: Buffer): Buffer => bytes;
const WIRE = {
  requestSerialize: verbatim,
  requestDeserialize: verbatim,
  responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
  responseDeserialize: verbatim,
};
const OUTGOING = { path: "/test.Service/Outgoing", requestStream: false, responseStream: true, ...WIRE };
const BIDI = { path: "/test.Service/Bidi", requestStream: true, responseStream: true, ...WIRE };

/** Delays the headers of a call until `release` is called. */
function holdHeaders() {
  let release = (): void => undefined;
  let count = 0;
  const interceptor: ServerInterceptor = (_method, call) => {
    const responder = new ResponderBuilder().withSendMetadata((metadata, next) => {
      count++;
      metadata.set("held", "yes");
      release = () => next(metadata);
    });
    return new ServerInterceptingCall(call, responder.build());
  };
  return {
    interceptor,
    release: () => release(),
    get count() {
      return count;
    },
  };
}

/** Serves one call through a sink, as every RPC does, and makes the call. @returns the sink and the caller's side. */
async function openSink(kind: "outgoing" | "bidi", interceptor: ServerInterceptor) {
  const server = new Server({ interceptors: [interceptor] });
  const internals = createGrpcJsInternals(server, SILENT);
  let opened = (_sink: Sink): void => undefined;
  const sink = new Promise<Sink>((resolve) => {
    opened = resolve;
  });
  const handle = (call: OutgoingCall): void => {
    const made = sinkOf(call, { logger: SILENT, closing, internals });
    subscribe(call, { logger: SILENT, connections: undefined }, { closed: () => undefined });
    opened(made);
  };
  server.addService({ outgoing: OUTGOING, bidi: BIDI }, { outgoing: handle, bidi: handle });
  onTestFinished(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, found: number) => (error ? reject(error) : resolve(found));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), bound);
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const call =
    kind === "bidi"
      ? client.makeBidiStreamRequest(BIDI.path, verbatim, verbatim)
      : client.makeServerStreamRequest(OUTGOING.path, verbatim, verbatim, Buffer.alloc(0));
  const received: string[] = [];
  const headers = new Promise<Metadata>((resolve) => call.on("metadata", resolve));
  const ended = new Promise<status>((resolve) => call.on("status", ({ code }) => resolve(code)));
  call.on("data", (message: Buffer) => received.push(String(message)));
  call.on("error", () => undefined);
  return { sink: await sink, headers, received, ended };
}

/** Writes a text in two parts. Resolves when the transport has accepted it. */
function write(sink: Sink, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  return new Promise((resolve) => sink.write([bytes.subarray(0, 1), bytes.subarray(1)], resolve));
}

describe.each(["outgoing", "bidi"] as const)("while the headers of a stream are delayed (%s),", (kind) => {
  it("messages wait for the headers and arrive in order, and so do the messages after them", async () => {
    const held = holdHeaders();
    const { sink, headers, received, ended } = await openSink(kind, held.interceptor);
    const early = Promise.all([write(sink, "one"), write(sink, "two")]);
    held.release();
    const middle = write(sink, "three");
    await early;
    await middle;
    await write(sink, "four");
    await write(sink, "five");
    sink.end(undefined);

    expect(await ended).toBe(status.OK);
    expect((await headers).get("held")).toEqual(["yes"]);
    expect(received).toEqual(["one", "two", "three", "four", "five"]);
    expect(held.count).toBe(1);
  });

  it("the status waits for the headers and the messages", async () => {
    const held = holdHeaders();
    const { sink, received, ended } = await openSink(kind, held.interceptor);
    void write(sink, "one");
    void write(sink, "two");
    sink.end(refusal("SHUTTING_DOWN", "enough"));
    held.release();

    expect(await ended).toBe(status.UNAVAILABLE);
    expect(received).toEqual(["one", "two"]);
  });

  it("a message after the status is dropped", async () => {
    const held = holdHeaders();
    const { sink, received, ended } = await openSink(kind, held.interceptor);
    void write(sink, "one");
    void write(sink, "two");
    sink.end(refusal("SHUTTING_DOWN", "enough"));
    void write(sink, "three");
    held.release();

    expect(await ended).toBe(status.UNAVAILABLE);
    expect(received).toEqual(["one", "two"]);
  });
});
