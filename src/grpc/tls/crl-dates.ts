/**
 * Reads until when lists of revoked certificates are valid. Neither Node nor OpenSSL through Node tells it: a list that has
 * expired fails every verification, so it must be found before it is used.
 */

const PEM = /-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/g;
const INTEGER = 0x02;
const SEQUENCE = 0x30;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** One element of DER, the encoding of a list: its type and its content. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly rest: Buffer;
}

/**
 * When the first of the lists in a PEM file expires, in milliseconds since the Unix epoch; infinity if none does.
 *
 * @throws Error if the file has no list, or a malformed one.
 */
export function crlExpiry(pem: Buffer): number {
  const lists = [...pem.toString("latin1").matchAll(PEM)].map(([, base64 = ""]) =>
    Buffer.from(base64, "base64"),
  );
  if (lists.length === 0) throw new Error("has no X509 CRL in PEM");
  return Math.min(...lists.map(expiryOf));
}

/** CertificateList { TBSCertList { version?, signature, issuer, thisUpdate, nextUpdate?, ... }, ... }: RFC 5280, 5.1. */
function expiryOf(list: Buffer): number {
  let rest = contentOf(contentOf(list));
  if (rest[0] === INTEGER) rest = next(rest).rest;
  const times: Element[] = [];
  for (let skipped = 0; skipped < 2; skipped++) rest = next(rest).rest;
  for (; rest.length > 0 && times.length < 2; rest = next(rest).rest) {
    const element = next(rest);
    if (element.tag !== UTC_TIME && element.tag !== GENERALIZED_TIME) break;
    times.push(element);
  }
  if (times.length === 0) throw new Error("has a malformed X509 CRL");
  const [, nextUpdate] = times;
  return nextUpdate ? timeOf(nextUpdate) : Number.POSITIVE_INFINITY;
}

function contentOf(der: Buffer): Buffer {
  const { tag, content } = next(der);
  if (tag !== SEQUENCE) throw new Error("has a malformed X509 CRL");
  return content;
}

function next(der: Buffer): Element {
  const [tag = 0, first = 0] = der;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const begin = 2 + lengthBytes;
  if (lengthBytes > 4 || der.length < begin) throw new Error("has a malformed X509 CRL");
  const length = lengthBytes === 0 ? first : der.readUIntBE(2, lengthBytes);
  if (der.length < begin + length) throw new Error("has a malformed X509 CRL");
  return { tag, content: der.subarray(begin, begin + length), rest: der.subarray(begin + length) };
}

/** UTCTime has two digits of the year, of which 50 to 99 are in the last century. */
function timeOf({ tag, content }: Element): number {
  const text = content.toString("latin1");
  const year =
    tag === UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text.slice(0, 2)}` : text.slice(0, 4);
  const [, month, day, hour, minute, second] =
    /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text.slice(tag === UTC_TIME ? 2 : 4)) ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at)) throw new Error("has a malformed X509 CRL");
  return at;
}
