/**
 * Binds the addresses of a server.
 */
import { once } from "node:events";
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { type Server, ServerCredentials } from "@grpc/grpc-js";

/** Owner and group may connect to a Unix socket. */
const SOCKET_MODE = 0o660;
const UNIX = "unix:";

/** An address to bind. */
export interface Target {
  /** `host:port`, or `unix:` and an absolute path. */
  readonly target: string;
  /** Undefined for plaintext. */
  readonly credentials: ServerCredentials | undefined;
}

/** Binds an address. @returns it as clients use it, with the port that the system chose. */
export async function bind(
  server: Server,
  { target, credentials = ServerCredentials.createInsecure() }: Target,
): Promise<string> {
  const path = target.startsWith(UNIX) ? target.slice(UNIX.length) : undefined;
  if (path !== undefined) await removeStale(path);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(target, credentials, (error, bound) => {
      if (error) reject(new Error(`cannot listen on ${target}: ${error.message}; choose another address`));
      else resolve(bound);
    });
  });
  if (path === undefined) return `${target.slice(0, target.lastIndexOf(":"))}:${port}`;
  chmodSync(path, SOCKET_MODE);
  return target;
}

/** Removes a socket that a process left behind when it was killed. One that answers, and any other file, stays. */
async function removeStale(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const probe = connect(path);
  try {
    await once(probe, "connect");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") unlinkSync(path);
  }
  probe.destroy();
}
