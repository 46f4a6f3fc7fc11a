import { AdapterProcess } from "./adapter-process.js";
import type { Language } from "./languages.js";
import { Link } from "./link.js";
import type { AdapterEvent } from "./protocol.js";
import { ROLES, type Role } from "./scenario.js";
import { Server } from "./server.js";

/** Which language plays which role. */
export type Cast = Readonly<Record<Role, Language>>;

/** What plays the scenarios of one cast: a server, an adapter a role, and a link between each of them and the server. */
export class Troupe {
  readonly server = new Server();
  readonly links: Readonly<Record<Role, Link>>;
  readonly #cast: Cast;
  readonly #adapters = new Map<Role, AdapterProcess>();
  readonly #extras = new Set<AdapterProcess>();
  readonly #features = new Map<Role, readonly string[]>();

  private constructor(cast: Cast, links: Readonly<Record<Role, Link>>) {
    this.#cast = cast;
    this.links = links;
  }

  /** Starts the adapters; the server is started by each scenario. */
  static async assemble(cast: Cast): Promise<Troupe> {
    const [producers, listeners, requester] = [await Link.open(), await Link.open(), await Link.open()];
    const troupe = new Troupe(cast, { producers, listeners, requester });
    for (const role of ROLES) await troupe.adapter(role);
    return troupe;
  }

  /** The adapter of a role; a new one if the last one was killed. */
  async adapter(role: Role): Promise<AdapterProcess> {
    const running = this.#adapters.get(role);
    if (running?.isRunning) return running;
    const started = await this.#start(role);
    this.#adapters.set(role, started);
    const { features = [] } = await started.send("hello");
    this.#features.set(role, features);
    return started;
  }

  /** A further adapter of a role, for one scenario. */
  async extra(role: Role): Promise<AdapterProcess> {
    const started = await this.#start(role);
    this.#extras.add(started);
    await started.send("hello");
    return started;
  }

  /** What the producers' adapter can do beyond what all must. */
  get features(): readonly string[] {
    return this.#features.get("producers") ?? [];
  }

  /** Where the adapters' events go from now on. */
  async listen(onEvent: (event: AdapterEvent) => void): Promise<void> {
    for (const role of ROLES) (await this.adapter(role)).listen(onEvent);
  }

  /** Ends what a scenario left open; what does not let itself be reset is killed, and a failure. */
  async reset(): Promise<void> {
    await Promise.all([...this.#extras].map((extra) => extra.kill()));
    this.#extras.clear();
    const adapters = [...this.#adapters.values()].filter(({ isRunning }) => isRunning);
    for (const adapter of adapters) adapter.listen(() => {});
    const resets = adapters.map(async (adapter) => {
      try {
        await adapter.send("reset");
      } catch (error) {
        await adapter.kill();
        throw error;
      }
    });
    const failed = (await Promise.allSettled(resets)).find((reset) => reset.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** What the adapters wrote to standard error. */
  get notes(): string {
    return ROLES.map((role) => {
      const notes = this.#adapters.get(role)?.notes ?? "";
      return notes === "" ? "" : `${this.#cast[role].name} (${role}) noted:\n${notes}`;
    })
      .filter((notes) => notes !== "")
      .join("\n");
  }

  /** Ends all processes. @throws if an adapter does not end when told to, or the server logged an error at its end. */
  async disband(): Promise<void> {
    const quits = [...this.#adapters.values()].map((adapter) => adapter.quit());
    const failed = (await Promise.allSettled(quits)).find((quit) => quit.status === "rejected");
    const errors = await this.server.finish();
    await Promise.all(ROLES.map((role) => this.links[role].close()));
    if (failed) throw failed.reason;
    if (errors.length > 0) throw new Error(`the server logged as it shut down: ${errors.join("\n")}`);
  }

  async #start(role: Role): Promise<AdapterProcess> {
    const language = this.#cast[role];
    return new AdapterProcess(
      `${language.name} (${role})`,
      await language.prepare(),
      this.links[role].address,
    );
  }
}
