/**
 * The naive dispatcher: plain grpc-js, ts-proto on every message in and out, one message per assignment and per
 * delivery, one setTimeout per request. It does the core of the work: scatter, gather until the TTL, deliver to every
 * listener. Everything that it leaves out (validation, credits, backpressure, ...) only makes it faster.
 */
import { randomUUID } from "node:crypto";
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import {
  type DispatchRequest,
  type DispatchResponse,
  type ListenRequest,
  type ListenResponse,
  NaiveService,
  type ProduceRequest,
  type ProduceResponse,
} from "./gen/naive.js";

type ProduceCall = ServerDuplexStream<ProduceRequest, ProduceResponse>;
type ListenCall = ServerWritableStream<ListenRequest, ListenResponse>;

interface Pending {
  readonly topic: string;
  readonly timer: NodeJS.Timeout;
  missing: number;
}

const NO_DATA = new Uint8Array();

const producers = new Map<string, Set<ProduceCall>>();
const listeners = new Map<string, Set<ListenCall>>();
const pending = new Map<string, Pending>();

function dispatch(call: { request: DispatchRequest }, callback: sendUnaryData<DispatchResponse>): void {
  const { topic, data, ttlMs } = call.request;
  const requestId = randomUUID();
  const asked = producers.get(topic) ?? new Set();
  const timer = setTimeout(() => pending.delete(requestId), ttlMs);
  pending.set(requestId, { topic, timer, missing: asked.size });
  for (const producer of asked) producer.write({ requestId, topic, ttlMs, data });
  callback(null, { requestId });
}

function produce(call: ProduceCall): void {
  const producerId = randomUUID();
  let topic = "";
  call.on("data", (message: ProduceRequest) => {
    if (message.requestId !== "") {
      deliver(producerId, message);
      return;
    }
    topic = message.topic;
    join(producers, topic, call);
    call.write({ requestId: "", topic, ttlMs: 0, data: NO_DATA });
  });
  call.on("end", () => {
    producers.get(topic)?.delete(call);
    call.end();
  });
}

function deliver(producerId: string, { requestId, data }: ProduceRequest): void {
  const request = pending.get(requestId);
  if (request === undefined) return;
  request.missing--;
  if (request.missing === 0) {
    clearTimeout(request.timer);
    pending.delete(requestId);
  }
  const { topic } = request;
  for (const listener of listeners.get(topic) ?? []) listener.write({ requestId, topic, producerId, data });
}

function listen(call: ListenCall): void {
  const { topic } = call.request;
  join(listeners, topic, call);
  call.write({ requestId: "", topic, producerId: "", data: NO_DATA });
  call.on("close", () => listeners.get(topic)?.delete(call));
}

function join<T>(members: Map<string, Set<T>>, topic: string, member: T): void {
  const set = members.get(topic) ?? new Set();
  members.set(topic, set.add(member));
}

const server = new Server();
server.addService(NaiveService, { dispatch, produce, listen });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`listening on 127.0.0.1:${port}`);
});
