/**
 * Parses addresses: `host:port`, with an IPv6 host in brackets, and what a server can listen on beside that.
 */

/** An address to listen on or to connect to. */
export interface Address {
  /** A host name or an IP address, without brackets. */
  readonly host: string;
  /** 0 to 65,535. */
  readonly port: number;
}

/** The form of an address, for error messages. */
export const ADDRESS_FORM = "host:port, such as 127.0.0.1:50051, [::1]:50051 or 0.0.0.0:50051";

const FORM = /^(?:\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;

/** Parses `host:port`. @returns undefined if it is malformed, the host is missing, or the port is above 65,535. */
export function parseAddress(text: string): Address | undefined {
  const match = FORM.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || !(port <= 65_535) ? undefined : { host, port };
}

/** Whether only programs on the same machine can reach the address. False for every name except localhost. */
export function isLoopback({ host }: Address): boolean {
  return host === "localhost" || host === "::1" || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(host);
}

/** An address to listen on. */
export interface ListenAddress {
  /** Without the prefix: `host:port`, or `unix:` and an absolute path. */
  readonly target: string;
  /** Undefined for a Unix socket. */
  readonly network: Address | undefined;
  /** Whether connections use TLS; undefined if the address does not say so. */
  readonly isSecure: boolean | undefined;
}

/** The forms of an address to listen on, for error messages. */
export const LISTEN_FORM = `${ADDRESS_FORM}, or unix:/path; plain: or tls: may stand before it`;

/** Maximum length of the path of a Unix socket, in bytes: the system has room for so many. */
const MAX_PATH_BYTES = 107;

/**
 * Parses an address to listen on: `host:port` or `unix:/path`, perhaps with the prefix `plain:` or `tls:`.
 *
 * @returns undefined if it is malformed.
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, prefix, rest] = /^(plain|tls):(.*)$/s.exec(text) ?? [];
  // A host may be called "tls".
  const prefixed = rest === undefined ? undefined : parseTarget(rest);
  const found = prefixed ?? parseTarget(text);
  return found && { ...found, isSecure: prefixed ? prefix === "tls" : undefined };
}

function parseTarget(target: string): Pick<ListenAddress, "target" | "network"> | undefined {
  if (target.startsWith("unix:")) {
    const path = target.slice("unix:".length);
    const isValid = path.startsWith("/") && !path.includes("\0") && byteLength(path) <= MAX_PATH_BYTES;
    return isValid ? { target, network: undefined } : undefined;
  }
  const network = parseAddress(target);
  return network && { target, network };
}

/** Whether only programs on the same machine can reach an address to listen on. */
export function isLocal({ network }: ListenAddress): boolean {
  return network === undefined || isLoopback(network);
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
