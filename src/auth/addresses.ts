/** Sets of addresses: CIDRs, single addresses, and Unix sockets. */
import { BlockList, isIP } from "node:net";
import { idProblem } from "./identity.js";

/** What connections without an IP address are called. */
const UNIX = "unix";

/** One entry of a list of addresses. */
export type AddressRange =
  | { readonly kind: "unix" }
  | {
      readonly kind: "network";
      readonly address: string;
      readonly bits: number;
      readonly family: "ipv4" | "ipv6";
    };

/** Parses a CIDR, an address or `unix:`. @returns undefined if the text is none of them. */
export function parseRange(text: string): AddressRange | undefined {
  if (text === "unix:") return { kind: "unix" };
  const [, address = "", bits] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const max = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? max : Number(bits);
  if (prefix > max) return undefined;
  return { kind: "network", address, bits: prefix, family: version === 4 ? "ipv4" : "ipv6" };
}

/** Whether a range has addresses of loopback, be it wholly or in part. */
export function touchesLoopback(range: AddressRange): boolean {
  if (range.kind === "unix") return false;
  const { address, bits, family } = range;
  const own = new BlockList();
  own.addSubnet(address, bits, family);
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  // Two networks overlap if one has the first address of the other.
  return (
    own.check("127.0.0.0", "ipv4") ||
    own.check("::1", "ipv6") ||
    own.check("::ffff:127.0.0.0", "ipv6") ||
    loopback.check(address, family)
  );
}

/** Addresses that belong to a list. */
export class AddressSet {
  readonly #networks = new BlockList();
  readonly #hasUnix: boolean;

  constructor(ranges: readonly AddressRange[]) {
    for (const range of ranges) {
      if (range.kind === "network") this.#networks.addSubnet(range.address, range.bits, range.family);
    }
    this.#hasUnix = ranges.some(({ kind }) => kind === "unix");
  }

  /** @param address - an IP address without its port, whose IPv4 form is unfolded; or `unix`. */
  has(address: string): boolean {
    if (address === UNIX) return this.#hasUnix;
    const plain = address.replace(/%.*$/, "");
    const version = isIP(plain);
    return version !== 0 && this.#networks.check(plain, version === 4 ? "ipv4" : "ipv6");
  }
}

/** A proxy that may forward identities: a range of addresses, or the id in its own certificate. */
export type TrustedHop = AddressRange | { readonly kind: "id"; readonly id: string };

const LIKE_IPV4 = /^\d[\d.]*(?:\/\d*)?$/;
const LIKE_IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*(?:\/\d*)?$/i;
const WITH_SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Parses an entry of `authForwardedFrom`. @returns undefined if it is none, such as an address with a wrong prefix. */
export function parseHop(text: string): TrustedHop | undefined {
  const range = parseRange(text);
  if (range || LIKE_IPV4.test(text) || LIKE_IPV6.test(text)) return range;
  if (text.includes("/") && !WITH_SCHEME.test(text)) return undefined;
  return idProblem(text, { maySpiffe: true }) === undefined ? { kind: "id", id: text } : undefined;
}
