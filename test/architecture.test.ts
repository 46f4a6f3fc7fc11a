import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { largeCircles, violations } from "./support/architecture.js";

const configHost: ts.ParseConfigFileHost = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
    throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
  },
};

describe("the architecture", () => {
  it("holds in src, in the clients and in what uses them", () => {
    const files = sources("src", "clients/typescript/src", "bench/src", "examples");

    expect(files.size).toBeGreaterThan(0);
    expect(violations(files)).toEqual([]);
  });

  it("has no circle of imports larger than the data model of the core", () => {
    expect(largeCircles(sources("src", "clients/typescript/src"))).toEqual([]);
  });

  it("keeps the core away from the types of Node and of browsers", () => {
    const config = ts.getParsedCommandLineOfConfigFile("src/core/tsconfig.json", {}, configHost);
    const file = "src/core/impure.ts";
    const source = [
      "setTimeout(f, 1);",
      "console.log(1);",
      "process.pid;",
      "performance.now();",
      "fetch('');",
    ];
    const host = ts.createCompilerHost({});
    const { fileExists, readFile } = host;
    host.fileExists = (path) => path === file || fileExists(path);
    host.readFile = (path) => (path === file ? source.join("\n") : readFile(path));
    const program = ts.createProgram([file], { ...config?.options, composite: false, noEmit: true }, host);
    const found = ts.getPreEmitDiagnostics(program).map(({ start = 0 }) => source.join("\n").slice(0, start));

    expect(new Set(found.map((before) => before.split("\n").length))).toEqual(new Set([1, 2, 3, 4, 5]));
  }, 30_000);

  it("finds a circle of five files, be it of types alone", () => {
    const names = ["a", "b", "c", "d", "e"];
    const circle = names.map((name, i): [string, string] => [
      `src/core/state/${name}.ts`,
      `import type { x } from "./${names[(i + 1) % names.length]}.js";`,
    ]);

    expect(largeCircles(new Map(circle)).map((files) => files.length)).toEqual([5]);
    expect(largeCircles(new Map(circle.slice(1)))).toEqual([]);
  });

  it.each<[path: string, source: string, rule: string]>([
    [
      "src/core/state/router.ts",
      'import { x } from "../../runtime/driver.js";',
      "core must not import runtime",
    ],
    [
      "src/core/state/router.ts",
      'import type { x } from "../../ports/clock.js";',
      "core must not import ports",
    ],
    [
      "src/core/state/router.ts",
      'import { randomUUID } from "node:crypto";',
      "core must not import node:crypto",
    ],
    ["src/core/state/router.ts", 'import pino from "pino";', "core must not import pino"],
    ["src/core/state/router.ts", 'const x = await import("pino");', "core must not import pino"],
    ["src/core/state/router.ts", "export const at = Date.now();", "core must not use Date"],
    ["src/core/state/router.ts", "export const x = Math.random();", "core must not use Math.random"],
    ["src/core/state/router.ts", 'export const x = Math["random"]();', "core must not use Math.random"],
    ["src/core/state/router.ts", "export let p: Promise<void>;", "core must not use Promise"],
    ["src/core/state/router.ts", "export async function f() {}", "core must not use async"],
    ["src/core/state/router.ts", "export const f = async () => {};", "core must not use async"],
    ["src/core/state/router.ts", "await x;", "core must not use await"],
    [
      "src/ports/clock.ts",
      'import { x } from "../core/vocabulary/topic.js";',
      "ports may import only types from core/vocabulary",
    ],
    [
      "src/ports/clock.ts",
      'import type { x } from "../core/state/router.js";',
      "ports must not import core/state",
    ],
    [
      "src/runtime/driver.ts",
      'import { x } from "../core/rules/scatter.js";',
      "runtime must not import core/rules",
    ],
    ["src/runtime/driver.ts", 'import { x } from "../grpc/call.js";', "runtime must not import grpc"],
    ["src/runtime/driver.ts", 'import pino from "pino";', "runtime must not import pino"],
    [
      "src/grpc/wire/decode.ts",
      'import { x } from "../../core/state/router.js";',
      "grpc must not import core/state",
    ],
    [
      "src/grpc/wire/decode.ts",
      'import type { x } from "../../core/state/router.js";',
      "grpc must not import core/state",
    ],
    [
      "src/grpc/wire/decode.ts",
      'export { x } from "../../core/dispatcher.js";',
      "grpc must not import core/dispatcher.ts",
    ],
    ["src/grpc/wire/decode.ts", 'import type { x } from "../../cli/main.js";', "grpc must not import cli"],
    [
      "src/grpc/wire/decode.ts",
      'import { x } from "../../ports/clock.js";',
      "grpc may import only types from ports",
    ],
    [
      "src/grpc/wire/decode.ts",
      'import { x } from "@nats-io/transport-node";',
      "grpc must not import @nats-io/transport-node",
    ],
    ...["core/state", "ports", "runtime", "cli"].map((folder): [string, string, string] => [
      `src/${folder}/x.ts`,
      'import type { x } from "ate-dispatcher-client/internal";',
      `${folder.split("/")[0]} must not import ate-dispatcher-client/internal`,
    ]),
    [
      "src/grpc/wire/decode.ts",
      'import { connect } from "ate-dispatcher-client";',
      "grpc must not import ate-dispatcher-client",
    ],
    [
      "src/config/schema.ts",
      'import { x } from "../grpc/server.js";',
      "config may import only types from grpc",
    ],
    [
      "src/cli/serve.ts",
      'import { x } from "../core/dispatcher.js";',
      "cli must not import core/dispatcher.ts",
    ],
    [
      "src/cli/listen.ts",
      'import { x } from "../../clients/typescript/src/index.js";',
      "cli must not import clients",
    ],
    [
      "src/cli/listen.ts",
      'import { x } from "../compose.js";',
      "nothing but main.ts and cli/serve.ts may import compose",
    ],
    [
      "src/cli/listen.ts",
      'import type { x } from "../compose.js";',
      "nothing but main.ts and cli/serve.ts may import compose",
    ],
    [
      "src/compose.ts",
      'import { x } from "./main.js";',
      "nothing but main.ts and cli/serve.ts may import main",
    ],
    ["src/cli/listen.ts", 'import { x } from "../runtime/driver.js";', "cli must not import runtime"],
    ["src/tools/x.ts", "", "tools is not in the table"],
    ["src/demo/demo.ts", "", "demo is not in the table"],
    ["src/extra.ts", "", "only compose.ts and main.ts lie at the top"],
    [
      "clients/typescript/src/a.ts",
      'import { x } from "../../../src/core/model.js";',
      "clients must not import src",
    ],
    [
      "clients/typescript/src/a.ts",
      'import { x } from "../../go/a.js";',
      "clients must not import another client",
    ],
    [
      "clients/typescript/src/a.ts",
      'import { x } from "ate-dispatcher";',
      "clients must not import ate-dispatcher",
    ],
    ["src/runtime/perform.ts", "process.env.HOME;", "process.env belongs in config/load.ts"],
    ["src/compose.ts", 'process["env"];', "process.env belongs in config/load.ts"],
    ["clients/typescript/src/a.ts", "const { env } = process;", "process.env belongs in config/load.ts"],
    ["src/cli/main.ts", 'import { env } from "node:process";', "process.env belongs in config/load.ts"],
    [
      "src/grpc/server.ts",
      'call.on("data", f);',
      "events are subscribed to in call.ts, bound-servers.ts and http2-events.ts of grpc/transport only",
    ],
    [
      "src/runtime/feed.ts",
      'response?.once("close", f);',
      "events are subscribed to in call.ts, bound-servers.ts and http2-events.ts of grpc/transport only",
    ],
    [
      "src/main.ts",
      'server.on("error", f);',
      "events are subscribed to in call.ts, bound-servers.ts and http2-events.ts of grpc/transport only",
    ],
    [
      "src/grpc/server.ts",
      "const { http2Servers } = server;",
      "internals of grpc-js belong in grpc-js-internals.ts",
    ],
    [
      "clients/typescript/src/a.ts",
      "const x = call as unknown as Private;",
      "internals of grpc-js belong in grpc-js-internals.ts",
    ],
    ["src/grpc/server.ts", "setTimeout(f, 1);", "timers belong in runtime"],
    ["src/runtime/driver.ts", "globalThis.setInterval(f, 1);", "timers belong in runtime"],
    [
      "src/cli/top.ts",
      'import { setTimeout as sleep } from "node:timers/promises";',
      "timers belong in runtime",
    ],
    ["src/runtime/index.ts", 'export * from "./driver.js";', "no export *"],
    ["clients/typescript/src/index.ts", 'export * as gen from "./gen/x.js";', "no export *"],
    ["bench/src/a.ts", 'import { x } from "../../src/core/model.js";', "bench must not import src"],
    [
      "examples/demo/a.ts",
      'import { x } from "../../test/support/root.js";',
      "examples must not import test",
    ],
    ["examples/fleet.ts", 'export * from "ate-dispatcher";', "no export *"],
    [
      "src/core/state/router.ts",
      'import type { x } from "../rules/scatter.js";',
      "state must not import rules, which is a higher layer",
    ],
    [
      "src/core/tables/slot-map.ts",
      'import { x } from "../state/state.js";',
      "tables must not import state, which is a higher layer",
    ],
    [
      "src/grpc/wire/encode.ts",
      'import { x } from "../rpc/submit.js";',
      "wire must not import rpc, which is a higher layer",
    ],
    [
      "clients/typescript/src/wire/a.ts",
      'import { x } from "../connection/link.js";',
      "wire must not import connection, which is a higher layer",
    ],
    ["src/core/more/a.ts", 'import { x } from "../vocabulary/model.js";', "more is in no layer of src/core"],
    [
      "src/runtime/a.ts",
      "new (class { constructor(a, b, c, d, e, f) {} })();",
      "no function takes more than 5 parameters",
    ],
    ["src/core/utils.ts", "", "no file is named utils, helpers, common, manager or Impl"],
    ["src/grpc/helpers/frame.ts", "", "no file is named utils, helpers, common, manager or Impl"],
    ["src/grpc/session-manager.ts", "", "no file is named utils, helpers, common, manager or Impl"],
    ["src/grpc/serverImpl.ts", "", "no file is named utils, helpers, common, manager or Impl"],
  ])("catches in %s: %s", (path, source, rule) => {
    expect(violations(new Map([[path, source]]))).toContain(`${path}: ${rule}`);
  });

  it.each<[path: string, source: string]>([
    [
      "src/core/state/router.ts",
      'import { x } from "../tables/topic-tree.js"; import type { y } from "../vocabulary/model.js";',
    ],
    [
      "src/core/state/router.ts",
      "// Date, await and Promise in words\nexport const x = (i: { process: number }) => i.process;",
    ],
    ["src/core/state/router.ts", "export interface Fact { readonly performance: number; console(): void }"],
    ["src/core/simple.ts", "export const x = Math.max(1, 2);"],
    ["src/core/router.test.ts", 'import { it } from "vitest"; it("runs", async () => {});'],
    [
      "src/ports/clock.ts",
      'import type { Instant } from "../core/vocabulary/model.js"; import type { x } from "./outbox.js";',
    ],
    ["src/runtime/pacemaker.ts", "setTimeout(f, 1);"],
    [
      "src/grpc/wire/status.ts",
      'import { REASONS } from "../../core/vocabulary/reason.js"; import { Status } from "ate-dispatcher-client/internal";',
    ],
    [
      "src/grpc/wire/decode.ts",
      'import { type Input } from "../../core/vocabulary/input.js"; import { x } from "../options.js";',
    ],
    ["src/grpc/transport/call.ts", 'import { status } from "@grpc/grpc-js"; call.on("data", f);'],
    ["src/grpc/transport/grpc-js-internals.ts", "const { http2Servers } = server as unknown as Private;"],
    ["src/grpc/wire/decode.ts", 'import { BinaryReader } from "@bufbuild/protobuf/wire";'],
    ["src/config/load.ts", "process.env.HOME;"],
    [
      "src/cli/serve.ts",
      'import { compose } from "../compose.js"; import { connect } from "ate-dispatcher-client";',
    ],
    [
      "src/main.ts",
      'import { main } from "./cli/main.js"; process.on("SIGTERM", f); process.once("SIGINT", f);',
    ],
    ["src/compose.ts", 'import { Driver } from "./runtime/driver.js"; import { x } from "./grpc/server.js";'],
    [
      "bench/src/peers/a.ts",
      'import { connect } from "@nats-io/transport-node"; import { x } from "../peer.js";',
    ],
    ["clients/typescript/src/gen/ate/x.ts", 'import { y } from "../google/y.js"; export * from "./z.js";'],
    [
      "clients/typescript/src/wire/a.ts",
      'import { x } from "../gen/x.js"; import { Client } from "@grpc/grpc-js"; s.on("data", f);',
    ],
  ])("lets pass in %s: %s", (path, source) => {
    expect(violations(new Map([[path, source]]))).toEqual([]);
  });
});

function sources(...folders: readonly string[]): ReadonlyMap<string, string> {
  const paths = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => posix.join(folder, name)),
  );
  return new Map(
    paths.filter((path) => path.endsWith(".ts")).map((path) => [path, readFileSync(path, "utf8")]),
  );
}
