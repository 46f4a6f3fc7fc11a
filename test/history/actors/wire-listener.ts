/**
 * A listener on generated messages only: it uses either call, changes its topics, stops reading, disconnects, and resumes
 * by its own cursors.
 */
import { GapReason, ListenRequest, ListenResponse, SubscribeRequest } from "ate-dispatcher-client/internal";
import type { ListenerCase } from "../../support/wire-client.js";
import type { Cursor } from "../history.js";
import type { ListenerSpec } from "../plan.js";
import { openPort, openProcessPort, type Port, type Receiver } from "../port.js";
import { cursorOf, deliveryOf, nameOf, summaryOf, wireCursorOf } from "../read.js";
import { RETRY_MS, type RunContext } from "../run-context.js";

interface Stream {
  readonly name: string;
  readonly port: Port;
  isReady: boolean;
  isSound: boolean;
  beatCount: number;
}

/** One listener, across its streams. */
export class WireListener {
  readonly #topics: Set<string>;
  /** Its position in each topic. */
  readonly #cursors = new Map<string, Cursor>();
  #stream: Stream | undefined;
  #backMs = RETRY_MS;

  constructor(
    private readonly context: RunContext,
    private readonly spec: ListenerSpec,
    private readonly address: string,
  ) {
    this.#topics = new Set(spec.topics);
  }

  /** Heartbeats of the current stream; undefined without a stream. */
  get beatCount(): number | undefined {
    return this.#stream?.beatCount;
  }

  /** Whether its stream is ready and not broken. */
  get isLive(): boolean {
    return (this.#stream?.isReady && this.#stream.isSound) ?? false;
  }

  /** Connects and resumes by its cursors. */
  open(): void {
    const { context, spec } = this;
    if (context.isEnding) return;
    const name = context.fresh(spec.id);
    const topics = [...this.#topics];
    const resumeFrom = spec.resumes && spec.group === "" ? [...this.#cursors.values()] : [];
    const { id: listener, group, includeLate, includeSummaries, bufferBytes } = spec;
    const listen = ListenRequest.fromPartial({
      ...{ listenerId: listener, topics, group, includeLate, includeSummaries, bufferBytes },
      resumeFrom: resumeFrom.map(wireCursorOf),
    });
    context.note("listenerOpened", {
      ...{ stream: name, listener, topics, group, includeLate, includeSummaries, resumeFrom },
      ...{ bufferBytes, isResumedByClient: false },
    });
    const receiver: Receiver = {
      receive: (message) => this.#receive(stream, message),
      ended: (code, reason) => this.#ended(stream, code, reason),
    };
    const stream: Stream = {
      name,
      port: this.#connect(listen, receiver),
      isReady: false,
      isSound: true,
      beatCount: 0,
    };
    this.#stream = stream;
  }

  breakOff(by: string, sever: () => void, backMs: number): void {
    this.#backMs = backMs;
    const stream = this.#stream;
    if (!stream?.isSound) return;
    stream.isSound = false;
    this.context.note("listenerBroken", { stream: stream.name, by });
    sever();
  }

  sever(backMs: number): void {
    this.breakOff("severListener", () => this.#stream?.port.sever(), backMs);
  }

  /** Stops reading for a time, and until a flood is complete. */
  pause(ms: number, hold: () => void, release: () => void): void {
    const stream = this.#stream;
    if (!stream?.isSound) return;
    this.context.note("paused", { stream: stream.name });
    hold();
    const before = this.context.floodCount;
    const resume = () => {
      if (this.context.floodCount > before) release();
      else this.context.schedule.after(ms, resume);
    };
    this.context.schedule.after(ms, resume);
  }

  add(topic: string): void {
    this.#topics.add(topic);
    this.#update([topic], []);
  }

  remove(topic: string): void {
    this.#topics.delete(topic);
    this.#update([], [topic]);
  }

  /** Closes the listener for good. */
  close(): void {
    this.#stream?.port.close();
  }

  #connect(listen: ListenRequest, receiver: Receiver): Port {
    const { spec, address } = this;
    if (spec.make === "wire" && spec.call === "Listen") {
      return openPort(address, "Listen", receiver, ListenRequest.encode(listen).finish());
    }
    const opened = spec.make === "process" ? openProcessPort : openPort;
    const port = opened(address, "Subscribe", receiver);
    port.send(SubscribeRequest.encode({ message: { $case: "listen", value: listen } }).finish());
    return port;
  }

  #update(addTopics: readonly string[], removeTopics: readonly string[]): void {
    const stream = this.#stream;
    if (!stream?.isReady || !stream.isSound) return;
    if (this.spec.make === "wire" && this.spec.call === "Listen") {
      const listenerId = this.spec.id;
      // The listener may have disconnected; it reconnects with all its topics.
      this.context.control.updateListener({ listenerId, addTopics, removeTopics }).catch(() => undefined);
      return;
    }
    const value = { addTopics, removeTopics, resumeFrom: [], cursorsFollow: false };
    stream.port.send(SubscribeRequest.encode({ message: { $case: "update", value } }).finish());
  }

  #receive(stream: Stream, message: Buffer): void {
    for (const { event } of ListenResponse.decode(message).events) if (event) this.#hear(stream, event);
  }

  #hear(stream: Stream, event: ListenerCase): void {
    const { context } = this;
    const { name } = stream;
    switch (event.$case) {
      case "ready": {
        const cursors = event.value.cursors.map(cursorOf);
        this.#backMs = RETRY_MS;
        stream.isReady = true;
        this.#keep(cursors);
        context.note("ready", { stream: name, serverId: event.value.serverId, cursors });
        break;
      }
      case "delivery": {
        const delivery = deliveryOf(event.value);
        const known = this.#cursors.get(delivery.topic);
        if (known && delivery.sequence > 0) this.#keep([{ ...known, sequence: delivery.sequence }]);
        context.note("delivered", { stream: name, ...delivery });
        break;
      }
      case "summary":
        context.note("listenerTold", { stream: name, ...summaryOf(event.value) });
        break;
      case "gap": {
        const { topic, reason, from, to, lostCount } = event.value;
        const known = this.#cursors.get(topic);
        if (known && to > 0n) this.#keep([{ ...known, sequence: Number(to) }]);
        context.note("gap", {
          ...{ stream: name, topic, reason: nameOf(GapReason, reason) },
          ...{ from: Number(from), to: Number(to), lostCount: Number(lostCount) },
        });
        break;
      }
      case "topicsChanged": {
        const { added, removed } = event.value;
        const cursors = event.value.cursors.map(cursorOf);
        this.#keep(cursors);
        context.note("topicsChanged", { stream: name, added, removed, cursors });
        break;
      }
      case "heartbeat": {
        const cursors = event.value.cursors.map(cursorOf);
        stream.beatCount++;
        context.note("heartbeat", { stream: name, cursors });
        break;
      }
      case "goAway":
        break;
    }
  }

  #keep(cursors: readonly Cursor[]): void {
    for (const cursor of cursors) {
      const known = this.#cursors.get(cursor.topic);
      if (known?.epoch === cursor.epoch && known.sequence > cursor.sequence) continue;
      this.#cursors.set(cursor.topic, cursor);
    }
  }

  #ended(stream: Stream, code: string, reason: string): void {
    stream.isSound = false;
    this.context.note("listenerEnded", { stream: stream.name, code, reason });
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    const backMs = this.#backMs;
    this.#backMs = RETRY_MS;
    this.context.schedule.after(backMs, () => this.open());
  }
}
