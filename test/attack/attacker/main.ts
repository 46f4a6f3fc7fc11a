/** The process of one attacker: `main.js <attack> <address> <seconds>`. It ends when its parent disconnects or kills it. */
import { attackNamed } from "../attacks/index.js";
import { Attacker } from "./attacker.js";
import type { AttackerReport } from "./protocol.js";
import { Tally } from "./tally.js";

const REPORT_MS = 200;

const [name = "", address = "", seconds = ""] = process.argv.slice(2);
const tally = new Tally();
let isDone = false;
let problem: string | undefined;

process.on("disconnect", () => process.exit());
setInterval(report, REPORT_MS);
try {
  const over = AbortSignal.timeout(Number(seconds) * 1_000);
  await attackNamed(name).run(new Attacker(address, tally, over));
} catch (error) {
  problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  console.error(error);
}
isDone = true;
report();

function report(): void {
  const { sentBytes, decompressedBytes, told, answered, total } = tally;
  const sent: AttackerReport = { sentBytes, decompressedBytes, told, answered, total, isDone };
  process.send?.(problem === undefined ? sent : { ...sent, error: problem });
}
