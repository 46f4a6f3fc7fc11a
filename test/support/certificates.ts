/**
 * Certificates that the openssl command makes in a temporary folder. No private key is ever committed.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A certificate with its key, as files and as their contents. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What a certificate says of its owner, and until when. */
export interface CertificateInit {
  /** Subject alternative names in the form of openssl. Default: those of loopback. */
  readonly san?: string;
  /** Default: no common name beyond "test". */
  readonly commonName?: string;
  /** Days from now; negative for a certificate that has expired. Default 1. */
  readonly days?: number;
}

export const LOOPBACK = "DNS:localhost,IP:127.0.0.1,IP:::1";

/** A certificate authority in a folder of its own, which is removed after the tests of the file. */
export class CertificateAuthority {
  readonly certFile: string;
  readonly cert: Buffer;
  private readonly folder = mkdtempSync(join(tmpdir(), "ca-"));
  private serial = 0;

  constructor() {
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
    this.certFile = this.path("ca.crt");
    openssl(
      "req",
      "-x509",
      ...NEW_KEY,
      "-keyout",
      this.path("ca.key"),
      "-out",
      this.certFile,
      ...SUBJECT("ca"),
      "-days",
      "2",
    );
    this.cert = readFileSync(this.certFile);
    // The database of what was issued and revoked, from which lists of revoked certificates are made.
    writeFileSync(this.path("index.txt"), "");
    writeFileSync(this.path("crlnumber"), "01\n");
    writeFileSync(this.path("serial"), "1000\n");
    const database = ["index.txt", "crlnumber", "serial"].map(
      (name) => `${name === "index.txt" ? "database" : name} = ${this.path(name)}`,
    );
    writeFileSync(
      this.path("ca.cnf"),
      ["[ca]", "default_ca = one", "[one]", ...database, "default_md = sha256", ""].join("\n"),
    );
  }

  /** Issues a certificate. */
  issue({ san = LOOPBACK, commonName = "test", days = 1 }: CertificateInit = {}): Certificate {
    const name = `${++this.serial}`;
    const [certFile, keyFile, request, extensions] = ["crt", "key", "csr", "ext"].map((end) =>
      this.path(`${name}.${end}`),
    );
    if (!certFile || !keyFile || !request || !extensions) throw new Error("no paths");
    writeFileSync(extensions, san === "" ? "" : `subjectAltName=${san}\n`);
    openssl("req", ...NEW_KEY, "-keyout", keyFile, "-out", request, ...SUBJECT(commonName));
    const signed = ["-CA", this.certFile, "-CAkey", this.path("ca.key"), "-extfile", extensions];
    if (days < 0) this.signInThePast(request, certFile, extensions, days);
    else openssl("x509", "-req", "-in", request, ...signed, "-out", certFile, "-days", String(days));
    return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
  }

  /** Makes a list of the certificates that are revoked. @param days - until the list expires; negative if it has. */
  revoke(certificates: readonly Certificate[], days = 1): string {
    const ca = ["-config", this.path("ca.cnf"), "-cert", this.certFile, "-keyfile", this.path("ca.key")];
    for (const { certFile } of certificates) openssl("ca", ...ca, "-revoke", certFile);
    const listFile = this.path(`${++this.serial}.crl`);
    const dates =
      days < 0
        ? ["-crl_lastupdate", dayFromNow(days - 1), "-crl_nextupdate", dayFromNow(days)]
        : ["-crldays", String(days)];
    openssl("ca", ...ca, "-gencrl", "-out", listFile, ...dates);
    return listFile;
  }

  /** A path in the folder of the authority. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Signs with dates in the past, which `openssl x509` cannot. */
  private signInThePast(request: string, certFile: string, extensions: string, days: number): void {
    const ca = ["-config", this.path("ca.cnf"), "-cert", this.certFile, "-keyfile", this.path("ca.key")];
    const dates = ["-startdate", dayFromNow(days - 2), "-enddate", dayFromNow(days)];
    const policy = join(this.folder, "past.cnf");
    const lines = readFileSync(this.path("ca.cnf"), "utf8");
    writeFileSync(policy, `${lines}policy = any\nunique_subject = no\n[any]\ncommonName = optional\n`);
    const into = ["-outdir", this.folder, "-rand_serial", "-notext", "-batch", "-extfile", extensions];
    openssl("ca", "-config", policy, ...ca.slice(2), ...dates, ...into, "-in", request, "-out", certFile);
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const SUBJECT = (name: string): readonly string[] => ["-subj", `/CN=${name}`];

/** A date in the form of `openssl ca`: YYYYMMDDHHMMSSZ. */
function dayFromNow(days: number): string {
  const text = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${text.replace(/[-:T]/g, "").slice(0, 14)}Z`;
}

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
