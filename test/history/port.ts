/**
 * One stream of the dispatcher on plain gRPC: messages in, messages out, and the end of the stream.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, type ClientReadableStream, credentials, Metadata, type StatusObject } from "@grpc/grpc-js";
import { ROOT } from "../support/root.js";
import { readEnd } from "../support/wire-status.js";

const SERVICE = "/ate.dispatcher.v1.DispatcherService/";
const PIPED_STREAM = join(ROOT, "test/history/piped-stream.mjs");

/** Receives the events of a stream. */
export interface Receiver {
  receive(message: Buffer): void;
  /** Called once, at the end. @param code - name of the gRPC status code. */
  ended(code: string, reason: string): void;
}

/** The operations of a stream. */
export interface Port {
  send(message: Uint8Array): void;
  /** Ends the stream abruptly, by a reset or by killing the process. */
  sever(): void;
  /** Releases all resources; no further event is reported. */
  close(): void;
}

/** Opens a stream in this process, on its own connection. @param first - the request of a server stream. */
export function openPort(address: string, method: string, receiver: Receiver, first?: Uint8Array): Port {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
  });
  const path = SERVICE + method;
  const duplex =
    first === undefined ? client.makeBidiStreamRequest(path, asItIs, asItIs, new Metadata()) : undefined;
  const call: ClientReadableStream<Buffer> =
    duplex ?? client.makeServerStreamRequest(path, asItIs, asItIs, Buffer.from(first ?? []), new Metadata());
  let isOver = false;
  call.on("data", (message: Buffer) => void (isOver || receiver.receive(message)));
  // The status event, which always follows, reports the same error.
  call.on("error", () => undefined);
  call.on("status", (status: StatusObject) => {
    client.close();
    if (isOver) return;
    isOver = true;
    const { code, reason } = readEnd(status);
    receiver.ended(code, reason);
  });
  const sever = () => call.cancel();
  return {
    send: (message) => void duplex?.write(Buffer.from(message)),
    sever,
    close: () => {
      isOver = true;
      sever();
    },
  };
}

/** Opens a duplex stream in its own process; `sever` kills the process. */
export function openProcessPort(address: string, method: string, receiver: Receiver): Port {
  const child = spawn(process.execPath, [PIPED_STREAM, address, method], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const killChild = () => void child.kill("SIGKILL");
  process.on("exit", killChild);
  let isOver = false;
  let status = { code: "UNAVAILABLE", reason: "" };
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    if (isOver) return;
    if (line.startsWith("{")) status = JSON.parse(line) as typeof status;
    else receiver.receive(Buffer.from(line, "base64"));
  });
  child.stdin.on("error", () => undefined);
  child.on("close", () => {
    process.off("exit", killChild);
    if (isOver) return;
    isOver = true;
    receiver.ended(status.code, status.reason);
  });
  return {
    send: (message) => void (isWritable(child) && child.stdin?.write(`${base64(message)}\n`)),
    sever: killChild,
    close: () => {
      isOver = true;
      killChild();
    },
  };
}

function isWritable({ stdin }: ChildProcess): boolean {
  return stdin?.writable ?? false;
}

function base64(message: Uint8Array): string {
  return Buffer.from(message).toString("base64");
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
