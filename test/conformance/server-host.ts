/**
 * A process that serves one dispatcher after the other, for its parent: started anew for each scenario, without the
 * cost of a process each time. Told what to do over the channel of `child_process.fork`.
 */
import { createDispatcher, type DispatcherOptions, type DispatcherServer } from "ate-dispatcher";

/** What the parent says: serve; shut down as at SIGTERM; leave the present one to itself, it shuts down alone; finish. */
export type HostCommand =
  | { readonly kind: "start"; readonly settings: DispatcherOptions }
  | { readonly kind: "drain" }
  | { readonly kind: "retire" }
  | { readonly kind: "finish" };

/** What the host answers; with `errors`, what was logged as one since the last such answer. */
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
