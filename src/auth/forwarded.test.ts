import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG } from "../config/schema.js";
import type { PeerCertificate, Presented } from "../ports/authenticator.js";
import { AddressSet, parseHop, parseRange, touchesLoopback } from "./addresses.js";
import { createAuthenticator } from "./authenticator.js";
import { forwardedBy } from "./forwarded.js";
import type { AuthSettings } from "./options.js";

const ORDERS = "spiffe://prod/ns/trading/sa/orders";
const QUOTES = "spiffe://prod/ns/trading/sa/quotes";
const PROXY = "spiffe://prod/ns/istio/sa/gateway";

/** The forwarded id, or why there is none. */
function idIn(...values: readonly string[]): string | undefined {
  const found = forwardedBy("xfcc", values);
  return found && ("why" in found ? found.why : found.principal.id);
}

describe("x-forwarded-client-cert", () => {
  it.each([
    ["a URI alone", [`URI=${ORDERS}`]],
    [
      "all of what Envoy sends",
      [
        `By=${PROXY};Hash=ab12;Cert="-----BEGIN%20CERTIFICATE";Subject="CN=a,O=\\"b;URI=x\\"";URI=${ORDERS};DNS=a`,
      ],
    ],
    ["a quoted URI", [`Hash=ab;URI="${ORDERS}"`]],
    ["a key in lower case", [`uri=${ORDERS}`]],
    ["a forged element before its own", [`URI=${QUOTES},By=${PROXY};URI=${ORDERS}`]],
    ["a forged element with quotes", [`Subject="a,b";URI=${QUOTES}, By=${PROXY};URI=${ORDERS}`]],
    ["a forged value of its own", [`URI=${QUOTES}`, `By=${PROXY};URI=${ORDERS}`]],
  ])("names the client with %s", (_, values) => {
    expect(idIn(...values)).toBe(ORDERS);
  });

  it.each([
    ["no value", [], undefined],
    ["an empty value", [""], "the forwarded certificate has no URI"],
    ["no URI", [`By=${PROXY};Hash=ab`], "the forwarded certificate has no URI"],
    ["no URI in the last element", [`URI=${ORDERS},By=${PROXY}`], "the forwarded certificate has no URI"],
    ["an empty last element", [`URI=${ORDERS},`], "the forwarded certificate has no URI"],
    ["two URIs", [`URI=${ORDERS};URI=${QUOTES}`], "the forwarded certificate has several URIs"],
    [
      "a URI with a semicolon, which Envoy does not escape",
      [`By=x;URI=urn:a;URI=${ORDERS};b`],
      "the forwarded certificate has several URIs",
    ],
    ["a URI with a comma", [`By=x;URI=urn:a,URI=${ORDERS}`], ORDERS],
    ["a URI that is no SPIFFE id", ["URI=https://orders.example"], "the forwarded URI is no SPIFFE id"],
    ["a SPIFFE id with a star", ["URI=spiffe://prod/*"], "the forwarded id is no SPIFFE id"],
    ["a SPIFFE id with dots", ["URI=spiffe://prod/../a"], "the forwarded id is no SPIFFE id"],
    ["a quote that is not closed", [`URI=${ORDERS},Subject="a`], "the forwarded certificate cannot be read"],
    [
      "a quote that swallows the last element",
      [`Subject="a,URI=${ORDERS}`],
      "the forwarded certificate cannot be read",
    ],
    ["a quote in the id", [`URI="${ORDERS}\\"`], "the forwarded certificate cannot be read"],
    ["a control character", [`URI=${ORDERS}\u0001`], "the forwarded id holds control characters"],
  ])("is read strictly: %s", (_, values, why) => {
    expect(idIn(...values)).toBe(why);
  });
});

describe("l5d-client-id", () => {
  it.each([
    [
      "an id",
      ["orders.trading.serviceaccount.identity.linkerd.cluster.local"],
      "orders.trading.serviceaccount.identity.linkerd.cluster.local",
    ],
    ["a second value", ["a", "b"], "several ids are forwarded"],
    ["a comma", ["a, b"], "several ids are forwarded"],
    ["an empty value", [""], "the forwarded id is empty"],
    ["a group", ["group:traders"], "the forwarded id begins with group:, which names groups in policies"],
    ["everybody", ["*"], "the forwarded id is reserved for policies"],
  ])("is read strictly: %s", (_, values, expected) => {
    const found = forwardedBy("l5d-client-id", values);

    expect(found && ("why" in found ? found.why : found.principal.id)).toBe(expected);
  });
});

describe("addresses", () => {
  const set = (...ranges: readonly string[]) =>
    new AddressSet(ranges.map(parseRange).filter((range) => range !== undefined));

  it.each<[readonly string[], string, boolean]>([
    [["10.0.0.0/8"], "10.255.0.1", true],
    [["10.0.0.0/8"], "11.0.0.1", false],
    [["192.0.2.7"], "192.0.2.7", true],
    [["192.0.2.7"], "192.0.2.8", false],
    [["2001:db8::/32"], "2001:db8:1::1", true],
    [["fe80::/10"], "fe80::1%eth0", true],
    [["2001:db8::/32"], "2001:db9::1", false],
    [["unix:"], "unix", true],
    [["unix:"], "", false],
    [["unix:"], "127.0.0.1", false],
    [["0.0.0.0/0", "::/0"], "unix", false],
    [["0.0.0.0/0", "::/0"], "", false],
    [["0.0.0.0/0"], "nonsense", false],
  ])("%j has %s: %s", (ranges, address, expected) => {
    expect(set(...ranges).has(address)).toBe(expected);
  });

  it.each([
    "10.0.0.0/33",
    "10.0.0",
    "10.0.0.0/",
    "2001:db8::/129",
    "::g/8",
    "",
    "a/b",
    "*",
    "group:x",
    "unix:/x/y\n",
  ])("%j is no trusted proxy", (text) => {
    expect(parseHop(text)).toBeUndefined();
  });

  it.each(["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "::1", "::/0", "::ffff:127.0.0.1/128", "126.0.0.0/7"])(
    "%s is loopback",
    (text) => {
      const range = parseRange(text);
      expect(range && touchesLoopback(range)).toBe(true);
    },
  );

  it.each(["10.0.0.0/8", "128.0.0.0/8", "2001:db8::/32", "unix:"])("%s is not loopback", (text) => {
    const range = parseRange(text);
    expect(range && touchesLoopback(range)).toBe(false);
  });
});

describe("an identity that is forwarded", () => {
  /** Who calls from an address, with headers and the id in a certificate. */
  async function caller(
    settings: Partial<AuthSettings>,
    address: string,
    headers: Readonly<Record<string, string>>,
    certificateId?: string,
  ): Promise<string> {
    const services = { logger: console, now: () => 0, timeOfDay: () => 0 };
    const created = createAuthenticator({ ...DEFAULT_CONFIG, ...settings }, services);
    const certificate: PeerCertificate | undefined = certificateId
      ? {
          isVerified: true,
          subject: "",
          subjectAltName: `URI:${certificateId}`,
          validTo: "Jan  1 00:00:00 2040 GMT",
          raw: new Uint8Array(),
        }
      : undefined;
    const presented: Presented = {
      metadata: (name) => (headers[name] === undefined ? [] : [headers[name]]),
      address: () => address,
      certificate: () => certificate,
    };
    const found = await created?.authenticator.identify(presented);
    if (!found) throw new Error("everybody may call");
    return "why" in found ? found.why : `${found.principal.source} ${found.principal.id}`;
  }

  const header = { "x-forwarded-client-cert": `URI=${ORDERS}` };
  const byAddress = { authForwardedFrom: ["10.0.0.0/8"] };
  const byId = { authForwardedFrom: [PROXY], tlsClientAuth: "request" as const };

  it("is that of the client, from a trusted proxy", async () => {
    expect(await caller(byAddress, "10.1.2.3", header)).toBe(`forwarded ${ORDERS}`);
    expect(await caller(byId, "192.0.2.1", header, PROXY)).toBe(`forwarded ${ORDERS}`);
  });

  it("is no credential from anybody else", async () => {
    expect(await caller(byAddress, "192.0.2.1", header)).toBe("no credentials");
    expect(await caller(byAddress, "", header)).toBe("no credentials");
    expect(await caller(byAddress, "unix", header)).toBe("no credentials");
    expect(await caller(byId, "10.1.2.3", header)).toBe("no credentials");
    expect(await caller(byId, "10.1.2.3", header, QUOTES)).toBe(`certificate ${QUOTES}`);
  });

  it("leaves a certificate of the connection first, unless it is that of the proxy", async () => {
    const settings = { ...byAddress, tlsClientAuth: "request" as const };

    expect(await caller(settings, "10.1.2.3", header, QUOTES)).toBe(`certificate ${QUOTES}`);
    expect(await caller(byId, "10.1.2.3", {}, PROXY)).toBe(`certificate ${PROXY}`);
  });

  it("must be valid even beside a better credential", async () => {
    const forged = { "x-forwarded-client-cert": "URI=spiffe://prod/*" };
    const settings = { ...byAddress, tlsClientAuth: "request" as const };

    expect(await caller(settings, "10.1.2.3", forged, QUOTES)).toBe("the forwarded id is no SPIFFE id");
  });

  it("is read from the configured header alone", async () => {
    const settings = { ...byAddress, authForwardedHeader: "l5d-client-id" as const };

    expect(await caller(settings, "10.1.2.3", { ...header, "l5d-client-id": "a.b" })).toBe("forwarded a.b");
    expect(await caller(byAddress, "10.1.2.3", { "l5d-client-id": "a.b" })).toBe("no credentials");
  });
});
