/**
 * Composes the parts to a dispatcher inside a Node process. This is the public API of the package.
 *
 * ```ts
 * import { createDispatcher } from "ate-dispatcher";
 *
 * const dispatcher = createDispatcher({ listen: ["127.0.0.1:0"] });
 * await dispatcher.start();
 * console.log(dispatcher.addresses);
 * await dispatcher.drain();
 * ```
 */
import { readFileSync } from "node:fs";
import { RefusalAudit } from "./auth/audit.js";
import { createAuthenticator } from "./auth/authenticator.js";
import { CurrentPolicy } from "./auth/current-policy.js";
import { Policy } from "./auth/policy.js";
import { parsePolicy } from "./auth/policy-file.js";
import { parseListenAddress } from "./config/address.js";
import { ConfigError } from "./config/error.js";
import { usesTls } from "./config/exposure.js";
import { completeConfig } from "./config/load.js";
import { type Config, type ConfigKey, DEFAULT_CONFIG, DEFINITIONS } from "./config/schema.js";
import { ALL_RIGHTS, ANONYMOUS, type Principal, type Rights } from "./core/vocabulary/principal.js";
import type { Target } from "./grpc/bind.js";
import { createGrpcServer } from "./grpc/server.js";
import { ReloadableCredentials } from "./grpc/tls/reloadable-credentials.js";
import { tlsContextOf } from "./grpc/tls/tls-context.js";
import type { ConnectionLimit } from "./grpc/transport/connection-limit.js";
import { routeGrpcJsLog } from "./grpc/transport/grpc-js-log.js";
import { EventBatch } from "./grpc/wire/encode.js";
import { createEncodeContext } from "./grpc/wire/encode-context.js";
import { createEntryLimits } from "./grpc/wire/entry-limits.js";
import { opaqueId, RequestIds } from "./grpc/wire/ids.js";
import { createActivityLog } from "./logging/activity-log.js";
import { createLineLog, type LineLog } from "./logging/line-log.js";
import { loggerProblem } from "./logging/logger-problem.js";
import { createRequestTrace } from "./logging/request-trace.js";
import { createSafeLogger } from "./logging/safe-logger.js";
import type { Authenticator } from "./ports/authenticator.js";
import type { Clock } from "./ports/clock.js";
import type { Logger } from "./ports/logger.js";
import { DispatcherRuntime } from "./runtime/dispatcher-runtime.js";
import { settleWithin } from "./runtime/drain.js";
import { heldBudget, readMemory } from "./runtime/held-budget.js";
import { maxConnectionsOf, type OpenFiles, readOpenFiles } from "./runtime/open-files.js";
import { type FileSet, ReloadedFiles, type ReloadOutcome } from "./runtime/reloaded-files.js";
import { createSystemClock } from "./runtime/system-clock.js";
import { SharedTicker } from "./runtime/ticker.js";
import { SharedWatchdog } from "./runtime/watchdog.js";

/** Time that streams get to close on shutdown before they are cut, in milliseconds. */
const CLOSE_MS = 2_000;
/** Time between two looks at what an authenticator fetches, in milliseconds. */
const REFRESH_MS = 10_000;
/** The time in which the audit log has one line for each peer and cause, in milliseconds. */
const AUDIT_MS = 60_000;
/** The server warns at its start if fewer connections than these fit into the limit of open files. */
const FEW_CONNECTIONS = 1_000;
/** Time that the last log lines get to be written, in milliseconds. */
const LOG_MS = 500;

const { version: VERSION } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { readonly version: string };

export { ConfigError } from "./config/error.js";

/** Settings; see docs/configuration.md. Every setting has a default. */
export interface DispatcherOptions extends Partial<Config> {
  /**
   * The destination of log lines, such as a pino logger. It gets the lines of `logLevel` and above. If it throws, lines
   * are lost and nothing else. Default: JSON lines on standard error.
   */
  readonly logger?: Logger;
}

/** A dispatcher inside this process. */
export interface DispatcherServer {
  /** An id that no other dispatcher has. */
  readonly serverId: string;
  /** The bound addresses as clients use them, `host:port` or `unix:/path`; empty before `start`. */
  readonly addresses: readonly string[];
  /**
   * Binds the addresses and starts to serve. Call it once. Rejects if an address cannot be bound; such a dispatcher can
   * only be drained.
   */
  start(): Promise<void>;
  /**
   * Reads the certificates, tokens and keys in files again. They are also read every 10 s. What is refused is logged, and the old files stay in use;
   * open connections keep the certificate they began with.
   */
  reload(): Promise<readonly ReloadOutcome[]>;
  /**
   * Shuts down: tells every peer, rejects new requests, lets pending ones finish within the grace (`drainGraceMs`), and
   * closes everything. Resolves when all is closed. Later calls return the same promise.
   */
  drain(): Promise<void>;
}

/**
 * Creates a dispatcher. No address is bound before `start`.
 *
 * @throws ConfigError with one line per mistake. Each names the key, the value and the valid values; for an unknown key
 * it names the nearest one. In code a value has the type of its setting: texts with units are for files. Also for a file
 * that cannot be read or used.
 */
export function createDispatcher(options: DispatcherOptions = {}): DispatcherServer {
  return compose(options, false);
}

/**
 * Creates the dispatcher of a process that is nothing else, such as `ate-dispatcher serve`. It also takes over the log of
 * grpc-js, which all servers and clients of a process share.
 *
 * @throws ConfigError as {@link createDispatcher} does.
 */
export function createProcessDispatcher(options: DispatcherOptions = {}): DispatcherServer {
  return compose(options, true);
}

function compose(options: DispatcherOptions, ownsProcess: boolean): DispatcherServer {
  const settings = completeConfig(options, { logger: loggerProblem });
  const config = { ...settings, maxHeldBytes: settings.maxHeldBytes || heldBudget(readMemory()) };
  const { logger: givenLogger } = options;
  const log = givenLogger ? ownLog(givenLogger) : createLineLog(process.stderr, config.logLevel);
  const logger = createSafeLogger(log.logger, config.logLevel);
  const serverId = opaqueId();
  const clock = createSystemClock();
  if (ownsProcess) routeGrpcJsLog(logger, clock);
  const { heartbeatMs, maxMessageBytes } = config;
  const encoding = createEncodeContext({ clock, serverId, heartbeatMs, maxMessageBytes });
  const newBatch = (minSharedBytes: number) => new EventBatch(encoding, minSharedBytes);
  const activity = createActivityLog(logger, clock);
  const runtime = new DispatcherRuntime(serverId, config, newBatch, clock, activity);
  const opening = new SharedWatchdog(clock, config.firstMessageTimeoutMs);
  const closing = new SharedWatchdog(clock, config.closeTimeoutMs);
  const aging = new SharedWatchdog(clock, config.maxConnectionAgeGraceMs);
  const facts = { serverId, version: VERSION, startedAt: clock.now(), limits: limitsOf(config) };
  const requestIds = new RequestIds();
  const entryLimits = createEntryLimits(config.maxRegistrationsPerSession);
  const edge = {
    runtime,
    clock,
    logger,
    activity,
    options: config,
    opening,
    closing,
    entryLimits,
    requestIds,
  };
  const connectionLimit = connectionLimitOf(readOpenFiles());
  const files = new ReloadedFiles(logger);
  const refreshing = new SharedTicker(REFRESH_MS);
  const authenticator = authenticatorOf(config, files, { logger, clock });
  const rightsOf = rightsIn(config, files);
  const audit = new RefusalAudit(logger, new SharedTicker(AUDIT_MS));
  const timers = { aging, ticker: new SharedTicker(1_000) };
  const server = createGrpcServer(edge, facts, timers, {
    targets: targetsOf(config, files),
    connectionLimit,
    identity: authenticator && { authenticator, audit, rightsOf },
    anybody: { principal: ANONYMOUS, rights: rightsOf(ANONYMOUS) },
  });
  let stopRefreshing = (): void => undefined;
  let addresses: readonly string[] = [];
  let isStarted = false;
  let drained: Promise<void> | undefined;

  async function close(): Promise<void> {
    logger.info({ graceMs: config.drainGraceMs }, "draining");
    try {
      server.notReady();
      await runtime.drain(config.drainGraceMs);
    } finally {
      // Also if a bug ends the drain early: nothing stays open.
      await settleWithin(server.finish(), CLOSE_MS, () => server.force());
      stopRefreshing();
      audit.stop();
      opening.stop();
      closing.stop();
      aging.stop();
      files.stop();
      runtime.stop();
      logger.info({}, "closed");
      await log.settled(AbortSignal.timeout(LOG_MS));
    }
  }

  return {
    serverId,
    get addresses() {
      return addresses;
    },
    async start() {
      if (drained !== undefined) throw new Error("the dispatcher has drained; create another one");
      if (isStarted) throw new Error("the dispatcher was already started; start it once");
      isStarted = true;
      logger.info({ settings: changedSettings(settings) }, "configured");
      if (connectionLimit && connectionLimit.maxConnections < FEW_CONNECTIONS) {
        logger.warn({ ...connectionLimit }, "few connections fit into the limit of open files");
      }
      if (logger.isLevelEnabled("trace")) runtime.watch(createRequestTrace(logger));
      if (authenticator) {
        authenticator.refresh();
        stopRefreshing = refreshing.every(() => authenticator.refresh());
      }
      addresses = await server.start();
      logger.info({ addresses, serverId }, "serving");
    },
    reload: () => files.reload(),
    drain() {
      drained ??= close();
      return drained;
    },
  };
}

/**
 * Reads the certificates, if there are any, and follows their files.
 *
 * @returns the addresses to bind.
 * @throws ConfigError that names a file that cannot be read or used.
 */
function targetsOf(config: Config, files: ReloadedFiles): readonly Target[] {
  const addresses = config.listen.map(parseListenAddress).filter((address) => address !== undefined);
  const credentials = config.tlsCertFile === "" ? undefined : credentialsOf(config, files);
  return addresses.map((address) => ({
    target: address.target,
    credentials: usesTls(address, config) ? credentials : undefined,
  }));
}

function credentialsOf(config: Config, files: ReloadedFiles): ReloadableCredentials | undefined {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile, tlsClientCrlFile, firstMessageTimeoutMs } = config;
  let credentials: ReloadableCredentials | undefined;
  const set: FileSet = {
    what: "certificates",
    paths: {
      ...{ tlsCertFile, tlsKeyFile },
      ...(tlsClientCaFile === "" ? {} : { tlsClientCaFile }),
      ...(tlsClientCrlFile === "" ? {} : { tlsClientCrlFile }),
    },
    apply: (contents) => {
      const [cert, key] = [contents["tlsCertFile"], contents["tlsKeyFile"]];
      const [clientCa, clientCrl] = [contents["tlsClientCaFile"], contents["tlsClientCrlFile"]];
      if (!cert || !key) throw new Error("tlsCertFile, tlsKeyFile: not read");
      const context = tlsContextOf({ cert, key, clientCa, clientCrl }, config, Date.now());
      if (credentials) credentials.replace(context);
      else credentials = new ReloadableCredentials(context, config, firstMessageTimeoutMs);
    },
  };
  follow(files, set);
  return credentials;
}

/**
 * What each principal may do. The policy is read now, and followed.
 *
 * @throws ConfigError that names the line of each mistake.
 */
function rightsIn({ policyFile }: Config, files: ReloadedFiles): (principal: Principal) => Rights {
  if (policyFile === "") return () => ALL_RIGHTS;
  const current = new CurrentPolicy(new Policy([]));
  follow(files, {
    what: "policy",
    paths: { policyFile },
    apply: ({ policyFile: content }) => {
      const parsed = parsePolicy(String(content));
      if ("problems" in parsed) throw new Error(`policyFile: ${policyFile} ${parsed.problems.join("; ")}`);
      current.replace(new Policy(parsed.rules));
    },
  });
  return (principal) => current.rightsOf(principal);
}

/**
 * Says who may call; undefined if everybody may.
 *
 * @throws ConfigError that names a file that cannot be read or used.
 */
function authenticatorOf(
  config: Config,
  files: ReloadedFiles,
  { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
): Authenticator | undefined {
  const now = () => clock.now();
  const created = createAuthenticator(config, { logger, now, timeOfDay: () => clock.timeOfDay(now()) });
  for (const file of created?.files ?? []) follow(files, file);
  return created?.authenticator;
}

/** Reads and follows a set of files. @throws ConfigError that names a file that cannot be read or used. */
function follow(files: ReloadedFiles, set: FileSet): void {
  try {
    files.add(set);
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}

/** The log of an embedding program, which writes its lines itself. */
function ownLog(logger: Logger): LineLog {
  return { logger, settled: async () => undefined };
}

function connectionLimitOf(files: OpenFiles | undefined): ConnectionLimit | undefined {
  if (!files) return undefined;
  const remedy = "raise the limit of open files: ulimit -n, or LimitNOFILE= of systemd";
  return { maxConnections: maxConnectionsOf(files), openFileLimit: files.limit, remedy };
}

/** The settings that differ from their defaults. */
function changedSettings(config: Config): Readonly<Record<string, unknown>> {
  const isChanged = ([key, value]: readonly [string, unknown]): boolean =>
    String(value) !== String(DEFAULT_CONFIG[key as ConfigKey]);
  const shown = ([key, value]: readonly [string, unknown]): readonly [string, unknown] => {
    const { conceal } = DEFINITIONS[key as ConfigKey];
    return [key, conceal ? conceal(value) : value];
  };
  return Object.fromEntries(Object.entries(config).filter(isChanged).map(shown));
}

/** The numeric settings. GetServerInfo shows them as whole numbers, so a part of a whole is in percent. */
function limitsOf({ peerShare, ...config }: Config): Readonly<Record<string, number>> {
  const all: Record<string, unknown> = { ...config, peerSharePercent: Math.round(100 * peerShare) };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}
