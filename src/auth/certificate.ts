/** The identity in the certificate of a client. */
import { createHash } from "node:crypto";
import type { Principal } from "../core/vocabulary/principal.js";
import type { PeerCertificate } from "../ports/authenticator.js";
import { altNamesIn } from "./alt-names.js";
import { idProblem } from "./identity.js";

/** Who a certificate names. */
export interface CertificateIdentity {
  readonly principal: Principal;
  /** The SHA-256 of the certificate in base64url, which tokens are bound to. */
  readonly thumbprint: string;
}

type Verdict = CertificateIdentity | { readonly why: string };

/** Reads certificates, each once. */
export class CertificateReader {
  readonly #verdicts = new WeakMap<PeerCertificate, Verdict>();
  readonly #allowCommonName: boolean;

  /** @param allowCommonName - whether a certificate without alternative names is named by its common name. */
  constructor(allowCommonName: boolean) {
    this.#allowCommonName = allowCommonName;
  }

  /** Who a certificate names, or why it is refused. */
  read(certificate: PeerCertificate, timeOfDay: number): Verdict {
    const known = this.#verdicts.get(certificate) ?? this.#verdictOn(certificate);
    this.#verdicts.set(certificate, known);
    // TLS has looked at the end when the connection began, and it may be open for days.
    if ("principal" in known && timeOfDay >= (known.principal.expiresAt ?? 0)) {
      return { why: "the certificate has expired" };
    }
    return known;
  }

  #verdictOn(certificate: PeerCertificate): Verdict {
    if (!certificate.isVerified) return { why: "the certificate is not verified" };
    const id = this.#idIn(certificate);
    if (typeof id !== "string") return id;
    const expiresAt = Date.parse(certificate.validTo);
    if (Number.isNaN(expiresAt)) return { why: "the end of the certificate cannot be read" };
    return {
      principal: { id, source: "certificate", groups: [], expiresAt },
      thumbprint: createHash("sha256").update(certificate.raw).digest("base64url"),
    };
  }

  #idIn({ subject, subjectAltName }: PeerCertificate): string | { readonly why: string } {
    const names = altNamesIn(subjectAltName ?? "");
    if (!names) return { why: "the names in the certificate cannot be read" };
    for (const kind of ["URI", "DNS"]) {
      const [name, ...more] = names.filter((one) => one.kind === kind);
      if (name === undefined) continue;
      if (more.length > 0) return { why: `the certificate has several ${kind} names` };
      return valid(name.value, kind === "URI");
    }
    if (!this.#allowCommonName) return { why: "the certificate has neither a URI nor a DNS name" };
    const [name, ...more] = subject.split("\n").filter((line) => line.startsWith("CN="));
    if (name === undefined || more.length > 0)
      return { why: "the certificate has not exactly one common name" };
    return valid(name.slice("CN=".length), false);
  }
}

function valid(id: string, maySpiffe: boolean): string | { readonly why: string } {
  const problem = idProblem(id, { maySpiffe });
  return problem === undefined ? id : { why: `the id in the certificate ${problem}` };
}
