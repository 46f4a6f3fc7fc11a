/**
 * Pages of a list (AIP-158). A page token holds the name of the list and the last key that the page before visited.
 */
import { type FieldViolation, invalid, type Refusal } from "../../core/vocabulary/reason.js";
import type { Visit } from "../../core/vocabulary/views.js";
import type { Page } from "../wire/encode-page.js";

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;
/** Maximum size of the items of a page. An item that is longer has a page of its own. */
const MAX_PAGE_BYTES = 64 * 1_024;
/**
 * Maximum number of entries that are visited for a page, with their registrations and outcomes: about a millisecond. The
 * last entry may exceed it.
 */
const MAX_VISITED = 2_500;

/** The paging fields of a request. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A page, or the reason why the request is rejected. */
export type PageOrRefusal = { readonly page: Page } | { readonly refusal: Refusal };

/**
 * Returns one page of a list. It ends after `page_size` items, before the item that would make it longer than
 * {@link MAX_PAGE_BYTES}, or after {@link MAX_VISITED} visited entries, whichever is first. A page may be empty although
 * others follow, if a filter excludes all entries that were visited.
 *
 * @param list - the name of the list. A token of another list is rejected.
 * @param after - visits the entries behind a key, or all entries for undefined. It is read no further than necessary.
 * @param encode - encodes an item.
 */
export function pageOf<T>(
  list: string,
  request: PageRequest,
  after: (key: string | undefined) => Iterable<Visit<T>>,
  encode: (view: T) => Uint8Array,
): PageOrRefusal {
  const start = keyFrom(list, request.pageToken);
  const violations = violationsOf(request, start);
  if (violations.length > 0 || start === null) return { refusal: invalid(violations) };
  const size = request.pageSize || DEFAULT_PAGE_SIZE;
  const items: Uint8Array[] = [];
  let bytes = 0;
  let visited = 0;
  let last = "";
  for (const { key, view, cost } of after(start)) {
    if (view !== undefined) {
      const item = items.length < size ? encode(view) : undefined;
      const isFull = item === undefined || (items.length > 0 && bytes + item.byteLength > MAX_PAGE_BYTES);
      if (isFull) return { page: { items, nextPageToken: tokenFor(list, last) } };
      items.push(item);
      bytes += item.byteLength;
    }
    last = key;
    visited += cost;
    if (visited >= MAX_VISITED) return { page: { items, nextPageToken: tokenFor(list, last) } };
  }
  return { page: { items, nextPageToken: "" } };
}

function violationsOf({ pageSize }: PageRequest, key: string | undefined | null): readonly FieldViolation[] {
  const violations: FieldViolation[] = [];
  if (pageSize > MAX_PAGE_SIZE) {
    const description = `is ${pageSize}; use 1 to ${MAX_PAGE_SIZE}, or 0 for ${DEFAULT_PAGE_SIZE}`;
    violations.push({ field: "page_size", description });
  }
  if (key === null) {
    violations.push({
      field: "page_token",
      description: "is not a token of this list; start without a token",
    });
  }
  return violations;
}

function tokenFor(list: string, key: string): string {
  return Buffer.from(`${list} ${key}`).toString("base64url");
}

/** Returns the key in a token; undefined without a token, null if the token is not one of this list. */
function keyFrom(list: string, token: string): string | undefined | null {
  if (token === "") return undefined;
  const text = Buffer.from(token, "base64url").toString();
  const key = text.startsWith(`${list} `) ? text.slice(list.length + 1) : undefined;
  return key !== undefined && tokenFor(list, key) === token ? key : null;
}
