/** Messages that bypass grpc-js arrive as if grpc-js had written them. */
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGrpcJsInternals, type GrpcJsInternals } from "../../src/grpc/transport/grpc-js-internals.js";
import { writeMessage } from "../../src/grpc/transport/http2-stream.js";
import { PieceWriter } from "../../src/grpc/transport/piece-writer.js";

type Call = ServerWritableStream<Buffer, Buffer>;
const PATH = "/test.Service/Stream";
const SILENT = pino({ level: "silent" });
const verbatim = (bytes: Buffer): Buffer => bytes;

/** Sizes of parts: some are copied together, some are written alone, and one is empty. */
const PART_BYTES = [0, 3, 600, 40, 8_192, 40, 70_000, 511, 512];

/** Splits a message into parts. */
function partsOf(message: Buffer): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, i = 0; at < message.length || i < PART_BYTES.length; i++) {
    const end = at + (PART_BYTES[i % PART_BYTES.length] ?? 0);
    parts.push(message.subarray(at, end));
    at = end;
  }
  return parts;
}

/** Serves calls with `handle` and makes one call. @returns the received messages and the status. */
async function callOnce(handle: (call: Call, internals: GrpcJsInternals) => void) {
  const server = new Server();
  const internals = createGrpcJsInternals(server, SILENT);
  const method = { path: PATH, requestStream: false, responseStream: true } as const;
  const wire = { requestSerialize: verbatim, requestDeserialize: verbatim } as const;
  const back = { responseSerialize: verbatim, responseDeserialize: verbatim } as const;
  server.addService(
    { stream: { ...method, ...wire, ...back } },
    { stream: (call: Call) => handle(call, internals) },
  );
  onTestFinished(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, found: number) => (error ? reject(error) : resolve(found));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), bound);
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const call = client.makeServerStreamRequest(PATH, verbatim, verbatim, Buffer.alloc(0));
  const received: Buffer[] = [];
  call.on("data", (message: Buffer) => received.push(message));
  call.on("error", () => undefined);
  const code = await new Promise<status>((resolve) => call.on("status", (ended) => resolve(ended.code)));
  return { received, code };
}

describe("the HTTP/2 stream of a call", () => {
  it("sends messages of any size, in order and before the status", async () => {
    const sizes = [0, 1, 8_191, 8_192, 100_000, 3, 1_000_000, 127];
    const messages = sizes.map((size, index) => Buffer.alloc(size, index));
    let writtenCount = 0;
    const { received, code } = await callOnce((call, internals) => {
      const stream = internals.http2StreamOf(call);
      call.sendMetadata(new Metadata());
      for (const message of messages) {
        if (stream) writeMessage(stream, partsOf(message), (error) => (error ? undefined : writtenCount++));
      }
      call.emit("error", { code: status.ABORTED, details: "enough" });
    });
    expect(received.map((message) => message.length)).toEqual(sizes);
    expect(Buffer.concat(received).equals(Buffer.concat(messages))).toBe(true);
    expect(code).toBe(status.ABORTED);
    expect(writtenCount).toBe(messages.length);
  });

  it("reports progress within long messages, which arrive unchanged and before the status", async () => {
    const message = Buffer.alloc(4 * 1024 * 1024, "0123456789");
    const progress: string[] = [];
    const { received, code } = await callOnce((call, internals) => {
      const stream = internals.http2StreamOf(call);
      if (!stream) throw new Error("grpc-js no longer has the HTTP/2 stream");
      call.sendMetadata(new Metadata());
      const pieces = new PieceWriter(stream, () => progress.push("taken"));
      const written = () => progress.push("written");
      writeMessage(stream, partsOf(message), () => {
        written();
        pieces.restart();
        writeMessage(stream, [message], written);
        writeMessage(stream, [Buffer.from("short")], written);
        call.emit("error", { code: status.ABORTED, details: "enough" });
      });
    });
    expect(received.map((each) => each.length)).toEqual([message.length, message.length, 5]);
    expect(received.slice(0, 2).every((each) => each.equals(message))).toBe(true);
    expect(code).toBe(status.ABORTED);
    expect(progress.filter((what) => what === "written")).toHaveLength(3);
    // Pieces of 64 KiB, 128 KiB, and so on up to 1 MiB; after the restart again from 64 KiB.
    expect(progress.join(" ")).toMatch(/^(taken ){7,}written (taken ){7,}written written$/);
  });

  it("drops messages that are written after its end", async () => {
    const errors: unknown[] = [];
    let over = (): void => undefined;
    const closed = new Promise<void>((resolve) => {
      over = resolve;
    });
    const { received, code } = await callOnce((call, internals) => {
      const stream = internals.http2StreamOf(call);
      if (!stream) throw new Error("grpc-js no longer has the HTTP/2 stream");
      const recordError = (error: unknown) => errors.push(error);
      call.sendMetadata(new Metadata());
      writeMessage(stream, [Buffer.from("a")], () => undefined);
      call.end();
      stream.on("error", recordError);
      stream.once("finish", () => writeMessage(stream, [Buffer.from("b")], recordError));
      stream.once("close", over);
    });
    await closed;
    expect(received.map(String)).toEqual(["a"]);
    expect(code).toBe(status.OK);
    expect(errors).toEqual([]);
  });
});
