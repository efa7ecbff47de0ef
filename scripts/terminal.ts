import { stripVTControlCharacters, styleText } from "node:util";

/** A sentence for the person at the terminal, with the way out in it. Everything else that is thrown is a bug and shows its stack. */
export class Problem extends Error {
  override readonly name = "Problem";
}

export type Progress = {
  /** Runs one step and writes its line: `✓ Console built   41.2 s`. The work may add a detail by returning a string. */
  step<T>(title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T>;
  note(text: string): void;
};

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** One line a step with its seconds; a spinner only where somebody watches. */
export function createProgress(out: NodeJS.WriteStream = process.stdout): Progress {
  const live = out.isTTY && !process.env.CI;
  return {
    async step(title, work) {
      const started = performance.now();
      let shown = title;
      let frame = 0;
      const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
      const draw = () =>
        out.write(
          `\r\u001b[2K  ${styleText("blue", FRAMES[frame++ % FRAMES.length] ?? "")} ${shown} ${styleText("dim", `${seconds()} s`)}`,
        );
      const timer = live ? setInterval(draw, 80) : undefined;
      try {
        const result = await work((text) => {
          shown = `${title} ${styleText("dim", text)}`;
        });
        clearInterval(timer);
        if (live) out.write("\r\u001b[2K");
        const visible = stripVTControlCharacters(shown);
        out.write(
          `  ${styleText("green", "✓")} ${shown}${" ".repeat(Math.max(1, 52 - visible.length))}${styleText("dim", `${seconds().padStart(6)} s`)}\n`,
        );
        return result;
      } catch (error) {
        clearInterval(timer);
        if (live) out.write("\r\u001b[2K");
        out.write(`  ${styleText("red", "✗")} ${shown}\n`);
        throw error;
      }
    },
    note(text) {
      out.write(`  ${styleText("dim", text)}\n`);
    },
  };
}

/** A progress that says nothing, for programs that start the product for themselves. */
export const silentProgress: Progress = { step: (_, work) => work(() => {}), note: () => {} };

/** Ends a command: a problem is a sentence, anything else is a bug with its stack. */
export function fail(error: unknown): never {
  if (error instanceof Problem) process.stderr.write(`\n${styleText("red", "Stopped.")} ${error.message}\n\n`);
  else process.stderr.write(`\n${error instanceof Error ? error.stack : String(error)}\n\n`);
  process.exit(1);
}
