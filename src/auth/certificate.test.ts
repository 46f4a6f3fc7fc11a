import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CertificateAuthority, type CertificateInit } from "../../test/support/certificates.js";
import type { PeerCertificate } from "../ports/authenticator.js";
import { altNamesIn } from "./alt-names.js";
import { CertificateReader } from "./certificate.js";

const authority = new CertificateAuthority();
const NOW = Date.now();

/** A certificate of openssl, as a connection would present it. */
function presented(init: CertificateInit, isVerified = true): PeerCertificate {
  const { subject, subjectAltName, validTo, raw } = new X509Certificate(authority.issue(init).cert);
  return { isVerified, subject, subjectAltName, validTo, raw };
}

/** The id in a certificate, or why there is none. */
function idIn(init: CertificateInit, allowCommonName = false): string {
  const verdict = new CertificateReader(allowCommonName).read(presented(init), NOW);
  return "why" in verdict ? verdict.why : verdict.principal.id;
}

/** Names that may contain commas and quotes. */
function names(...lines: readonly string[]): string {
  return `@names\n[names]\n${lines.join("\n")}`;
}

const SPIFFE = "spiffe://prod/ns/trading/sa/quotes";

describe("a client certificate", () => {
  it.each<[string, CertificateInit, string]>([
    ["its SPIFFE id", { san: `URI:${SPIFFE}` }, SPIFFE],
    ["its URI before DNS names", { san: `DNS:a.example,DNS:b.example,URI:${SPIFFE},IP:127.0.0.1` }, SPIFFE],
    ["another URI", { san: "URI:urn:uuid:7" }, "urn:uuid:7"],
    ["its DNS name", { san: "DNS:orders.example,IP:127.0.0.1,email:a@example.com" }, "orders.example"],
    ["its URI with a comma", { san: names("URI.1=urn:a,URI:urn:b") }, "urn:a,URI:urn:b"],
  ])("is named by %s", (_, init, id) => {
    expect(idIn(init)).toBe(id);
  });

  it.each<[string, CertificateInit, string]>([
    ["two URIs", { san: `URI:${SPIFFE},URI:spiffe://prod/b` }, "the certificate has several URI names"],
    ["two DNS names", { san: "DNS:a.example,DNS:b.example" }, "the certificate has several DNS names"],
    ["an IP address alone", { san: "IP:127.0.0.1" }, "the certificate has neither a URI nor a DNS name"],
    ["a common name alone", { san: "" }, "the certificate has neither a URI nor a DNS name"],
    ["the DNS name *", { san: "DNS:*" }, "the id in the certificate is reserved for policies"],
    [
      "a DNS name like a SPIFFE id",
      { san: `DNS:${SPIFFE}` },
      "the id in the certificate begins with spiffe:, which only a certificate or a proxy may name",
    ],
    [
      "a URI like a group",
      { san: "URI:group:traders" },
      "the id in the certificate begins with group:, which names groups in policies",
    ],
    [
      "a SPIFFE id with a second one in it",
      { san: names(`URI.1=${SPIFFE},URI=spiffe://prod/admin`) },
      "the id in the certificate is no SPIFFE id",
    ],
    [
      "a SPIFFE id with a semicolon",
      { san: `URI:${SPIFFE};By=x` },
      "the id in the certificate is no SPIFFE id",
    ],
    [
      "a SPIFFE id with a star",
      { san: "URI:spiffe://prod/ns/*/sa/quotes" },
      "the id in the certificate is no SPIFFE id",
    ],
    [
      "a SPIFFE id with dots",
      { san: "URI:spiffe://prod/ns/../sa" },
      "the id in the certificate is no SPIFFE id",
    ],
    ["a trust domain alone", { san: "URI:spiffe://prod" }, "the id in the certificate is no SPIFFE id"],
    ["capitals in the scheme", { san: "URI:SPIFFE://prod/a" }, "the id in the certificate is no SPIFFE id"],
  ])("is refused with %s", (_, init, why) => {
    expect(idIn(init)).toBe(why);
  });

  it("is named by its common name only if that is allowed, and only without other names", () => {
    expect(idIn({ san: "", commonName: "orders" }, true)).toBe("orders");
    expect(idIn({ san: "DNS:a.example", commonName: "orders" }, true)).toBe("a.example");
    expect(idIn({ san: "", commonName: "group:x" }, true)).toContain("begins with group:");
    expect(idIn({ san: "", commonName: "spiffe:\\/\\/prod\\/a" }, true)).toContain("begins with spiffe:");
  });

  it("is refused if it is not verified, whatever it says", () => {
    expect(new CertificateReader(true).read(presented({ san: `URI:${SPIFFE}` }, false), NOW)).toEqual({
      why: "the certificate is not verified",
    });
  });

  it("counts until its end", () => {
    const certificate = presented({ san: `URI:${SPIFFE}` });
    const reader = new CertificateReader(false);
    const end = Date.parse(certificate.validTo);

    expect(reader.read(certificate, end - 1)).toMatchObject({ principal: { id: SPIFFE, expiresAt: end } });
    expect(reader.read(certificate, end)).toEqual({ why: "the certificate has expired" });
  });
});

describe("the alternative names of a certificate", () => {
  it.each([
    ["none", "", []],
    ["several", "DNS:a, IP Address:127.0.0.1, URI:urn:b", ["DNS=a", "IP Address=127.0.0.1", "URI=urn:b"]],
    ["quoted", 'URI:"urn:a, URI:urn:b\\"", DNS:c', ['URI=urn:a, URI:urn:b"', "DNS=c"]],
  ])("are read: %s", (_, text, expected) => {
    expect(altNamesIn(text)?.map(({ kind, value }) => `${kind}=${value}`)).toEqual(expected);
  });

  it.each(['URI:"urn:a', 'URI:"urn:a"b', "URI:a,URI:b", 'URI:"\\x"', "nothing", "DNS:a, "])(
    "are refused as a whole if a part cannot be read: %s",
    (text) => {
      expect(altNamesIn(text)).toBeUndefined();
    },
  );
});
