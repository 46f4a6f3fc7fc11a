/**
 * A peer of grpc-js with the stubs of @grpc/proto-loader and default options, and no client library:
 * `node javascript-peer.js ADDRESS ID`. README.md describes its commands and events.
 */
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ROOT } from "../root.js";

const [address = "", id = ""] = process.argv.slice(2);

/** A message of proto-loader: the fields that are set, in camel case. */
// biome-ignore lint/suspicious/noExplicitAny: proto-loader has no types for the messages of a file that it loads.
type Message = any;

const FILES = ["dispatcher_service", "introspection_service"].map(
  (name) => `ate/dispatcher/v1/${name}.proto`,
);
const definitions = loadSync(FILES, {
  includeDirs: [join(ROOT, "proto"), join(ROOT, "third_party/googleapis")],
});
const { ate } = loadPackageDefinition(definitions) as unknown as {
  ate: { dispatcher: { v1: Record<"DispatcherService" | "IntrospectionService", ServiceClientConstructor> } };
};
const { DispatcherService: Service, IntrospectionService } = ate.dispatcher.v1;
const stub: Message = new Service(address, credentials.createInsecure());
const introspection: Message = new IntrospectionService(address, credentials.createInsecure());

function report(event: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

/** Encodes a message again, to show what was read. */
function echo(method: string, message: object): string {
  const { responseSerialize } = { ...Service.service, ...IntrospectionService.service }[method] ?? {};
  return responseSerialize?.(message).toString("base64") ?? "";
}

/** Opens a stream again whenever it ends. */
function keepOpen(stream: string, open: () => ClientReadableStream<Message>): void {
  const call = open();
  call.on("error", ({ code, details }: ServiceError) => {
    report("ended", { stream, error: `${status[code]} ${details}` });
    keepOpen(stream, open);
  });
  call.on("end", () => undefined);
}

function listen(): ClientReadableStream<Message> {
  const call: ClientReadableStream<Message> = stub.Listen({
    ...{ listenerId: id, topics: ["stock.>"], includeSummaries: true },
  });
  call.on("data", ({ events = [] }: Message) => {
    for (const event of events) {
      const { ready, delivery, summary } = event;
      const text = () => echo("Listen", { events: [event] });
      if (ready) report("live", { stream: "listen" });
      if (delivery) report("delivery", { request_id: delivery.requestId, echo: text() });
      if (summary) report("summary", { request_id: summary.requestId, echo: text() });
    }
  });
  return call;
}

function produce(): ClientDuplexStream<Message, Message> {
  const call: ClientDuplexStream<Message, Message> = stub.Produce();
  const registrations = [{ topic: "stock.requests" }, { topic: `stock.${id}` }];
  call.write({ messages: [{ hello: { producerId: id, registrations } }] });
  call.on("data", ({ messages = [] }: Message) => {
    for (const message of messages) {
      const { welcome, assignment } = message;
      if (welcome) report("live", { stream: "produce" });
      if (!assignment) continue;
      const { assignmentId, requestId } = assignment;
      call.write({ messages: [{ reply: { assignmentId, result: { value: { stringValue: id } } } }] });
      report("assignment", { request_id: requestId, echo: echo("Produce", { messages: [message] }) });
    }
  });
  return call;
}

function gather(topic: string): void {
  const call: ClientReadableStream<Message> = stub.Gather({ request: { topic } });
  call.on("data", ({ events = [] }: Message) => {
    for (const event of events) {
      for (const kind of ["acceptance", "delivery", "summary"]) {
        const request_id = event[kind]?.requestId;
        if (event[kind]) report(`gather.${kind}`, { request_id, echo: echo("Gather", { events: [event] }) });
      }
    }
  });
  call.on("error", ({ code, details }: ServiceError) => {
    report("ended", { stream: "gather", error: `${status[code]} ${details}` });
  });
}

function listProducers(): void {
  introspection.ListProducers({}, (error: ServiceError | null, response: Message) => {
    if (error) report("ended", { stream: "list", error: `${status[error.code]} ${error.details}` });
    else report("listed", { echo: echo("ListProducers", response) });
  });
}

keepOpen("listen", listen);
keepOpen("produce", produce);
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line);
  if (command.list) listProducers();
  else gather(command.gather);
});
lines.on("close", () => process.exit(0));
