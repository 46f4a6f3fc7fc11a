/**
 * Compares the round trip of each client with a plain unary gRPC echo in the same language. Our round trip is a gather
 * with one producer: caller, dispatcher, producer and back, with its summary; three processes instead of two. Each round
 * takes one sample of every client and kind in a random order, so that other load affects all equally.
 *
 *   npm run bench:clients
 *   npm run bench:clients -- --rounds 9 --trips 500
 */
import { parseArgs } from "node:util";
import { describeMachine } from "../machine.js";
import { OUR_SERVER } from "../our-server.js";
import { startServer } from "../server-process.js";
import { type Spread, shuffled, spread } from "../statistics.js";
import { PeerProcess } from "./peer-process.js";
import { PEERS } from "./peers.js";
import { IS_STRICT } from "./toolchains.js";

const KINDS = ["gather", "echo"] as const;
type Kind = (typeof KINDS)[number];

/** The processes and samples of one client. */
interface MeasuredClient {
  readonly name: string;
  readonly measure: PeerProcess;
  readonly parts: readonly PeerProcess[];
  /** Microseconds, one per round. */
  readonly samples: Readonly<Record<Kind, number[]>>;
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, trips: { type: "string", default: "300" } },
});
const [rounds, trips] = [Number(values.rounds), Number(values.trips)];
if (!(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(trips) && trips > 0)) {
  throw new Error("--rounds and --trips must be whole numbers of at least 1");
}

async function start(name: string, command: readonly string[], address: string): Promise<MeasuredClient> {
  const topic = `round-trip.${name.replaceAll(/\W+/g, "-")}`;
  const echo = new PeerProcess([...command, "echo"]);
  const echoAddress = (await echo.ask()).replace("listening on ", "");
  const producer = new PeerProcess([...command, "produce", address, topic]);
  await producer.ask();
  const measure = new PeerProcess([...command, "measure", address, topic, echoAddress]);
  return { name, measure, parts: [measure, producer, echo], samples: { gather: [], echo: [] } };
}

function show({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function row({ name, samples: { gather, echo } }: MeasuredClient): readonly string[] {
  const ratios = gather.map((each, round) => each / (echo[round] ?? Number.NaN));
  return [name, show(spread(gather), 0), show(spread(echo), 0), show(spread(ratios), 2)];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const { cpu, cores, loadBefore } = describeMachine();
const server = await startServer(OUR_SERVER);
const clients: MeasuredClient[] = [];
try {
  for (const { name, missing, prepare } of PEERS) {
    const why = await missing();
    if (why === undefined) clients.push(await start(name, await prepare(), server.address));
    else console.log(`${IS_STRICT ? "FAILED" : "SKIPPED"}  ${name}: ${why}`);
    if (why !== undefined && IS_STRICT) process.exitCode = 1;
  }
  const cells = clients.flatMap((client) => KINDS.map((kind) => ({ client, kind })));
  // Round 0 is the warm-up.
  for (let round = 0; round <= rounds; round++) {
    for (const { client, kind } of shuffled(cells)) {
      const microseconds = Number(await client.measure.ask(`${kind} ${trips}`));
      if (!(microseconds > 0)) throw new Error(`${client.name} measured ${microseconds}`);
      if (round > 0) client.samples[kind].push(microseconds);
    }
  }
} finally {
  for (const part of clients.flatMap(({ parts }) => parts)) await part.end();
  await server.kill();
}

console.log(
  `${cores} x ${cpu}, load ${loadBefore.toFixed(2)} before; ${rounds} rounds of ${trips} round trips each`,
);
console.log("microseconds: median of the rounds' medians (smallest–largest)\n");
console.log(table([["client", "gather of one", "plain unary echo", "ratio"], ...clients.map(row)]));
