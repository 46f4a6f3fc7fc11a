/**
 * Executes the commands of the adapter protocol with the TypeScript client: `node typescript-adapter.js HOST:PORT`.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient, DispatcherError, type Listener, type Producer } from "ate-dispatcher-client";
import type { Command, ListenerFields, ProducerFields } from "./protocol.js";
import { requestOptions } from "./typescript-request.js";
import { ScriptedHandler, unprintable } from "./typescript-scripted-handler.js";
import { acceptanceView, deliveryView, errorView, summaryView } from "./typescript-views.js";

const address = process.argv[2] ?? "127.0.0.1:50051";
const { ATE_DISPATCHER_TLS_CA: caFile, ATE_DISPATCHER_TOKEN: token } = process.env;
const secure = caFile && token ? { tls: { ca: readFileSync(caFile) }, token } : {};
const libraryFile = fileURLToPath(import.meta.resolve("ate-dispatcher-client"));
const { version } = JSON.parse(readFileSync(new URL("../package.json", `file://${libraryFile}`), "utf8"));

const write = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** Everything that is open between two resets. */
class OpenPeers {
  readonly client = createClient({ address, ...secure, reconnect: { initialDelayMs: 20, maxDelayMs: 100 } });
  readonly producers = new Map<string, { readonly producer: Producer; readonly handler: ScriptedHandler }>();
  readonly listeners = new Map<string, Listener>();
  readonly gathers = new Map<string, { cancel(): void }>();
  #isClosed = false;

  /** Writes an event, unless a reset has followed. */
  readonly report = (event: object): void => {
    if (!this.#isClosed) write(event);
  };

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.client.close({ graceMs: 0 });
  }

  async openProducer(fields: ProducerFields): Promise<object> {
    const name = fields.producer;
    const handler = new ScriptedHandler(fields, this.report);
    const after = afterCallback(fields);
    const producer = this.client.createProducer({
      topics: fields.topics,
      handler: (assignment) => handler.handle(assignment),
      ...(fields.producer_id && { id: fields.producer_id }),
      ...(fields.concurrency && { concurrency: fields.concurrency }),
      ...(fields.backlog && { maxBacklog: fields.backlog }),
      ...(fields.labels && { labels: fields.labels }),
      ...(fields.display_name && { displayName: fields.display_name }),
      ...(fields.dispositions && {
        onDisposition: (_: string, state: string) => {
          this.report({ event: "disposition", producer: name, state });
          after();
        },
      }),
      ...(fields.failing_callbacks && { onStatus: after }),
    });
    handler.close = () => producer.close({ graceMs: 10_000 });
    await producer.ready();
    this.producers.set(name, { producer, handler });
    producer.closed.catch((error) =>
      this.report({ event: "closed", producer: name, error: errorView(error) }),
    );
    return { producer_id: producer.id };
  }

  async openListener(fields: ListenerFields): Promise<object> {
    const name = fields.listener;
    const after = afterCallback(fields);
    const listener = this.client.createListener({
      topics: fields.topics,
      onResult: async (result) => {
        this.report({ event: "result", listener: name, ...deliveryView(result) });
        if (fields.closes === true) await this.listeners.get(name)?.close();
        after();
      },
      onGap: ({ from, to, lostCount, ...gap }) => {
        this.report({
          ...{ event: "gap", listener: name, ...gap },
          ...{ from: Number(from), to: Number(to), lost_count: Number(lostCount) },
        });
        after();
      },
      ...(fields.summaries && {
        onSummary: (summary) => {
          this.report({ event: "summary", listener: name, ...summaryView(summary) });
          after();
        },
      }),
      ...(fields.failing_callbacks && { onStatus: after }),
      ...(fields.listener_id && { id: fields.listener_id }),
      ...(fields.group && { group: fields.group }),
      ...(fields.include_late && { includeLate: true }),
      ...(fields.buffer_bytes && { bufferBytes: fields.buffer_bytes }),
      ...(fields.overflow_action && { overflowAction: fields.overflow_action }),
    });
    await listener.ready();
    this.listeners.set(name, listener);
    listener.closed.catch((error) =>
      this.report({ event: "closed", listener: name, error: errorView(error) }),
    );
    return { listener_id: listener.id };
  }

  async gather(command: Command): Promise<object> {
    const { gather: name = "", topic = "" } = command;
    const gather = this.client.gather(topic, {
      ...requestOptions(command),
      excludeListeners: command.exclude_listeners ?? false,
    });
    gather.summary.catch(() => {});
    const acceptance = await gather.acceptance;
    this.gathers.set(name, gather);
    const follow = async () => {
      for await (const result of gather) {
        this.report({ event: "gather.result", gather: name, ...deliveryView(result) });
      }
      this.report({ event: "gather.summary", gather: name, ...summaryView(await gather.summary) });
    };
    follow().catch((error) => this.report({ event: "gather.failed", gather: name, error: errorView(error) }));
    return { acceptance: acceptanceView(acceptance) };
  }
}

let peers = new OpenPeers();

async function perform(command: Command): Promise<object> {
  const { client } = peers;
  const { topic = "" } = command;
  switch (command.op) {
    case "hello":
      return { language: "typescript", version, features: ["dispositions", "credit"] };
    case "client.close":
      await client.close({ graceMs: 0 });
      return {};
    case "reset":
      await peers.close();
      peers = new OpenPeers();
      return {};
    case "producer.open":
      return await peers.openProducer(command as Command & ProducerFields);
    case "producer.reply":
      await producerOf(command).handler.reply(command.request_id ?? "", command);
      return {};
    case "producer.register":
      await register(command);
      return {};
    case "producer.deregister":
      await producerOf(command).producer.deregister(topic);
      return {};
    case "producer.credit":
      producerOf(command).producer.setConcurrency(command.concurrency ?? 0);
      return {};
    case "producer.drain":
      await producerOf(command).producer.close({ graceMs: command.grace_ms ?? 10_000 });
      return {};
    case "listener.open":
      return await peers.openListener(command as Command & ListenerFields);
    case "listener.update":
      await listenerOf(command).add(...(command.add ?? []));
      await listenerOf(command).remove(...(command.remove ?? []));
      return {};
    case "listener.close":
      await listenerOf(command).close();
      return {};
    case "update_listener": {
      const { listener_id = "", add = [], remove = [] } = command;
      return { topics: await client.updateListener(listener_id, { add, remove }) };
    }
    case "dispatch":
      return { acceptance: acceptanceView(await client.dispatch(topic, requestOptions(command))) };
    case "validate":
      return { acceptance: acceptanceView(await client.validate(topic, requestOptions(command))) };
    case "gather":
      return await peers.gather(command);
    case "gather.cancel":
      found(peers.gathers, command.gather).cancel();
      return {};
    case "cancel":
      return { summary: summaryView(await client.cancelRequest(command.request_id ?? "")) };
    default:
      throw new DispatcherError({ code: 12, details: `unknown op ${command.op}` });
  }
}

/** Registers for `topic`, or for all `topics` at the same time. */
async function register({ producer, topic = "", topics = [topic], group = "" }: Command): Promise<void> {
  const { producer: registering } = producerOf({ producer });
  await Promise.all(topics.map((each) => registering.register(String(each), { group })));
}

/** Called at the end of each callback: throws if the callbacks of this peer fail. */
function afterCallback({ failing_callbacks }: { readonly failing_callbacks?: boolean }): () => void {
  return () => {
    if (failing_callbacks === true) throw unprintable("no_text");
  };
}

const producerOf = ({ producer }: { readonly producer?: string | undefined }) =>
  found(peers.producers, producer);
const listenerOf = ({ listener }: Command) => found(peers.listeners, listener);

function found<T>(all: ReadonlyMap<string, T>, name = ""): T {
  const one = all.get(name);
  if (one === undefined)
    throw new DispatcherError({ code: 5, details: `nothing is open under the name ${name}` });
  return one;
}

async function answer(command: Command): Promise<void> {
  const { id } = command;
  try {
    write({ id, ok: true, ...(await perform(command)) });
  } catch (error) {
    write({ id, ok: false, error: errorView(error) });
  }
}

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
lines.on("line", (line) => {
  const command = JSON.parse(line) as Command;
  if (command.op === "quit") {
    write({ id: command.id, ok: true });
    lines.close();
  } else {
    void answer(command);
  }
});
lines.on("close", () => void peers.close().then(() => process.exit(0)));
