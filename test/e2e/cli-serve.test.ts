import { createClient, type DispatcherClient } from "ate-dispatcher-client";
import { afterEach, describe, expect, it } from "vitest";
import { createProcesses } from "../support/processes.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

async function withClient(
  address: string,
  use: (client: DispatcherClient) => Promise<unknown>,
): Promise<void> {
  const client = createClient({ address });
  try {
    await use(client);
  } finally {
    await client.close({ graceMs: 0 });
  }
}

describe("serve", () => {
  it("prints each address when it is ready, with the port that the system chose", async () => {
    const { addresses } = await processes.serve(["--listen", "127.0.0.1:0", "--listen", "localhost:0"]);

    expect(addresses).toHaveLength(2);
    for (const address of addresses) expect(address).toMatch(/:\d{4,5}$/);
    for (const address of addresses) await withClient(address, (client) => client.waitForReady(30_000));
  });

  it("prints its address as JSON, and reads its settings from file, environment and flags", async () => {
    const server = processes.cli(["serve", "--json", "--max-ttl-ms", "7s"], {
      env: { ATE_DISPATCHER_LISTEN: "127.0.0.1:0", ATE_DISPATCHER_DEFAULT_TTL_MS: "6s" },
    });
    const { address } = JSON.parse(await server.stdout.next()) as { readonly address: string };
    const { stdout } = await processes.run(["request", "nobody", "--json", "--address", address]);

    expect(JSON.parse(stdout)).toMatchObject({ ttl_ms: 6_000 });
    expect(await processes.run(["request", "nobody", "--ttl", "8s", "--address", address])).toMatchObject({
      code: 1,
    });
  });

  it("exits with code 0 at a signal although streams are open", async () => {
    const server = await processes.serve(["--drain-grace-ms", "10m"]);
    const common = ["--address", server.address];
    const producer = processes.cli(["produce", "topic1", "--echo", ...common]);
    const listener = processes.cli(["listen", "topic1", ...common]);
    await Promise.all([producer.stderr.next(/^answering/), listener.stderr.next(/^listening/)]);
    server.kill("SIGTERM");

    expect(await server.exit()).toEqual({ code: 0, signal: null });
    await Promise.all([producer.stderr.next(/^disconnected/), listener.stderr.next(/^disconnected/)]);
  });

  it("gets its clients back after a restart", async () => {
    const first = await processes.serve();
    const common = ["--address", first.address];
    const listener = processes.cli(["listen", "topic1", ...common]);
    await listener.stderr.next(/^listening/);
    first.kill("SIGKILL");
    await first.exit();
    await processes.serve(["--listen", first.address]);

    expect(await listener.stderr.next(/^reconnected/)).toBe("reconnected");
  });

  it("lets pending requests finish at the first signal, and exits at the second", async () => {
    const server = await processes.serve();
    const common = ["--address", server.address];
    const producer = processes.cli(["produce", "topic1", "--echo", "--delay", "30s", ...common]);
    await producer.stderr.next(/^answering/);
    await withClient(server.address, (client) => client.dispatch("topic1", { ttlMs: 40_000 }));
    server.kill("SIGINT");
    await server.stderr.next(/^draining/);
    server.kill("SIGINT");

    expect(await server.exit()).toEqual({ code: 130, signal: null });
  });

  it.each(["stdout", "stderr"] as const)(
    "exits at a signal although its %s is no longer read",
    async (stream) => {
      const server = processes.cli(["serve", "--listen", "127.0.0.1:0"]);
      await Promise.all([server.stdout.next(/^listening on /), server.stderr.next(/"serving"/)]);
      await server.stopReading(stream);
      server.kill("SIGTERM");

      expect(await server.exit()).toEqual({ code: 0, signal: null });
    },
  );

  it("fails with a message if the address is in use", async () => {
    const { address } = await processes.serve();
    const { code, stdout, stderr } = await processes.run(["serve", "--listen", address]);

    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`error: cannot listen on ${address}`);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("serves other machines without TLS and authentication only if it is told so, and warns then", async () => {
    const { code, stderr } = await processes.run(["serve", "--listen", "0.0.0.0:0"]);
    expect(code).toBe(2);
    expect(stderr).toContain("which has no TLS; set tlsCertFile and tlsKeyFile, or insecure: true");
    expect(stderr).toContain(
      "which has no authentication; set authTokensFile, authJwtJwksUrl or tlsClientAuth, or allowAnonymous: true",
    );

    const server = processes.cli(["serve", "--listen", "0.0.0.0:0", "--insecure", "--allow-anonymous"]);
    expect(await server.stderr.next(/^warning: 0/)).toContain("without TLS");
    expect(await server.stderr.next(/^warning: 0/)).toContain("without authentication");
  });
});
