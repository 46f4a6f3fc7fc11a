/**
 * The command line: its commands, its help, and the output of errors.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { nearest } from "../config/names.js";
import { addBench } from "./bench.js";
import { addCancel } from "./cancel.js";
import type { Cli, Process } from "./cli.js";
import { type CommandStreams, openCommandStreams } from "./command-streams.js";
import { EXIT, explain } from "./exit.js";
import { addGather } from "./gather.js";
import { jsonText } from "./json-text.js";
import { addListen } from "./listen.js";
import { addListeners } from "./listeners.js";
import { createOutput, createPaint } from "./output.js";
import { addPolicy } from "./policy.js";
import { addProduce } from "./produce.js";
import { addProducers } from "./producers.js";
import { addRequest } from "./request.js";
import { addRequests } from "./requests.js";
import { addServe } from "./serve.js";
import { addShow } from "./show.js";
import { addToken } from "./token.js";
import { addTop } from "./top.js";
import { addTopics } from "./topics.js";

const EXAMPLES = `
Try it in four terminals:
  $ ate-dispatcher serve
  $ ate-dispatcher produce topic1 --echo --id producer1
  $ ate-dispatcher listen topic1
  $ ate-dispatcher request topic1 3 4 5 --kw keyword=b

Exit codes: 0 done, 1 the call failed or was rejected or standard output cannot be written, 2 wrong command line or
configuration, 3 too few results (no producers, or fewer results than asked for), 4 no dispatcher answers, 128 + n ended
by signal n. If the reader of standard output goes away, as head does, the command ends quietly with code 0.
Results go to standard output, everything else to standard error. With --json, both are one JSON object per line. Set
NO_COLOR to turn colours off.`;

/**
 * Runs one command line.
 *
 * @param args - the arguments, without program and script.
 * @returns the exit code, when all output is written or can no longer be written; never throws.
 */
export async function runCli(args: readonly string[], host: Process): Promise<number> {
  const streams = openCommandStreams(host);
  const { stdout, stderr, stop } = streams;
  let exitCode: number = EXIT.ok;
  let isJson = false;
  const cli: Cli = {
    ...host,
    stop,
    output: (wantsJson) => {
      isJson = wantsJson;
      return createOutput(stdout, stderr, host.environment, isJson);
    },
    outliveOutput: () => streams.outliveOutput(),
    exitWith: (code) => {
      exitCode = code;
    },
  };
  try {
    await createProgram(cli, streams).parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has printed its error already.
    if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else {
      const { exitCode: failure, text } = explain(error);
      if (text !== undefined) printError(text, failure);
      exitCode = failure;
    }
  }
  return await streams.finish(exitCode, printError);

  function printError(message: string, code: number): void {
    const paint = createPaint(host.stderr, host.environment);
    const event = { event: "error", exit_code: code, message };
    void stderr.write(isJson ? `${jsonText(event)}\n` : `${paint("red", "error:")} ${message}\n`);
  }
}

function createProgram(cli: Cli, { stdout, stderr }: CommandStreams): Command {
  const program = new Command("ate-dispatcher");
  let current = program;
  program
    .description("Sends a request to every producer on a topic and delivers the results that arrive in time.")
    .version(version(), "-V, --version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) =>
        write(`${withSuggestion(text, current)}try ${commandLine(current)} --help\n`),
    })
    .hook("preSubcommand", (_, command) => {
      current = command;
    })
    .addHelpText("after", EXAMPLES);
  for (const add of [addServe, addRequest, addGather, addListen, addProduce, addCancel]) add(program, cli);
  for (const add of [
    addTopics,
    addProducers,
    addListeners,
    addRequests,
    addShow,
    addTop,
    addBench,
    addPolicy,
    addToken,
  ])
    add(program, cli);
  return program;
}

/** Adds the nearest option to an error if commander suggests none. */
function withSuggestion(text: string, command: Command): string {
  const wrong = /unknown option '(--[^'=]+)/.exec(text)?.[1];
  if (wrong === undefined || text.includes("Did you mean")) return text;
  const known = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  return known.length === 0 ? text : `${text}(Did you mean ${nearest(wrong, known)}?)\n`;
}

function commandLine(command: Command): string {
  return command.parent === null ? command.name() : `${commandLine(command.parent)} ${command.name()}`;
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
