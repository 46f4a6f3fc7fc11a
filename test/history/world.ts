/**
 * A real server in its own process, all actors that connect to it, and a proxy for each actor.
 */
import { FaultyProxy } from "../conformance/faulty-proxy.js";
import { createProcesses, type ServerProcess } from "../support/processes.js";
import { WireClient } from "../support/wire-client.js";
import { ClientListener } from "./actors/client-listener.js";
import { ClientProducer } from "./actors/client-producer.js";
import { ClientRequester } from "./actors/client-requester.js";
import { WireListener } from "./actors/wire-listener.js";
import { WireProducer } from "./actors/wire-producer.js";
import { WireRequester } from "./actors/wire-requester.js";
import type { History, Kind, Said } from "./history.js";
import type { Act, Plan } from "./plan.js";
import { FLOOD_PRODUCER } from "./plan-actors.js";
import { summaryOf } from "./read.js";
import { RETRY_MS, type RunContext } from "./run-context.js";
import { Schedule } from "./schedule.js";

const PROBE_EVERY_MS = 25;
const START_TIMEOUT_MS = 30_000;

/** The server and the actors of a run. */
export class World implements RunContext {
  readonly schedule: Schedule;
  readonly producers = new Map<string, WireProducer | ClientProducer>();
  readonly listeners = new Map<string, WireListener | ClientListener>();
  readonly requesters = new Map<string, WireRequester | ClientRequester>();
  isEnding = false;
  /** Whether no further faults happen. */
  isCalm = false;
  floodCount = 0;
  /** How often a listener stopped reading during a flood. */
  pauseCount = 0;
  control = new WireClient("127.0.0.1:1");
  serverId = "";
  readonly #processes = createProcesses();
  readonly #proxies = new Map<string, FaultyProxy>();
  readonly #serials = new Map<string, number>();
  #server: ServerProcess | undefined;
  #probeAddress = "";
  #isProbing = false;

  constructor(
    readonly plan: Plan,
    private readonly history: History,
  ) {
    this.schedule = new Schedule(history);
  }

  note<K extends Kind>(kind: K, said: Said<K>): void {
    this.history.note(kind, said);
  }

  fresh(prefix: string): string {
    const serial = (this.#serials.get(prefix) ?? 0) + 1;
    this.#serials.set(prefix, serial);
    return `${prefix}#${serial}`;
  }

  /** Starts the server and all actors. */
  async assemble(): Promise<void> {
    await this.#serve();
    this.#probeAddress = await this.#addressFor("probe");
    const { plan } = this;
    for (const spec of plan.producers) {
      const address = await this.#addressFor(spec.id);
      // The flood producer connects directly, because a proxy would slow the flood down.
      const direct = () => (spec.id === FLOOD_PRODUCER ? (this.#server?.address ?? "") : address);
      const producer =
        spec.make === "client"
          ? new ClientProducer(this, spec, address)
          : new WireProducer(this, spec, direct);
      this.producers.set(spec.id, producer);
    }
    for (const spec of plan.listeners) {
      const address = await this.#addressFor(spec.id);
      const make = spec.make === "client" ? ClientListener : WireListener;
      this.listeners.set(spec.id, new make(this, spec, address));
    }
    for (const spec of plan.requesters) {
      const address = await this.#addressFor(spec.id);
      const { id } = spec;
      const requester =
        spec.make === "client"
          ? new ClientRequester(this, id, address)
          : new WireRequester(this, spec, address);
      this.requesters.set(id, requester);
    }
    for (const actor of this.#actors()) actor.open();
    const areLive = await this.schedule.until(() => this.#areAllLive(), START_TIMEOUT_MS);
    if (!areLive) throw new Error(`not all actors were live within ${START_TIMEOUT_MS} ms`);
  }

  /** Whether every producer and listener has a session. */
  #areAllLive(): boolean {
    return [...this.producers.values(), ...this.listeners.values()].every(({ isLive }) => isLive);
  }

  /** Performs an act. */
  async perform(act: Act): Promise<void> {
    switch (act.kind) {
      case "request":
        this.requesters.get(act.requester)?.request(act.spec);
        break;
      case "repeat": {
        const requester = this.requesters.get(act.requester);
        if (requester instanceof WireRequester) requester.request(act.spec, true);
        break;
      }
      case "cancel":
        await this.#cancel(act.requestId);
        break;
      case "register":
        this.producers.get(act.who)?.register(act.registration);
        break;
      case "deregister":
        this.producers.get(act.who)?.deregister(act.topic);
        break;
      case "listenTo":
        this.listeners.get(act.who)?.add(act.topic);
        break;
      case "leave":
        this.listeners.get(act.who)?.remove(act.topic);
        break;
      case "restartServer":
        await this.#restart();
        break;
      default:
        this.#fail(act);
    }
  }

  /** Continuously measures the latency of a small call through a proxy. */
  probe(): void {
    this.#isProbing = true;
    let prober = new WireClient(this.#probeAddress);
    const ask = (): void => {
      if (!this.#isProbing) {
        prober.close();
        return;
      }
      const sentAt = performance.now();
      const noted = () => this.note("probed", { sentAt });
      const broken = () => {
        prober.close();
        prober = new WireClient(this.#probeAddress);
      };
      const again = () => this.schedule.after(PROBE_EVERY_MS, ask);
      prober.serverInfo().then(noted, broken).finally(again);
    };
    ask();
  }

  /** Ends probing. */
  stopProbing(): void {
    this.#isProbing = false;
  }

  /** Closes all actors. */
  async dismiss(): Promise<void> {
    this.isEnding = true;
    const leaving = [...this.#actors()].map((actor) => actor.close());
    await Promise.all(leaving);
  }

  /** Ends the server by SIGTERM. @returns its exit code, warnings and errors. */
  async endServer(): Promise<{ readonly code: number | null; readonly complaints: readonly string[] }> {
    this.#server?.kill("SIGTERM");
    const exit = await this.#server?.exit();
    // Warnings and errors are logged as JSON.
    const complaints = this.#server?.stderr.all.filter((line) => line.startsWith("{")) ?? [];
    return { code: exit?.code ?? null, complaints };
  }

  /** Releases all resources, also after a failure. */
  async clear(): Promise<void> {
    this.isEnding = true;
    this.stopProbing();
    this.schedule.stop();
    for (const actor of this.#actors()) if (!("sync" in actor) && "beatCount" in actor) actor.close();
    this.control.close();
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
    await this.#processes.stopAll();
  }

  *#actors() {
    yield* this.listeners.values();
    yield* this.producers.values();
    yield* this.requesters.values();
  }

  async #serve(): Promise<void> {
    this.#server = await this.#processes.serve(this.plan.flags);
    this.control.close();
    this.control = new WireClient(this.#server.address);
    const { serverId } = await this.control.serverInfo();
    this.serverId = serverId;
    this.note("serverStarted", { serverId });
    for (const proxy of this.#proxies.values()) proxy.connectTo(this.#server.address);
  }

  async #restart(): Promise<void> {
    this.note("serverKilled", { serverId: this.serverId });
    this.#server?.kill("SIGKILL");
    await this.#server?.exit();
    await this.#serve();
  }

  async #addressFor(who: string): Promise<string> {
    const proxy = await FaultyProxy.open();
    this.#proxies.set(who, proxy);
    proxy.connectTo(this.#server?.address ?? "");
    return proxy.address;
  }

  async #cancel(requestId: string): Promise<void> {
    this.note("cancelling", { requestId });
    const bytes = await this.control.cancelRequest(requestId).catch(() => undefined);
    if (bytes) this.note("cancellerTold", summaryOf(bytes));
  }

  /** Whether an act would have an effect now. */
  #isReadyFor({ kind, who }: Extract<Act, { readonly backMs: number }>): boolean {
    const actor = this.producers.get(who) ?? this.listeners.get(who) ?? this.requesters.get(who);
    const isLive = actor !== undefined && (!("isLive" in actor) || actor.isLive);
    const mustBeBusy = kind === "severProducer" || kind === "severRequester" || kind === "cutRequester";
    return isLive && (!mustBeBusy || ("isBusy" in actor && actor.isBusy));
  }

  /** Applies a fault to an actor as soon as it would have an effect. */
  #fail(act: Extract<Act, { readonly who: string; readonly backMs: number }>): void {
    const { kind, who, backMs } = act;
    if (this.isCalm) return;
    if (!this.#isReadyFor(act)) {
      this.schedule.after(RETRY_MS / 4, () => this.#fail(act));
      return;
    }
    const cut = () => this.#proxies.get(who)?.cut();
    const producer = this.producers.get(who);
    const listener = this.listeners.get(who);
    const requester = this.requesters.get(who);
    if (kind === "cutProducer") producer?.breakOff(kind, cut, backMs);
    else if (kind === "cutListener") listener?.breakOff(kind, cut, backMs);
    else if (kind === "cutRequester") requester?.breakOff(kind, cut, backMs);
    else if (kind === "severRequester" && requester instanceof WireRequester) requester.sever(backMs);
    else if (listener instanceof WireListener && kind === "severListener") listener.sever(backMs);
    else if (listener instanceof WireListener && kind === "pauseListener") {
      // The proxy pauses, too, because a client library would continue to read from its socket.
      listener.pause(
        backMs,
        () => this.#proxies.get(who)?.blockToPeers(),
        () => this.#proxies.get(who)?.heal(),
      );
    } else if (producer instanceof WireProducer && kind === "severProducer") producer.sever(backMs);
    else if (producer instanceof WireProducer && kind === "drainProducer") producer.drain(backMs);
    else if (producer instanceof WireProducer && kind === "replaceProducer") producer.replace();
  }
}
