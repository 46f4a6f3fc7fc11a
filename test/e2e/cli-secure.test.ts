/** Every kind of command over TLS, with a token, as a user types it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../support/certificates.js";
import { useServer } from "../support/in-process.js";
import { writePolicy } from "../support/policy-file.js";
import { createProcesses } from "../support/processes.js";
import { writeTokenFile } from "../support/token-file.js";

const TOKEN = "planted-token-of-the-desk";
const authority = new CertificateAuthority();
const own = authority.issue();
const tokens = writeTokenFile([{ token: TOKEN, id: "desk" }]);
const all = [">"];
const policy = writePolicy([
  {
    principals: ["desk"],
    allow: { request: all, produce: all, listen: all, introspect: all },
    deny: { request: ["no"] },
  },
]);
const folder = mkdtempSync(join(tmpdir(), "cli-secure-"));
const tokenFile = join(folder, "token");
writeFileSync(tokenFile, `${TOKEN}\n`);
const processes = createProcesses();
afterAll(async () => {
  await processes.stopAll();
  for (const { remove } of [tokens, policy]) remove();
  rmSync(folder, { recursive: true, force: true });
});
const server = useServer({
  tlsCertFile: own.certFile,
  tlsKeyFile: own.keyFile,
  authTokensFile: tokens.path,
  policyFile: policy.path,
});
const secure = () => ["--address", server.address, "--tls-ca", authority.certFile, "--token-file", tokenFile];

describe("a command over TLS, with a token", () => {
  it("does its job, by options and by environment", async () => {
    const producer = processes.cli(["produce", "greet", "--echo", ...secure()]);
    await producer.stderr.next(/^answering on greet/);
    const { code, stdout } = await processes.run(["gather", "greet", "hello", ...secure()]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("hello")]);

    const environment = {
      ATE_DISPATCHER_ADDRESS: server.address,
      ATE_DISPATCHER_TLS_CA: authority.certFile,
      ATE_DISPATCHER_TOKEN: TOKEN,
    };
    for (const args of [
      ["topics"],
      ["producers"],
      ["requests"],
      ["request", "greet"],
      ["bench", "--requests", "10"],
    ]) {
      expect([args, (await processes.run(args, { env: environment })).code]).toEqual([args, 0]);
    }
  });

  it("says what is wrong, and never the token", async () => {
    const without = (option: string) => {
      const args = secure();
      args.splice(args.indexOf(option), 2);
      return args;
    };
    const cases: readonly (readonly [args: readonly string[], code: number, text: RegExp])[] = [
      [["topics", ...without("--token-file")], 1, /UNAUTHENTICATED: the call has no valid credentials/],
      [["topics", ...without("--tls-ca"), "--tls"], 4, /certificate/],
      [["topics", ...without("--tls-ca")], 4, /no dispatcher answers/],
      [["request", "no", ...secure()], 1, /the policy does not allow request on no/],
      [["topics", "--address", "10.0.0.1:1", "--token-file", tokenFile], 2, /token would be sent in clear/],
      [
        ["topics", ...secure(), "--tls-cert", own.certFile],
        2,
        /--tls-cert is set without --tls-key; set both, or none/,
      ],
      [
        ["topics", ...secure(), "--tls-key", "/nowhere", "--tls-cert", own.certFile],
        2,
        /--tls-key: cannot read \/nowhere \(ENOENT\)/,
      ],
      [["topics", ...without("--token-file"), "--token-file", own.certFile], 1, /NO_TOKEN|header can hold/],
    ];
    for (const [args, code, text] of cases) {
      const ended = await processes.run([...args, "--connect-timeout", "2s"]);
      expect([args, ended.code, ended.stderr]).toEqual([args, code, expect.stringMatching(text)]);
      expect(ended.stderr + ended.stdout).not.toContain("planted");
    }
  });

  it("does not keep a server from starting that shares its environment", async () => {
    const environment = {
      ATE_DISPATCHER_TLS_CA: "/x",
      ATE_DISPATCHER_TOKEN: TOKEN,
      ATE_DISPATCHER_TOKEN_FILE: "/x",
    };
    const other = processes.cli(["serve", "--listen", "127.0.0.1:0"], { env: environment });

    expect(await other.stdout.next(/^listening on/)).toContain("127.0.0.1");
  });
});
