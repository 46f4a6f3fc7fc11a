/**
 * The peer to which what is kept is charged, and that takes turns with others: until peers are authenticated, the address of
 * a connection, or the connection.
 *
 * This file is the one place that says what a peer is, and how it is named to people.
 */

/**
 * What a peer is.
 *
 * - address: all connections from an IPv4 address.
 * - network: all connections from an IPv6 network with a prefix of 64 bits, of which one host can have all addresses.
 * - connection: one connection. On 127.0.0.1, on ::1 and on Unix sockets, where the address says nothing: proxies and all local
 *   clients come from there.
 * - proxy: one connection of a proxy that is trusted. It has no share, because it carries many peers.
 */
export type PeerKind = "address" | "network" | "connection" | "proxy";

/** A peer. */
export interface PeerId {
  readonly kind: PeerKind;
  /** Unique among all peers. */
  readonly key: string;
}

/** Whether an IP address is one of a proxy that is trusted. */
export type IsProxy = (address: string) => boolean;

const IPV4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/i;
const BRACKETED_IPV6 = /^\[([0-9a-f:.]{2,45})(?:%[\w.-]{1,32})?\](?::\d{1,5})?$/i;
/** Without brackets the last number is the port: the text of a connection always has one. */
const IPV6 = /^([0-9a-f:.]*:[0-9a-f:.]*)(?:%[\w.-]{1,32})?:\d{1,5}$/i;
const GROUP_COUNT = 8;

/**
 * The peer of a connection.
 *
 * @param connection - the connection as the edge shows it, such as `127.0.0.1:50123`, `::1:50123`, `[::1]:50123` or
 *   `unix:7`. It is unique among the open connections.
 */
export function peerOf(connection: string, isProxy: IsProxy = () => false): PeerId {
  const ip = ipOf(connection);
  if (!ip) return { kind: "connection", key: connection };
  if (isProxy(ip.address)) return { kind: "proxy", key: connection };
  if (ip.isLoopback) return { kind: "connection", key: connection };
  return ip.network === undefined
    ? { kind: "address", key: ip.address }
    : { kind: "network", key: ip.network };
}

/** How a refusal names a peer. */
export function whoIs({ kind }: PeerId): string {
  return `this ${kind}`;
}

interface Ip {
  readonly address: string;
  readonly isLoopback: boolean;
  /** The network of an IPv6 address. */
  readonly network: string | undefined;
}

function ipOf(connection: string): Ip | undefined {
  const ipv4 = IPV4.exec(connection)?.[1];
  if (ipv4 !== undefined) return ofIpv4(ipv4);
  const address = (BRACKETED_IPV6.exec(connection) ?? IPV6.exec(connection))?.[1];
  const groups = address === undefined ? undefined : groupsOf(address.toLowerCase());
  if (address === undefined || !groups) return undefined;
  // An IPv4 address that is mapped into IPv6, so that a peer has one key on every address that the server listens on.
  if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff") return ofIpv4(dotted(groups.slice(6)));
  return {
    address,
    isLoopback: groups.join(":") === "0:0:0:0:0:0:0:1",
    network: `${groups.slice(0, 4).join(":")}::/64`,
  };
}

function ofIpv4(address: string): Ip {
  return { address, isLoopback: address === "127.0.0.1", network: undefined };
}

/** The eight groups of an IPv6 address, without leading zeros; undefined if it is malformed. */
function groupsOf(address: string): readonly string[] | undefined {
  const [head = [], tail, ...rest] = address.split("::").map(splitGroups);
  if (rest.length > 0) return undefined;
  if (tail === undefined) return head.length === GROUP_COUNT ? head : undefined;
  const missing = GROUP_COUNT - head.length - tail.length;
  return missing > 0 ? [...head, ...Array<string>(missing).fill("0"), ...tail] : undefined;
}

function splitGroups(text: string): readonly string[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [trimmed(group)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d].map((value) => value.toString(16));
  });
}

function trimmed(group: string): string {
  return group.replace(/^0+(?=.)/, "");
}

function dotted(groups: readonly string[]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((value) => [value >> 8, value & 255])
    .join(".");
}
