import { AdapterProcess } from "./adapter-process.js";
import { FaultyProxy } from "./faulty-proxy.js";
import type { Language } from "./languages.js";
import type { AdapterEvent } from "./protocol.js";
import { ROLES, type Role, type Scenario } from "./scenario.js";
import { environmentOf, type Secured } from "./secured.js";
import { Server, type ServerSettings } from "./server.js";

/** The language of each role. */
export type RoleLanguages = Readonly<Record<Role, Language>>;

/** Runs scenarios: a server, an adapter for each role, and a proxy between each adapter and the server. */
export class TestBed {
  readonly server: Server;
  readonly proxies: Readonly<Record<Role, FaultyProxy>>;
  readonly #languages: RoleLanguages;
  readonly #adapters = new Map<Role, AdapterProcess>();
  readonly #extras = new Set<AdapterProcess>();
  readonly #features = new Map<Role, readonly string[]>();

  private constructor(
    languages: RoleLanguages,
    proxies: Readonly<Record<Role, FaultyProxy>>,
    private readonly secured: Secured | undefined,
  ) {
    this.#languages = languages;
    this.proxies = proxies;
    this.server = new Server(secured?.settings);
  }

  /** Starts the adapters. Each scenario starts its own server. @param secured - undefined for plaintext. */
  static async start(languages: RoleLanguages, secured?: Secured): Promise<TestBed> {
    const [producers, listeners, requester] = [
      await FaultyProxy.open(),
      await FaultyProxy.open(),
      await FaultyProxy.open(),
    ];
    const bed = new TestBed(languages, { producers, listeners, requester }, secured);
    for (const role of ROLES) await bed.adapter(role);
    return bed;
  }

  /** Settings of the server of a scenario. */
  settingsOf({ server = {}, secured }: Scenario): ServerSettings {
    return secured ? { ...this.secured?.restricted, ...server } : server;
  }

  /** The adapter of a role. Starts a new one if the last one was killed. */
  async adapter(role: Role): Promise<AdapterProcess> {
    const running = this.#adapters.get(role);
    if (running?.isRunning) return running;
    const started = await this.#start(role);
    this.#adapters.set(role, started);
    const { features = [] } = await started.send("hello");
    this.#features.set(role, features);
    return started;
  }

  /** Starts a further adapter of a role, for one scenario. */
  async extra(role: Role): Promise<AdapterProcess> {
    const started = await this.#start(role);
    this.#extras.add(started);
    await started.send("hello");
    return started;
  }

  /** The optional features of the producers' adapter. */
  get features(): readonly string[] {
    return this.#features.get("producers") ?? [];
  }

  /** Sets the receiver of the adapters' events. */
  async listen(onEvent: (event: AdapterEvent) => void): Promise<void> {
    for (const role of ROLES) (await this.adapter(role)).listen(onEvent);
  }

  /** Closes everything that a scenario opened. Kills an adapter that fails to reset. @throws if one failed. */
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

  /** The standard error of the adapters. */
  get notes(): string {
    return ROLES.map((role) => {
      const notes = this.#adapters.get(role)?.notes ?? "";
      return notes === "" ? "" : `${this.#languages[role].name} (${role}) standard error:\n${notes}`;
    })
      .filter((notes) => notes !== "")
      .join("\n");
  }

  /** Ends all processes. @throws if an adapter does not end, or the server logged an error during shutdown. */
  async stop(): Promise<void> {
    const quits = [...this.#adapters.values()].map((adapter) => adapter.quit());
    const failed = (await Promise.allSettled(quits)).find((quit) => quit.status === "rejected");
    const errors = await this.server.finish();
    await Promise.all(ROLES.map((role) => this.proxies[role].close()));
    if (failed) throw failed.reason;
    if (errors.length > 0) throw new Error(`the server logged errors during shutdown: ${errors.join("\n")}`);
  }

  async #start(role: Role): Promise<AdapterProcess> {
    const language = this.#languages[role];
    const command = await language.prepare();
    const env = { ...command.env, ...(this.secured ? environmentOf(this.secured, role) : {}) };
    return new AdapterProcess(`${language.name} (${role})`, { ...command, env }, this.proxies[role].address);
  }
}
