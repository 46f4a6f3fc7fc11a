import type { Presented } from "../ports/authenticator.js";
import { AddressSet, parseHop } from "./addresses.js";
import { type Forwarded, type ForwardedHeader, forwardedBy, metadataNameOf } from "./forwarded.js";

/** The identities that trusted proxies forward. */
export class ForwardedSource {
  readonly #header: ForwardedHeader;
  readonly #addresses: AddressSet;
  readonly #hopIds: ReadonlySet<string>;

  /** @param trusted - as in `authForwardedFrom`; entries that cannot be read trust nobody. */
  constructor(header: ForwardedHeader, trusted: readonly string[]) {
    this.#header = header;
    const hops = trusted.map(parseHop).filter((hop) => hop !== undefined);
    this.#addresses = new AddressSet(hops.filter((hop) => hop.kind !== "id"));
    this.#hopIds = new Set(hops.flatMap((hop) => (hop.kind === "id" ? [hop.id] : [])));
  }

  /** Whether an id is that of a proxy which may forward others. */
  isHop(id: string | undefined): boolean {
    return id !== undefined && this.#hopIds.has(id);
  }

  /**
   * Who is forwarded with a call. A header of anybody who is not trusted is no credential, and is not even read.
   *
   * @param certificateId - the id in the certificate of the connection.
   */
  read(presented: Presented, certificateId: string | undefined): Forwarded {
    const values = presented.metadata(metadataNameOf(this.#header));
    if (values.length === 0) return undefined;
    const isTrusted = this.isHop(certificateId) || this.#addresses.has(presented.address());
    return isTrusted ? forwardedBy(this.#header, values) : undefined;
  }
}
