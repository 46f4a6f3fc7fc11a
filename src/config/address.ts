/**
 * Network addresses as people write them: `host:port`, with an IPv6 host in brackets.
 */

/** Where to listen or connect. */
export interface Address {
  /** Name or number, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What an address must look like, for messages. */
export const ADDRESS_FORM = "host:port, such as 127.0.0.1:50051, [::1]:50051 or 0.0.0.0:50051";

const FORM = /^(?:\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;

/** Reads `host:port`; undefined if it is malformed, has no host, or a port above 65,535. */
export function parseAddress(text: string): Address | undefined {
  const match = FORM.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || !(port <= 65_535) ? undefined : { host, port };
}

/** Whether only programs on the same machine can reach it. A name other than localhost counts as reachable. */
export function isLoopback({ host }: Address): boolean {
  return host === "localhost" || host === "::1" || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(host);
}
