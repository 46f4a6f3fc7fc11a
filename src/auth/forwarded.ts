/**
 * The identity that a trusted proxy forwards. A proxy appends to what its client sent, so only the last element is its own
 * word; the earlier ones may be forged.
 */
import type { Principal } from "../core/vocabulary/principal.js";
import { idProblem } from "./identity.js";

/** The headers of Envoy and of Linkerd. */
export const FORWARDED_HEADERS = ["xfcc", "l5d-client-id"] as const;

/** The name of a header in the settings. */
export type ForwardedHeader = (typeof FORWARDED_HEADERS)[number];

const METADATA_NAMES: Readonly<Record<ForwardedHeader, string>> = {
  xfcc: "x-forwarded-client-cert",
  "l5d-client-id": "l5d-client-id",
};

/** What a header says. */
export type Forwarded = { readonly principal: Principal } | { readonly why: string } | undefined;

/** The name of the metadata that has the identity. */
export function metadataNameOf(header: ForwardedHeader): string {
  return METADATA_NAMES[header];
}

/** Reads the values of a header that a trusted proxy sent; undefined if there is none. */
export function forwardedBy(header: ForwardedHeader, values: readonly string[]): Forwarded {
  if (values.length === 0) return undefined;
  const id = header === "xfcc" ? spiffeIdIn(values.join(",")) : onlyValue(values);
  if (typeof id !== "string") return id;
  const problem = idProblem(id, { maySpiffe: true });
  if (problem !== undefined) return { why: `the forwarded id ${problem}` };
  return { principal: { id, source: "forwarded", groups: [], expiresAt: undefined } };
}

/** Linkerd replaces what its client sent, so there is one value; a comma says that somebody added another. */
function onlyValue(values: readonly string[]): string | { readonly why: string } {
  const [value = "", ...more] = values;
  return more.length > 0 || /[,\s]/.test(value) ? { why: "several ids are forwarded" } : value;
}

/** The one SPIFFE id in the last element of an x-forwarded-client-cert. */
function spiffeIdIn(header: string): string | { readonly why: string } {
  const elements = split(header, ",");
  const pairs = elements && split(elements.at(-1) ?? "", ";");
  if (!pairs) return { why: "the forwarded certificate cannot be read" };
  const ids: string[] = [];
  for (const pair of pairs) {
    const [, key = "", value = ""] = /^\s*([^=]*)=(.*)$/s.exec(pair) ?? [];
    if (key.trim().toLowerCase() === "uri") ids.push(unquoted(value.trim()));
  }
  const [id, ...more] = ids;
  if (id === undefined) return { why: "the forwarded certificate has no URI" };
  if (more.length > 0) return { why: "the forwarded certificate has several URIs" };
  return id.startsWith("spiffe://") ? id : { why: "the forwarded URI is no SPIFFE id" };
}

/** Splits at a separator that is outside quotes; undefined if a quote is not closed. */
function split(text: string, separator: string): readonly string[] | undefined {
  const parts: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (isQuoted && char === "\\") i++;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  if (isQuoted) return undefined;
  parts.push(text.slice(from));
  return parts;
}

function unquoted(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1
    ? value.slice(1, -1).replaceAll(/\\(.)/gs, "$1")
    : value;
}
