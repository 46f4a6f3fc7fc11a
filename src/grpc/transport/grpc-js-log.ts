/**
 * Takes over the log of grpc-js, which writes to standard error as it is: with the bytes of peers, and without a bound.
 */
import { setLogger } from "@grpc/grpc-js";
import type { Clock } from "../../ports/clock.js";
import type { Logger } from "../../ports/logger.js";
import { PeerLog, type PeerLogLevel } from "./peer-log.js";

/** An entry of metadata that grpc-js cannot read: its key, and behind it its value, twice. The value may be a token. */
const ENTRY = /(Failed to add metadata entry [^:]*):.*/s;

/**
 * Sends the log of grpc-js through a logger, as bounded lines. Of metadata, the keys alone are logged. grpc-js has one log for all servers and clients of a
 * process, so only a program that is nothing but a dispatcher calls this.
 */
export function routeGrpcJsLog(logger: Logger, clock: Clock): void {
  const log = new PeerLog(logger, clock);
  const lineAt =
    (level: PeerLogLevel) =>
    (...args: readonly unknown[]): void =>
      log.write(level, `grpc-js: ${args.join(" ").replace(ENTRY, "$1")}`);
  setLogger({ error: lineAt("warn"), info: lineAt("info"), debug: lineAt("debug") });
}
