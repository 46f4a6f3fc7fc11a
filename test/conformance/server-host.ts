/**
 * A process that runs one dispatcher after the other for its parent: a fresh one for each scenario, without the cost of
 * a new process. The parent sends commands over the channel of `child_process.fork`.
 */
import { createDispatcher, type DispatcherOptions, type DispatcherServer } from "ate-dispatcher";

/** Commands: start a dispatcher; drain it as at SIGTERM; retire it, which drains in the background; await all drains. */
export type HostCommand =
  | { readonly kind: "start"; readonly settings: DispatcherOptions }
  | { readonly kind: "drain" }
  | { readonly kind: "retire" }
  | { readonly kind: "finish" };

/** Answers. `errors` are the errors that were logged since the previous answer. */
export type HostAnswer =
  | { readonly kind: "started"; readonly address: string }
  | { readonly kind: "done"; readonly errors: readonly string[] }
  | { readonly kind: "failed"; readonly message: string };

const errors: string[] = [];
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields: Readonly<Record<string, unknown>>, message: string) => {
    const { err } = fields;
    errors.push(`${message}: ${err instanceof Error ? err.stack : String(err)}`);
  },
};

let dispatcher: DispatcherServer | undefined;
const retired: Promise<void>[] = [];

async function perform(command: HostCommand): Promise<HostAnswer> {
  switch (command.kind) {
    case "start":
      dispatcher = createDispatcher({ listen: ["127.0.0.1:0"], logger, ...command.settings });
      await dispatcher.start();
      return { kind: "started", address: dispatcher.addresses[0] ?? "" };
    case "drain":
      await dispatcher?.drain();
      break;
    case "retire":
      if (dispatcher) retired.push(dispatcher.drain());
      dispatcher = undefined;
      break;
    case "finish":
      await Promise.all(retired);
      break;
  }
  return { kind: "done", errors: errors.splice(0) };
}

process.on("message", (command: HostCommand) => {
  perform(command).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ kind: "failed", message: String(error) } satisfies HostAnswer),
  );
});
process.on("disconnect", () => process.exit(0));
